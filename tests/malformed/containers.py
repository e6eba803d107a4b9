"""winmail.dat and S/MIME, written from nothing: no file of a real program went into them."""

import struct

from asn1crypto.cms import ContentInfo, EnvelopedData, SignedData
from compressed_rtf import compress


def a_winmail(*, plain: str = "", html: str = "", rtf: str = "", body: str = "", count: int | None = None) -> bytes:
    """A TNEF file with a body in one form or several. `count`: of values, where they are fewer."""
    values = [
        (0x1000, 0x1F, plain.encode("utf-16-le")),
        (0x1013, 0x102, html.encode()),
        (0x1009, 0x102, compress(b"{\\rtf1\\ansi " + rtf.encode() + b"}") if rtf else b""),
    ]
    found = [struct.pack("<HH", 0x03, 0x3FDE) + struct.pack("<I", 65001)]  # the code page, UTF-8
    found += [_property(tag, kind, data) for tag, kind, data in values if data]
    if count is not None:
        found.append(struct.pack("<HHI", 0x1003, 0x1234, count))
    mapi = struct.pack("<I", len(found)) + b"".join(found)
    attributes = [(0x9006, struct.pack("<I", 0x10000)), (0x9003, mapi)]
    attributes += [(0x800C, body.encode("cp1252"))] if body else []
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(
        struct.pack("<BHHI", 1, name, 6, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
        for name, data in attributes
    )


def _property(tag: int, kind: int, data: bytes) -> bytes:
    return struct.pack("<HHII", kind, tag, 1, len(data)) + data + b"\x00" * (-len(data) % 4)


def a_signature(inner: bytes, *, kind: str = "signed") -> bytes:
    """A CMS structure around a mail: signed by nobody, or enveloped for nobody."""
    if kind == "enveloped":
        sealed = EnvelopedData(
            {
                "version": "v0",
                "recipient_infos": [],
                "encrypted_content_info": {
                    "content_type": "data",
                    "content_encryption_algorithm": {"algorithm": "aes256_cbc", "parameters": b"\x00" * 16},
                    "encrypted_content": b"\x00" * 32,
                },
            }
        )
        return bytes(ContentInfo({"content_type": "enveloped_data", "content": sealed}).dump())
    signed = SignedData(
        {
            "version": "v1",
            "digest_algorithms": [],
            "encap_content_info": ContentInfo({"content_type": "data", "content": inner}),
            "signer_infos": [],
        }
    )
    return bytes(ContentInfo({"content_type": "signed_data", "content": signed}).dump())
