"""Swagger UI for `/docs`, fetched at set-up as the design system is and served from here: no page asks another host."""

import tarfile
from pathlib import Path

from service.npm import Package, text_of

PACKAGE = Package(
    name="swagger-ui-dist",
    version="5.17.14",
    sha512=(
        "0956d27da2e9b2d57ae4e9d28db5df55de92b5adeadc5ec28ffc98baf1cca753fdd0bced38bb3a3df5272845407a221542df6ed9268fc2fd0b"
        "887fcec8c8c747"
    ),
    folder=Path(__file__).parent / "pages" / "vendor" / "swagger-ui",
)
CSS, SCRIPT = "swagger-ui.css", "swagger-ui-bundle.js"


def fetch() -> None:
    """Nothing to do where that was done; AssetsNotFetched says why it could not."""
    PACKAGE.fetch(_keep)


def _keep(archive: tarfile.TarFile) -> None:
    for name in (CSS, SCRIPT, "LICENSE", "NOTICE"):
        (PACKAGE.folder / name).write_text(text_of(archive, f"package/{name}"), encoding="utf-8")
