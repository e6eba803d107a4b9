"""Which addresses a webhook may reach (S7, B93): a target must not become a door into the organisation's network."""

import ipaddress
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit

from pipeline.errors import InputError

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], list[str]]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LOWEST_PORT, _HTTPS = 1024, 443
_LONGEST = 2_000


def checked_url(url: str, *, allow_private: bool) -> str:
    """The URL; InputError says why it cannot be a target."""
    try:
        parts, port = urlsplit(url), urlsplit(url).port
    except ValueError:
        raise InputError("This is no URL: give one as https://cases.example/hooks/heard.") from None
    why = _url_fault(url, parts, port, allow_private=allow_private)
    if why:
        raise InputError(f"This cannot be a webhook's URL: {why}.")
    return url


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host; OSError where there is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def refusal(address: str, *, allow_private: bool) -> str | None:
    """Why no webhook may go to an address; None where it may.

    `allow_private` opens private networks and this machine; link-local addresses, where clouds keep their
    credentials, stay shut, and so do multicast and addresses that stand for none.
    """
    found = _inner(ipaddress.ip_address(address.partition("%")[0]))
    if found.is_link_local:
        return f"{address} is a link-local address"
    if found.is_multicast or found.is_unspecified or (found.is_reserved and not found.is_loopback):
        return f"{address} is not the address of one machine"
    if not found.is_global and not allow_private:
        return f"{address} is not a public address (--allow-private lets a webhook into your own network)"
    return None


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address wraps, if it does: mapped, 6to4, or NAT64."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _url_fault(url: str, parts: SplitResult, port: int | None, *, allow_private: bool) -> str | None:
    host = parts.hostname or ""
    faults = {
        "it must start with https://": parts.scheme != "https",
        "it names no host": not host,
        f"it is longer than {_LONGEST:,} characters": len(url) > _LONGEST,
        "it holds characters that do not belong in a URL (write a name beyond ASCII in its xn-- form)": not _plain(url),
        "it must not hold a user name or password: the signature proves who sends": "@" in parts.netloc,
        "it must not hold a fragment (#...)": bool(parts.fragment),
        f"its port must be {_HTTPS}, or {_LOWEST_PORT} or higher": not (
            port is None or port == _HTTPS or port >= _LOWEST_PORT
        ),
        "give a host's name, not its address: no certificate is checked against an address": (
            _is_address(host) and not allow_private
        ),
    }
    return next((why for why, is_so in faults.items() if is_so), None)


def _plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url and "\\" not in url


def _is_address(host: str) -> bool:
    """Also the old spellings, as 0x7f.1 and 2130706433, that a resolver takes for an address."""
    if ":" in host:
        return True
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True
