"""The model folders at hand, and which of them serves: `promoted.json`, whose last entry is the pointer (P26, P27).

An entry is only ever added, under a lock that all processes share, and the file is exchanged in one step: whoever reads
it sees the old state or the new one.
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.artefact import Manifest, promote, release, serving_folder, verify
from pipeline.errors import HeardError, UntrustedModel

_LOCK = ".promoting"
_LIST = "promoted.json"


class NoSuchModel(HeardError):
    """No model of this version is at hand."""


class NotPromotable(HeardError):
    """The model that serves stays, and why."""


@dataclass(frozen=True, kw_only=True)
class KnownModel:
    """A model that was trained or released here. `fault` says why it could not be loaded now, if so."""

    version: str
    folder: Path
    manifest: Manifest | None
    fault: str
    serves: bool
    promoted_at: str
    manifest_sha256: str


class Models:
    """The folder of released models, with those trained on this machine in `local` below it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def serving(self) -> Path | None:
        """The folder of the model that should serve; None before the first. UntrustedModel where the list is broken."""
        return serving_folder(self._folder)

    def known(self) -> list[KnownModel]:
        """Every model of the lists, the last promoted first, each verified now."""
        serves = self.serving()
        found: dict[str, KnownModel] = {}
        for place in (self._folder, self._folder / "local"):
            for entry in reversed(_entries(place)):
                version = entry["version"]
                if version not in found:
                    folder = place / version
                    found[version] = _known(folder, entry, serves=folder == serves)
        return list(found.values())

    def champion(self) -> KnownModel | None:
        """The one that should serve, as its list names it; not verified. None before the first."""
        folder = self.serving()
        if folder is None:
            return None
        entry = _entries(folder.parent)[-1]
        return _listed(folder, entry, serves=True)

    def whole(self, version: str) -> KnownModel:
        """A model of the lists, verified now; NotPromotable says why it cannot serve."""
        folder = self._folder_of(version)
        entry = next(entry for entry in reversed(_entries(folder.parent)) if entry["version"] == version)
        found = _known(folder, entry, serves=folder == self.serving())
        if found.fault:
            raise NotPromotable(f"{found.fault} The model that serves stays.")
        return found

    def before(self, version: str) -> KnownModel:
        """The model that served before `version`, which must be the one that should serve now; NotPromotable else."""
        return self.whole(self._earlier(version))

    def history(self) -> list[dict[str, str]]:
        """Every promotion in the list of those that served, the last first: version, promoted_at, by."""
        served = self.serving()
        return list(reversed(_entries(served.parent))) if served else []

    def promote(self, version: str, *, by: str, replaces: str | None = None) -> None:
        """Let `version` serve. It must stand in a list already and be whole; else NotPromotable and nothing changes.

        With `replaces` ("" for none) that version must serve at this moment.
        """
        with self._alone():
            champion = self.champion()
            serves = champion.version if champion else ""
            if replaces not in {None, serves}:
                raise NotPromotable(
                    f"{replaces or 'No model'} served when this was proposed, and does no more. Propose again."
                )
            self._promote(version, by)

    def rollback(self, version: str, *, by: str) -> None:
        """Let the model serve that did before `version`, which must be the one that should serve now."""
        with self._alone():
            self._promote(self._earlier(version), by)

    def _earlier(self, version: str) -> str:
        served = [entry["version"] for entry in _entries(self._folder)]
        if not served or served[-1] != version:
            self._folder_of(version)
            raise NotPromotable("That is not the model that serves: somebody else was first. Look again.")
        earlier = list[str]()
        for other in served:  # a return takes away what had come since
            earlier = [*earlier[: earlier.index(other)], other] if other in earlier else [*earlier, other]
        if len(earlier) == 1:
            raise NotPromotable("No other model has served before this one: there is nothing to go back to.")
        return earlier[-2]

    def _promote(self, version: str, by: str) -> None:
        folder = self._folder_of(version)
        try:
            verify(folder)
            if folder.parent == self._folder:
                promote(folder, by=by)
            else:
                release(folder, self._folder, by=by)
        except UntrustedModel as error:
            raise NotPromotable(f"{error} The model that serves stays.") from None

    def _folder_of(self, version: str) -> Path:
        for place in (self._folder, self._folder / "local"):
            if version in {entry["version"] for entry in _entries(place)}:
                return place / version
        raise NoSuchModel("There is no model of this version in a list of promoted ones: train or release it first.")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time reads the list and adds to it."""
        try:
            with (self._folder / _LOCK).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise NotPromotable(f"The folder of models cannot be written ({error.strerror}).") from None


def _known(folder: Path, entry: dict[str, str], *, serves: bool) -> KnownModel:
    manifest, fault = None, ""
    try:
        manifest = verify(folder)
    except UntrustedModel as error:
        fault = str(error)
    return replace(_listed(folder, entry, serves=serves), manifest=manifest, fault=fault)


def _listed(folder: Path, entry: dict[str, str], *, serves: bool) -> KnownModel:
    return KnownModel(
        version=folder.name,
        folder=folder,
        manifest=None,
        fault="",
        serves=serves,
        promoted_at=entry["promoted_at"],
        manifest_sha256=entry["manifest_sha256"],
    )


def _entries(place: Path) -> list[dict[str, str]]:
    path = place / _LIST
    if not path.is_file():
        return []
    try:
        entries: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise UntrustedModel(f"{path} is broken: restore it from a backup, or train again.") from None
    return entries
