"""Swagger UI for `/docs`, fetched at set-up as the design system is and served from here: no page asks another host."""

import hashlib
import io
import tarfile
import tempfile
from pathlib import Path

from service.npm import AssetsNotFetched, packed, text_of

VERSION = "5.17.14"
_SHA512 = (
    "0956d27da2e9b2d57ae4e9d28db5df55de92b5adeadc5ec28ffc98baf1cca753fdd0bced38bb3a3df5272845407a221542df6ed9268fc2fd0b"
    "887fcec8c8c747"
)
FOLDER = Path(__file__).parent / "pages" / "vendor" / "swagger-ui"
CSS, SCRIPT = "swagger-ui.css", "swagger-ui-bundle.js"


def are_here() -> bool:
    """Whether the pinned version has been fetched."""
    return (FOLDER / VERSION).exists()


def fetch() -> None:
    """Fetch, check and unpack; nothing to do where that was done. AssetsNotFetched says why it could not."""
    if are_here():
        return
    with tempfile.TemporaryDirectory() as place:
        unpack(packed(f"swagger-ui-dist@{VERSION}", Path(place)))


def unpack(package: bytes) -> None:
    """Put the files where `/docs` looks for them, if this is the package that is pinned."""
    if hashlib.sha512(package).hexdigest() != _SHA512:
        raise AssetsNotFetched(f"What came as swagger-ui-dist {VERSION} has another SHA-512 than the one pinned.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        for name in (CSS, SCRIPT, "LICENSE", "NOTICE"):
            (FOLDER / name).write_text(text_of(archive, f"package/{name}"), encoding="utf-8")
    (FOLDER / VERSION).touch()
