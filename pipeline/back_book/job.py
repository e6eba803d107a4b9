"""The files, the model and the choices that decide what a run writes. The same again goes on with it."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.artefact import manifest_sha256, verify
from pipeline.domain import Channel
from pipeline.errors import SettingsError
from pipeline.policy import load_profile
from pipeline.read.files import files_of

PART_ROWS = 10_000


@dataclass(frozen=True, kw_only=True)
class Input:
    """A file as it was when the run began; no hash where it cannot be read."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Job:
    """What decides the output. `model` and `output` are where this machine finds them, and decide nothing."""

    model: Path
    output: Path
    model_version: str
    manifest_sha256: str
    profile: str
    profile_version: str
    channel: Channel | None
    include_text: bool
    part_rows: int
    inputs: tuple[Input, ...]

    @property
    def facts(self) -> dict[str, Any]:
        """What is written down, and must be the same when a run goes on."""
        facts = {name: value for name, value in asdict(self).items() if name not in {"model", "output"}}
        return {"format": 1, "heard": version("heard"), **facts, "inputs": [asdict(each) for each in self.inputs]}

    @property
    def identity(self) -> str:
        """The same for the same facts."""
        return hashlib.sha256(json.dumps(self.facts, sort_keys=True).encode()).hexdigest()


def a_job(
    paths: Iterable[str],
    *,
    output: Path,
    model: Path,
    profile: str,
    channel: Channel | None,
    include_text: bool,
    part_rows: int,
) -> Job:
    """A run over the files in `paths`, which are all read once for their hashes; nothing of the model is loaded."""
    manifest = verify(model)
    return Job(
        model=model,
        output=output,
        manifest_sha256=manifest_sha256(model),
        model_version=manifest.version,
        profile=profile,
        profile_version=load_profile(profile).version,
        channel=channel,
        include_text=include_text,
        part_rows=part_rows,
        inputs=tuple(_input(path) for given in paths for path in _files(given, output)),
    )


def difference(before: dict[str, Any], now: dict[str, Any]) -> str | None:
    """What a run was begun with and what is given now, in words; None where both are the same."""
    for name in (name for name in now if name != "inputs"):
        if before.get(name) != now[name]:
            return f"with {name.replace('_', ' ')} {before.get(name)}, not {now[name]}"
    was = {each["path"]: each for each in before["inputs"]}
    here = {each["path"]: each for each in now["inputs"]}
    for path in sorted(was.keys() | here.keys()):
        if path not in here:
            return f"with {path}, which is not given now"
        if path not in was:
            return f"without {path}"
        if was[path] != here[path]:
            return f"with another {path}: the file has changed since"
    return None if before == now else "with the same files in another order"


def unchanged(job: Job) -> None:
    """SettingsError where a file has another size than at the start: it was written to meanwhile."""
    for each in job.inputs:
        if each.sha256 and _size(Path(each.path)) != each.bytes:
            raise SettingsError(f"{each.path} was changed while it was read. Start again with another --output folder.")


def _files(given: str, output: Path) -> list[Path]:
    if given == "-":
        raise SettingsError("standard input cannot be read a second time: give files where --output is a folder.")
    path = Path(given)
    if path.is_dir() and output.resolve().is_relative_to(path.resolve()):
        raise SettingsError(f"{output} is inside {path}, which is to be read: give an --output folder elsewhere.")
    return list(files_of(path))


def _input(path: Path) -> Input:
    try:
        with path.open("rb") as file:
            return Input(
                path=str(path),
                bytes=os.fstat(file.fileno()).st_size,
                sha256=hashlib.file_digest(file, "sha256").hexdigest(),
            )
    except OSError:
        return Input(path=str(path), bytes=0, sha256="")


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
