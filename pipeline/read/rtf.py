"""A compressed RTF body, as Outlook writes it, -> its words."""

import compressed_rtf
from striprtf.striprtf import font_table_group, rtf_to_text

_RTF_LIMIT = 200_000
_FONTS_LIMIT = 10_000


def rtf_words(packed: bytes) -> str | None:
    """The words of a compressed RTF body; None where it is broken or too long.

    The converter's time grows with the square of the font table and of the number of links, so both are kept small.
    """
    if not packed:
        return ""
    if len(packed) > _RTF_LIMIT:
        return None
    try:
        rtf = compressed_rtf.decompress(packed).decode("latin-1")
        if len(rtf) > _RTF_LIMIT or len(font_table_group(rtf)) > _FONTS_LIMIT:  # type: ignore[no-untyped-call]  # striprtf has no types
            return None
        return str(rtf_to_text(rtf.replace("\\field", "\\relax"), errors="replace"))  # type: ignore[no-untyped-call]  # as above
    except Exception:  # noqa: BLE001  # neither library raises anything narrower
        return None
