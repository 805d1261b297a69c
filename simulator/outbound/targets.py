"""Where the simulator may send to: this machine, private networks, and hosts that somebody has vouched for.

A simulator must never switch on a real battery. So everything else is refused before a byte is sent, with the reason in
words. What is not known to be safe is unsafe: the lists of other addresses below only serve to explain a refusal.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from simulator.market.provenance import BOTH, Rule

RULES = (
    Rule("messages.safe_targets",
         "Messages go to private addresses and to allowed hosts only: a simulator must never switch on a real "
         "battery.",
         "assumed", "The simulator's own care; no rule of a platform.", BOTH),
)

LONGEST_URL = 2_000
"""Characters of a URL."""

DEFAULT_PORTS = {"http": 80, "https": 443}

Resolver = Callable[..., list[tuple[Any, ...]]]
"""Looks a name up as `socket.getaddrinfo(name, port, type=SOCK_STREAM)` does; raises OSError when it cannot."""

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network

_URL = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.IGNORECASE | re.DOTALL | re.ASCII)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_WRONG_IN_PATH = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]")


def _networks(*texts: str) -> tuple[_Network, ...]:
    return tuple(ip_network(text) for text in texts)


_SAFE = _networks("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")

_METADATA = _networks("fd00:ec2::/32", "fd20:ce::/32")
"""Metadata services of two large clouds, inside the private range of IPv6."""

_NOT_ONE_MACHINE: dict[str, tuple[_Network, ...]] = {
    "no address to send to: it means all addresses of a machine, and is for listening only. Write 127.0.0.1 for this "
    "machine": _networks("0.0.0.0/32", "::/128"),
    "a multicast address: it stands for many machines": _networks("224.0.0.0/4", "ff00::/8"),
    "the broadcast address: it stands for many machines": _networks("255.255.255.255/32"),
}

_UNSAFE: dict[str, tuple[_Network, ...]] = {
    "an address of a cloud's metadata service": _METADATA,
    "a link-local address, where the metadata services of clouds live": _networks("169.254.0.0/16", "fe80::/10"),
    "an address inside a telephone or internet provider's network (RFC 6598), which is not yours":
        _networks("100.64.0.0/10"),
    "an address that is reserved for documentation": _networks(
        "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
    "a NAT64 address, which hides an IPv4 address": _networks("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96"),
    "a 6to4 address, which hides an IPv4 address": _networks("2002::/16"),
    "a Teredo address, which hides an IPv4 address": _networks("2001::/32"),
    "an IPv6 address of an old form, which hides an IPv4 address": _networks("::/96"),
    "a reserved address": _networks("0.0.0.0/8", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "fec0::/10"),
}


class TargetRefused(Exception):
    """The simulator does not send there; `reason` says what address it is, why not, and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TargetUnknown(Exception):
    """The host's name leads to no address; `reason` says what to look at."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Target:
    """A place that may be sent to. Its name has been looked up, once: `addresses` are all there is to connect to.

    `host` is in lower case and ASCII, without brackets and trailing dot; `path` is path and query as given.
    """

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]

    @property
    def address(self) -> str:
        """The first address to connect to."""
        return self.addresses[0]

    @property
    def authority(self) -> str:
        """Host and port as the `Host` header has them: IPv6 in brackets, no port where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class _Place:
    """A URL taken apart, as in Target."""

    scheme: str
    host: str
    port: int
    path: str


BASE_URL = "the simulator appends paths such as /dispatch to this URL, so it cannot have a query."
"""Why a URL that messages of the portal's contract are sent below has no query."""


def url_problems(text: str, may_have_query: bool = False, why_no_query: str = BASE_URL) -> list[str]:
    """Everything that is wrong with a URL as a user typed it, a sentence or two each; empty when it is fine.

    Fine are `http://` or `https://`, a host, and if wanted a port and a path; a query where it `may_have_query`, and
    where it may not, `why_no_query` ends the sentence.
    Whether the address is a safe one is not judged here: names must be looked up for that. Source: ours.
    """
    return _take_apart(text, may_have_query, why_no_query)[1]


def read_allowed_host(text: str) -> str:
    """A host of the allow list, as `resolve_target` compares it: a name or an address, without scheme, port and path.

    Raises ValueError with a sentence for the user.
    """
    is_bare_ipv6 = ":" in text and not text.startswith("[")
    try:
        return _comparable(_read_host(f"[{text}]" if is_bare_ipv6 else text))
    except ValueError:
        raise ValueError(f"{text[:60]!r} cannot be an allowed target. Give a host alone, such as test.example.com or "
                         "203.0.113.7: no http:// before it, no port and no path after it.") from None


def resolve_target(url: str, allow: frozenset[str], resolver: Resolver = socket.getaddrinfo) -> Target:
    """The place that a URL leads to, its name looked up and every address of it judged.

    Safe are loopback, RFC 1918 and IPv6 unique local addresses (fc00::/7), and hosts on the allow list: names or
    addresses, compared exactly but for upper and lower case with the host in the URL. One unsafe address makes a name
    unsafe. Raises TargetRefused for all that is unsafe or no proper URL, TargetUnknown when the name is not known.
    Source: assumed.
    """
    place, problems = _take_apart(url, may_have_query=True)
    if place is None or problems:
        raise TargetRefused(" ".join(problems))
    is_listed = _comparable(place.host) in _comparable_hosts(allow)
    addresses = _look_up(place.host, place.port, resolver)
    for address in addresses:
        _refuse_unsafe(place.host, address, len(addresses) > 1, is_listed)
    return Target(place.scheme, place.host, place.port, place.path, tuple(str(address) for address in addresses))


def _take_apart(text: str, may_have_query: bool, why_no_query: str = BASE_URL) -> tuple[_Place | None, list[str]]:
    """The parts of a URL (None when there is no telling them) and everything wrong with it."""
    problems = []
    if len(text) > LONGEST_URL:
        problems.append(f"The URL has {len(text):,} characters; at most {LONGEST_URL:,} are taken.")
    visible = "".join(mark for mark in text if mark.isprintable() and not mark.isspace())
    if visible != text:
        place = next(index for index, mark in enumerate(text, 1) if not mark.isprintable() or mark.isspace())
        problems.append(f"Character {place} of the URL is a space, a line break or another character that cannot be "
                        "seen. Take it out.")
    match = _URL.fullmatch(visible)
    if match is None:
        return None, [*problems, "The URL must begin with http:// or https://, such as http://127.0.0.1:9000."]
    scheme, (_, at, host_and_port) = match[1].lower(), match[2].rpartition("@")
    path, query, fragment = match[3], match[4] or "", match[5]
    if scheme not in DEFAULT_PORTS:
        problems.append(f"The URL begins with {scheme[:20]}://, and only http:// and https:// can be sent to.")
    if at:
        problems.append("Take out the @ and all that stands before it: names and passwords do not belong in this URL.")
    host_text, colon, port_text = _split_port(host_and_port)
    host, port = "", DEFAULT_PORTS.get(scheme, 0)
    try:
        host = _read_host(host_text)
    except ValueError as error:
        problems.append(str(error))
    if colon:
        try:
            port = _read_port(port_text)
        except ValueError as error:
            problems.append(str(error))
    problems += _path_problems(path, query, may_have_query, why_no_query)
    if fragment is not None:
        problems.append("Take out the # and all that follows it: that part of a URL is never sent.")
    return _Place(scheme, host, port, path + query), problems


def _path_problems(path: str, query: str, may_have_query: bool, why_no_query: str) -> list[str]:
    problems = []
    if query and not may_have_query:
        problems.append(f"Take out the ? and all that follows it: {why_no_query}")
        query = ""
    wrong = _WRONG_IN_PATH.search(path + query)
    if wrong:
        written = "".join(f"%{byte:02X}" for byte in wrong[0].encode())
        problems.append(f"The character {wrong[0]} cannot stand in the path of a URL; write it as {written}.")
    return problems


def _split_port(host_and_port: str) -> tuple[str, str, str]:
    """Host, colon if there is one, and port. More colons than one without brackets leave all of it to the host."""
    if host_and_port.startswith("["):
        host, bracket, rest = host_and_port.partition("]")
        return (host + bracket, ":", rest[1:]) if rest.startswith(":") else (host_and_port, "", "")
    if host_and_port.count(":") > 1:
        return host_and_port, "", ""
    return host_and_port.partition(":")


def _read_port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65_535:
        # What was typed is not repeated: it may be a password, with a slash in it.
        raise ValueError("The port, after the colon, must be a number from 1 to 65535.")
    return int(text)


def _read_host(text: str) -> str:
    """A host as Target has it. Raises ValueError with a sentence for the user."""
    if text.startswith("[") or ":" in text:
        return _read_ipv6(text)
    host = _in_ascii(text).lower().removesuffix(".")
    if not host:
        raise ValueError("The host is missing, such as 127.0.0.1 in http://127.0.0.1:9000.")
    labels = host.split(".")
    if _NUMBER_LABEL.fullmatch(labels[-1]):
        # 2130706433, 0x7f.1 and 127.1 are 127.0.0.1 for some programs and not for others.
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise ValueError(f"{text[:60]!r} is not an address. Write all of it: four numbers from 0 to 255 with dots "
                             "between them and no zeros in front, such as 127.0.0.1.") from None
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{text[:60]!r} is not a name of a host: letters, digits, hyphens and dots make one.")
    return host


def _read_ipv6(text: str) -> str:
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else None
    try:
        address = IPv6Address(text if inner is None else inner)
    except ValueError:
        raise ValueError(f"{text[:60]!r} is neither a name nor an address with a port; an IPv6 address looks like "
                         "[::1].") from None
    if address.scope_id is not None:
        raise ValueError("Take out the % and all that follows it in the address: zones are not taken.")
    if inner is None:
        raise ValueError(f"Put the IPv6 address in square brackets: [{text[:60]}].")
    return inner.lower()


def _in_ascii(text: str) -> str:
    """A name with letters such as ü in the form that is looked up (xn--…), where there is but one way to read it."""
    if text.isascii():
        return text
    try:
        written = text.encode("idna")
        if written.decode("idna") == text.lower():
            return written.decode("ascii")
    except UnicodeError:
        pass
    # The old and the new standard lead straße.example to different hosts, and look-alikes of digits to addresses.
    raise ValueError(f"{text[:60]!r} has letters that can be read in two ways, or are not for names. Write the host in "
                     "the form that begins with xn--, or use its address.")


def _look_up(host: str, port: int, resolver: Resolver) -> list[_Address]:
    """The addresses of a host, in the order to try them; one for a host that is an address itself."""
    literal = _literal(host)
    if literal is not None:
        return [literal]
    try:
        found = resolver(host, port, type=socket.SOCK_STREAM)
    except TimeoutError:
        raise
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise TargetUnknown(f"The name {host} could not be looked up: {why}. Check its spelling, and that this machine "
                            "knows the name.") from None
    texts = [entry[4][0] for entry in found if entry[0] in (socket.AF_INET, socket.AF_INET6)]
    addresses = list(dict.fromkeys(_unwrapped(ip_address(text)) for text in texts))
    if not addresses:
        raise TargetUnknown(f"The name {host} leads to no address. Check its spelling.")
    return addresses


def _literal(host: str) -> _Address | None:
    try:
        return _unwrapped(ip_address(host))
    except ValueError:
        return None


def _unwrapped(address: _Address) -> _Address:
    """The IPv4 address inside of `::ffff:192.168.0.1`, which leads to the same place."""
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if inner is None else inner


def _comparable(host: str) -> str:
    """A host as the allow list has it: an address in its shortest form."""
    literal = _literal(host)
    return host if literal is None else str(literal)


def _comparable_hosts(allow: frozenset[str]) -> set[str]:
    """The allow list, compared with its entries' spelling out of the way; what is no host matches nothing."""
    hosts = set()
    for text in allow:
        try:
            hosts.add(read_allowed_host(text))
        except ValueError:
            continue
    return hosts


def _refuse_unsafe(host: str, address: _Address, is_one_of_several: bool, is_listed: bool) -> None:
    text = str(address)
    others = ", among others" if is_one_of_several else ""
    this = text if host == text else f"{host} leads to {text}{others}. This"
    nowhere = _found_in(_NOT_ONE_MACHINE, address)
    if nowhere:
        raise TargetRefused(f"{this} is {nowhere}. Nothing was sent.")
    if is_listed or (_is_in(address, _SAFE) and not _is_in(address, _METADATA) and _has_no_zone(address)):
        return
    raise TargetRefused(
        f"{this} is {_found_in(_UNSAFE, address) or 'a public address'}. Nothing was sent, because the simulator must "
        "never reach a real battery: it sends to this machine and to private networks only (127…, 10…, 172.16 to "
        "172.31…, 192.168…, ::1, fc… and fd…). "
        f"Correct the URL, or start the server with --allow-target {host} if this is really a test system of yours.")


def _has_no_zone(address: _Address) -> bool:
    return isinstance(address, IPv4Address) or address.scope_id is None


def _is_in(address: _Address, networks: tuple[_Network, ...]) -> bool:
    return any(address in network for network in networks)


def _found_in(table: dict[str, tuple[_Network, ...]], address: _Address) -> str | None:
    return next((words for words, networks in table.items() if _is_in(address, networks)), None)
