"""Under which names this server may be addressed: a stranger's name must not open it (DNS rebinding).

A web page of evil.example can let its own name point to this machine after it was loaded. The browser then takes the
simulator for a part of evil.example, and lets the page read and send everything; all that gives it away is the Host.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urlsplit

from simulator.settings import Settings

_HOST = re.compile(r"(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9](?:[a-z0-9_.-]{0,252})))(?::\d{1,5})?", re.I)

_NOBODY_S = ("localhost", "test", "internal", "home.arpa")
"""Endings that are never delegated to anybody (RFC 6761, RFC 8375, ICANN 2024 for `internal`): no stranger has one.

`host.docker.internal` is how containers of Docker Desktop address a server on their host's loopback.
"""


@lru_cache(256)
def host_of(header: str) -> str | None:
    """The name or address of a Host header, in small letters, without port; None when it is not written like one."""
    match = _HOST.fullmatch(header.strip())
    return None if match is None else (match[1] or match[2]).lower().removesuffix(".")


def is_this_machine(host: str) -> bool:
    """Whether a name or address can mean nothing but the machine that it is said on (RFC 6761)."""
    address = _address(host)
    if address is None:
        return host == "localhost" or host.endswith(".localhost")
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def is_named(host: str, settings: Settings) -> bool:
    """Whether the settings name this host as the server's: `tls_hosts` (`*.` stands for one label), `public_url`."""
    names = {name.lower() for name in settings.tls_hosts} | {urlsplit(settings.public_url or "").hostname}
    return host in names or f"*.{host.partition('.')[2]}" in names


def is_strangers(header: str, settings: Settings) -> bool:
    """Whether a Host header may be a name that a stranger lets point here.

    Only on loopback: there the server knows its names. Addresses, names of one label and those under endings that
    nobody owns are nobody's to point here.
    """
    if not settings.on_loopback or not header:
        return False
    host = host_of(header)
    if host is None:
        return True
    is_ownable = "." in host and _address(host) is None and not host.endswith(tuple(f".{end}" for end in _NOBODY_S))
    return is_ownable and not is_named(host, settings)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
