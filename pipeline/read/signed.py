"""The mail inside an opaque S/MIME signature (RFC 8551, 3.5.2). The signature itself is not verified."""

from asn1crypto.cms import ContentInfo


def signed_mail(data: bytes) -> bytes | None:
    """The bytes that were signed; None where there are none: encrypted, broken, or nothing but certificates."""
    try:
        info = ContentInfo.load(data)
        if info["content_type"].native != "signed_data":
            return None
        inner = info["content"]["encap_content_info"]["content"].native
    except (ValueError, TypeError, KeyError, RecursionError):  # what the library raises on what is no such thing
        return None
    return inner if isinstance(inner, bytes) and inner.strip() else None
