"""Where the simulator may send to: a simulator must never switch on a real battery."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.market.connections import ProForma, SmpConnection, Step
from simulator.outbound.callback_rules import judge_pro_forma
from simulator.outbound.targets import (
    Target,
    TargetRefused,
    TargetUnknown,
    read_allowed_host,
    resolve_target,
    url_problems,
)

NOBODY: frozenset[str] = frozenset()
BELONGS_TO_USERS = [(0x7F000000, 8), (0x0A000000, 8), (0xAC100000, 12), (0xC0A80000, 16)]
"""Loopback and RFC 1918 as numbers, so that the judge shares nothing with what it judges."""


def leads_to(*addresses: str) -> Callable[..., list[tuple[Any, ...]]]:
    """A name server that knows every name, and gives these addresses for it."""

    def look_up(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
                for address in addresses]

    return look_up


def must_not_look_up(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
    """A name server that nobody may ask."""
    raise AssertionError(f"{host} was looked up")


def refusal_of(url: str, allow: frozenset[str] = NOBODY, resolver: Callable[..., Any] = must_not_look_up) -> str:
    """Why a URL is refused."""
    with pytest.raises(TargetRefused) as refused:
        resolve_target(url, allow, resolver)
    assert refused.value.reason == str(refused.value)
    return refused.value.reason


def in_brackets(address: IPv4Address | IPv6Address | str) -> str:
    return f"[{address}]" if ":" in str(address) else str(address)


@pytest.mark.proves("rule/messages.safe_targets")
@pytest.mark.parametrize("address", [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1",
    "::1", "fc00::1", "fd12:3456:789a::1",
])
def test_loopback_and_private_addresses_are_safe(address: str) -> None:
    """Dispatch rules (assumed): only safe targets, loopback and private addresses (RFC 1918, ULA)."""
    assert resolve_target(f"http://{in_brackets(address)}:9000/", NOBODY, must_not_look_up).addresses == (address,)


@pytest.mark.proves("rule/messages.safe_targets")
@pytest.mark.parametrize(("address", "why"), [
    ("8.8.8.8", "a public address"), ("172.15.255.255", "a public address"), ("172.32.0.0", "a public address"),
    ("192.167.255.255", "a public address"), ("192.169.0.0", "a public address"), ("11.0.0.0", "a public address"),
    ("126.255.255.255", "a public address"), ("2606:4700:4700::1111", "a public address"),
    ("169.254.169.254", "link-local"), ("fe80::1", "link-local"), ("febf::1", "link-local"),
    ("fd00:ec2::254", "metadata"), ("fd20:ce::254", "metadata"),
    ("100.64.0.1", "provider"), ("100.100.100.200", "provider"),
    ("192.0.2.1", "documentation"), ("198.51.100.1", "documentation"), ("203.0.113.1", "documentation"),
    ("2001:db8::1", "documentation"), ("198.18.0.1", "reserved"), ("192.0.0.192", "reserved"),
    ("240.0.0.1", "reserved"),
    ("0.1.2.3", "reserved"), ("fec0::1", "reserved"),
])
def test_everything_else_is_refused_with_the_reason_and_what_to_do(address: str, why: str) -> None:
    """Dispatch rules (assumed): anything else, link-local included, is refused before a byte is sent."""
    reason = refusal_of(f"http://{in_brackets(address)}/")
    assert reason.startswith(f"{address} is ")
    assert why in reason
    assert f"start the server with --allow-target {address} if this is really a test system of yours" in reason


@pytest.mark.parametrize(("address", "why"), [
    ("0.0.0.0", "Write 127.0.0.1"), ("::", "Write 127.0.0.1"), ("255.255.255.255", "broadcast"),
    ("224.0.0.1", "multicast"), ("ff02::1", "multicast"),
])
def test_what_is_no_address_of_a_machine_is_refused_even_when_it_is_listed(address: str, why: str) -> None:
    """Ours: a list of test systems cannot mean all machines at once."""
    for allow in (NOBODY, frozenset({address})):
        reason = refusal_of(f"http://{in_brackets(address)}/", allow)
        assert why in reason
        assert "--allow-target" not in reason


@pytest.mark.parametrize("address", ["::ffff:127.0.0.1", "::ffff:10.1.2.3", "::FFFF:7F00:1"])
def test_an_ipv4_address_in_ipv6_clothes_is_judged_by_what_it_hides(address: str) -> None:
    """RFC 4291, 2.5.5.2: IPv4-mapped addresses lead to the IPv4 address inside; that one is connected to."""
    inner = str(IPv6Address(address).ipv4_mapped)
    assert resolve_target(f"http://[{address}]/", NOBODY, must_not_look_up).addresses == (inner,)
    assert "leads to 8.8.8.8. This is a public address" in refusal_of("http://[::ffff:8.8.8.8]/")


@pytest.mark.parametrize(("address", "form"), [
    ("2002:7f00:1::", "6to4"), ("64:ff9b::7f00:1", "NAT64"), ("64:ff9b:1::a00:1", "NAT64"),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"), ("::8.8.8.8", "old form"), ("::127.0.0.1", "old form"),
    ("::ffff:0:127.0.0.1", "NAT64"),
])
def test_other_forms_that_hide_an_ipv4_address_are_refused(address: str, form: str) -> None:
    """Ours: where a tunnel ends cannot be seen from here, even if the address inside is a private one."""
    assert form in refusal_of(f"http://[{address}]/")


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_accepted_exactly_if_it_is_loopback_or_rfc_1918(address: IPv4Address) -> None:
    """Dispatch rules (assumed), judged with whole numbers."""
    belongs = any(int(address) >> (32 - bits) == network >> (32 - bits) for network, bits in BELONGS_TO_USERS)
    assert is_accepted(address) is is_accepted(f"::ffff:{address}") is belongs


@given(st.ip_addresses(v=4).filter(lambda address: address.is_global))
def test_no_public_ipv4_address_is_ever_accepted(address: IPv4Address) -> None:
    """A simulator must never switch on a real battery: neither by address nor by a name, alone or among others."""
    assert not is_accepted(address)
    assert str(address) in refusal_of("http://feeder.example/", resolver=leads_to(str(address)))
    assert str(address) in refusal_of("http://feeder.example/", resolver=leads_to("127.0.0.1", str(address)))


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_is_accepted_only_if_it_is_private(address: IPv6Address) -> None:
    """Dispatch rules (assumed): ::1, fc00::/7, and what is IPv4 in truth."""
    belongs = int(address) == 1 or int(address) >> 121 == 0b1111110 or int(address) >> 32 == 0xFFFF
    assert belongs or not is_accepted(address)


def is_accepted(address: IPv4Address | IPv6Address | str) -> bool:
    try:
        resolve_target(f"http://{in_brackets(address)}/", NOBODY, must_not_look_up)
    except TargetRefused:
        return False
    return True


def test_a_name_is_looked_up_once_and_keeps_the_addresses_that_were_checked() -> None:
    """Dispatch rules (assumed): a name is resolved once, and the address that was checked is the one connected to."""
    asked = []

    def look_up(host: str, port: int, **options: Any) -> list[tuple[Any, ...]]:
        asked.append((host, port))
        return leads_to("10.1.1.1", "::ffff:10.1.1.1", "fd00::5")(host, port, **options)

    target = resolve_target("HTTPS://Feeder.Test.:8443/hooks?a=b%20c", NOBODY, look_up)
    assert asked == [("feeder.test", 8443)]
    assert target == Target("https", "feeder.test", 8443, "/hooks?a=b%20c", ("10.1.1.1", "fd00::5"))
    assert target.address == "10.1.1.1"


@pytest.mark.parametrize("unsafe", ["8.8.8.8", "169.254.169.254", "fe80::1%eth0", "0.0.0.0", "::ffff:1.1.1.1"])
def test_one_unsafe_address_among_several_makes_the_whole_name_unsafe(unsafe: str) -> None:
    """Ours: which of them would be connected to is a matter of luck."""
    reason = refusal_of("http://feeder.test/", resolver=leads_to("127.0.0.1", unsafe, "10.0.0.1"))
    assert f"feeder.test leads to {unsafe.removeprefix('::ffff:')}, among others." in reason


@pytest.mark.parametrize(("host", "listed"), [
    ("battery.example", "battery.example"), ("Battery.Example.", "BATTERY.example"), ("203.0.113.7", "203.0.113.7"),
    ("[2001:db8::7]", "2001:DB8:0::7"), ("[2001:db8::7]", "[2001:db8::7]"), ("[::ffff:203.0.113.7]", "203.0.113.7"),
    ("bücher.example", "xn--bcher-kva.example"), ("169.254.1.1", "169.254.1.1"),
])
def test_a_listed_host_may_be_sent_to(host: str, listed: str) -> None:
    """Dispatch rules (assumed): hosts on the allow list; upper and lower case are the same."""
    target = resolve_target(f"http://{host}/", frozenset({"other.example", listed}), leads_to("203.0.113.7"))
    assert not ip_address(target.address).is_loopback


@pytest.mark.parametrize("host", ["battery.example.com", "www.battery.example", "battery.exampl", "battery-example",
                                  "203.0.113.70"])
def test_only_the_very_host_that_is_listed_may_be_sent_to(host: str) -> None:
    """Dispatch rules (assumed): exact; neither names below a listed one, nor those that begin like it."""
    refusal_of(f"http://{host}/", frozenset({"battery.example", "203.0.113.7"}), leads_to("8.8.8.8"))


def test_a_listed_address_does_not_vouch_for_every_name_that_leads_to_it() -> None:
    """Ours: one address serves many names, and only its owner knows which are test systems."""
    reason = refusal_of("http://battery.example/", frozenset({"203.0.113.7"}), leads_to("203.0.113.7"))
    assert "--allow-target battery.example" in reason


def test_entries_that_are_no_hosts_allow_nothing() -> None:
    """Ours: a mistake in the list must not open it."""
    allow = frozenset({"", "*", "http://battery.example", "battery.example:80", "8.8.8.8/0", "0/0", "."})
    refusal_of("http://battery.example/", allow, leads_to("8.8.8.8"))


@pytest.mark.parametrize("text", ["http://battery.example", "battery.example:80", "10.0.0.0/8", "*.example", "",
                                   "127.1"])
def test_entries_that_are_no_hosts_can_be_told_when_they_are_given(text: str) -> None:
    """Ours: whoever writes the list learns at once that an entry has no effect."""
    with pytest.raises(ValueError, match="cannot be an allowed target. Give a host alone"):
        read_allowed_host(text)
    assert read_allowed_host("Test.Example.com.") == "test.example.com"


@pytest.mark.parametrize("error", [socket.gaierror(socket.EAI_NONAME, "Name or service not known"), OSError("no more")])
def test_a_name_that_nobody_knows_is_told_as_such(error: OSError) -> None:
    """Ours: a misspelt name is another mistake than an unsafe one."""

    def look_up(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        raise error

    with pytest.raises(TargetUnknown, match=r"feeder\.test could not be looked up: (Name or|no more).*spelling"):
        resolve_target("http://feeder.test/", NOBODY, look_up)
    with pytest.raises(TargetUnknown, match="no address"):
        resolve_target("http://feeder.test/", NOBODY, leads_to())


@pytest.mark.parametrize(("url", "authority"), [
    ("http://127.0.0.1/", "127.0.0.1"), ("http://127.0.0.1:80/", "127.0.0.1"),
    ("http://127.0.0.1:443/", "127.0.0.1:443"),
    ("https://localhost:443", "localhost"), ("https://localhost:80", "localhost:80"), ("http://[::1]", "[::1]"),
    ("http://[FD00::1]:8080/a", "[fd00::1]:8080"), ("http://bücher.test:81", "xn--bcher-kva.test:81"),
])
def test_the_host_header_has_the_port_that_is_not_the_scheme_s_own(url: str, authority: str) -> None:
    """RFC 9110, 7.2: Host is host and port of the URL, IPv6 in brackets."""
    assert resolve_target(url, NOBODY, leads_to("127.0.0.1")).authority == authority


@pytest.mark.parametrize("url", [
    "http://127.0.0.1", "http://127.0.0.1:9000", "https://localhost:8443/flex/v1/",
    "HTTP://Feeder.Test./a%20b/(x);y=z@",
    "http://[::1]:1", "http://my_service:65535/", "http://bücher.example/", "http://xn--bcher-kva.example",
])
def test_a_proper_base_url_has_no_problems(url: str) -> None:
    """Ours: http or https, a host, and if wanted a port and a path."""
    assert url_problems(url) == []


@pytest.mark.parametrize(("url", "problem"), [
    ("", "must begin with http://"), ("localhost:9000", "must begin with http://"), ("//localhost", "must begin with"),
    ("http:/localhost", "must begin with"), ("http:localhost", "must begin with"), ("file:///etc/passwd", "file://"),
    ("ftp://localhost", "ftp://"), ("gopher://localhost", "gopher://"),
    ("http://", "host is missing"), ("http:///dispatch", "host is missing"), ("http://:9000", "host is missing"),
    ("http://.", "host is missing"), ("http://a@", "host is missing"),
    ("http://localhost:0", "from 1 to 65535"), ("http://localhost:65536", "from 1 to 65535"),
    ("http://localhost:", "from 1 to 65535"), ("http://localhost:-1", "from 1 to 65535"),
    ("http://localhost:9e3", "from 1 to 65535"), ("http://localhost:٣", "from 1 to 65535"),
    ("http://[::1]:x", "from 1 to 65535"), ("http://localhost:000000080", "from 1 to 65535"),
    ("http://me@localhost", "before"), ("http://me:secret@localhost", "Take out the @"), ("http://@localhost", "the @"),
    ("http://localhost#a", "Take out the #"), ("http://localhost/#", "Take out the #"),
    ("http://localhost?a=b", "Take out the ?"), ("http://localhost/?", "Take out the ?"),
    (" http://localhost", "Character 1 of"), ("http://local host", "Character 13"),
    ("http://localhost/\n", "cannot be seen"),
    ("http://localhost/\r\nX: y", "cannot be seen"), ("http://local\thost", "cannot be seen"),
    ("http://localhost\x00", "cannot be seen"), ("http://local\u200bhost", "cannot be seen"),
    ("http://a\ud800", "be seen"),
    ("http://localhost/" + "a" * 1_984, "2,001 characters; at most 2,000"),
    ("http://127.1", "not an address"), ("http://2130706433", "not an address"), ("http://0x7f.1", "not an address"),
    ("http://0x7f000001", "not an address"), ("http://0177.0.0.1", "not an address"), ("http://127.0.0.256", "not an"),
    ("http://127.0.0.1.1", "not an address"), ("http://a.0x", "not an address"),
    ("http://127.0.0.01", "not an address"),
    ("http://::1", "in square brackets: [::1]"), ("http://[::1", "looks like [::1]"),
    ("http://[::1]a", "looks like [::1]"),
    ("http://[127.0.0.1]", "looks like [::1]"), ("http://a:1:2", "looks like [::1]"),
    ("http://[fe80::1%25eth0]", "zones"),
    ("http://a..b", "not a name"), ("http://-a", "not a name"), ("http://a b", "cannot be seen"),
    ("http://a_-", "not a name"),
    ("http://%31%32%37.0.0.1", "not an address"), ("http://%6cocalhost", "not a name"), ("http://a,b", "not a name"),
    (f"http://{'a' * 64}", "not a name"), (f"http://{'.'.join(['a' * 60] * 5)}", "not a name"),
    ("http://localhost\\@8.8.8.8", "Take out the @"), ("http://localhost\\8.8.8.8", "not an address"),
    ("http://straße.example", "xn--"), ("http://１２７.0.0.1", "xn--"), ("http://ⓛocalhost", "xn--"),
    ("http://127。0。0。1", "xn--"),
    ("http://localhost/straße", "write it as %C3%9F"), ("http://localhost/a%", "write it as %25"),
    ("http://localhost/a%2g", "write it as %25"), ("http://localhost/a\\b", "write it as %5C"),
    ('http://localhost/a"b', "write it as %22"),
])
def test_what_is_wrong_with_a_url_is_told_in_words(url: str, problem: str) -> None:
    """Ours: what is no proper URL is not sent to either, with the same words."""
    problems = url_problems(url)
    assert any(problem in words for words in problems), problems
    assert not any("secret" in words for words in problems)
    if problem != "Take out the ?":
        assert problem in refusal_of(url)


def test_everything_wrong_is_told_at_once() -> None:
    """Ours: nobody likes to mend one mistake only to be told the next."""
    assert len(url_problems("ftp://me:pw@-a:0/ b%?c#d")) == 8


def test_a_url_that_nothing_is_appended_to_may_have_a_query() -> None:
    """Wire, batch return (assumed): a callback URL is used as it is; a base URL has /dispatch appended."""
    assert url_problems("https://localhost/return?key=1&b=%20", may_have_query=True) == []
    assert url_problems("https://localhost/return?key=|", may_have_query=True) != []


def test_a_callback_url_is_refused_in_its_own_words() -> None:
    """Ours: nothing called /dispatch is ever sent to a callback URL."""
    present = SmpConnection("brindle", Step.ACCESS_PROVIDED, "x", None, None, None, "optional", ProForma())
    wanted = ProForma(callback_url="http://127.0.0.1:9000/returns?key=1")
    [breach] = judge_pro_forma(wanted, present, ()).breaches
    assert "/dispatch" not in breach.message and "callback URL" in breach.message


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://", "http://[", "http://127.0.0.1"]))
def test_no_text_breaks_the_reader_and_what_has_no_problems_can_be_resolved(text: str, beginning: str) -> None:
    """Ours: whatever is typed gets an answer, and the check of a form agrees with the check before sending."""
    problems = url_problems(beginning + text, may_have_query=True)
    try:
        resolve_target(beginning + text, NOBODY, leads_to("127.0.0.1"))
    except TargetRefused as refused:
        assert problems or "Nothing was sent" in refused.reason
    else:
        assert not problems
