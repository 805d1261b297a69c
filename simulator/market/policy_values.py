"""A policy from plain values, such as a fixture or a form gives them, and back; all that is wrong is said at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from simulator.market.dispatches import PROGRAMMES
from simulator.market.errors import Refused, RuleBreach
from simulator.market.policy import DEFAULT_POLICY, MarketPolicy, numbers_of

_CHOICES = {"awarded_price": ("pay_as_cleared", "pay_as_bid"), "invoice_for_each": ("zone", "organisation")}
_RANGES = {
    "factor_decimals": (2, 9), "lock_days_before_week": (0, 7), "decision_days_before_week": (0, 7),
    "decision_hour": (0, 23), "draft_day": (1, 28), "finalising_day": (8, 28), "finalising_hour": (0, 23),
    "payment_slope": (0, 100), "notice_minutes": (0, 10_080), "utilisation_prices": (0, 100_000),
    "availability_prices": (0, 100_000),
}
_ORDER = (
    ("amber_from_percent", "green_from_percent"), ("no_payment_up_to_percent", "full_payment_from_percent"),
    ("draft_day", "finalising_day"), ("decision_days_before_week", "lock_days_before_week"),
)


class _Unusable(Exception):
    """A value that cannot be taken; the message says how it must be."""


def policy_from(values: Mapping[str, Any], base: MarketPolicy = DEFAULT_POLICY) -> MarketPolicy:
    """`base` with these numbers instead; maps by programme replace only the programmes they name. Raises Refused.

    Everything may be a text, as variables of the environment are: `94.5`, `SU, SAOU`, `OU=15, SAOU=1440`.
    """
    breaches: list[RuleBreach] = []
    taken: dict[str, Any] = {}
    known = [number.name for number in numbers_of(base)]
    for name, value in values.items():
        if name not in known:
            breaches.append(_breach(str(name), f"There is no such number. There are: {', '.join(known)}."))
            continue
        try:
            taken[name] = _read(name, value, getattr(base, name))
        except _Unusable as error:
            breaches.append(_breach(name, str(error)))
    if not breaches:
        policy = replace(base, **taken)
        breaches = list(_out_of_order(policy))
        if not breaches:
            return policy
    raise Refused(breaches)


def policy_values(policy: MarketPolicy) -> dict[str, Any]:
    """The numbers of a policy as plain values that `policy_from` takes back: texts, whole numbers, lists, maps."""
    return {number.name: _plain(number.value) for number in numbers_of(policy)}


def _read(name: str, value: Any, standing: Any) -> Any:
    if isinstance(standing, Mapping):
        return MappingProxyType({**standing, **_map(name, value, Decimal if name.endswith("_prices") else int)})
    if isinstance(standing, tuple):
        return _programmes(value)
    if isinstance(standing, str):
        if value not in _CHOICES[name]:
            raise _Unusable(f"It must be one of: {', '.join(_CHOICES[name])}.")
        return value
    return _number(value, type(standing), *_RANGES.get(name, (0, 100)))


def _map(name: str, value: Any, kind: type) -> dict[str, Any]:
    if isinstance(value, str):
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        value = {programme.strip(): number.strip() for programme, _, number in pairs}
    if not isinstance(value, Mapping):
        raise _Unusable(f"Give it by programme, such as OU=15. There are: {', '.join(PROGRAMMES)}.")
    _programmes(list(value))
    return {programme: _number(found, kind, *_RANGES[name]) for programme, found in value.items()}


def _programmes(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, Sequence):
        raise _Unusable(f"Give a list of programmes, of: {', '.join(PROGRAMMES)}.")
    unknown = [str(found)[:40] for found in value if found not in PROGRAMMES]
    if unknown:
        raise _Unusable(f"There is no programme {', '.join(unknown)}; there are {', '.join(PROGRAMMES)}.")
    return tuple(value)


def _number(value: Any, kind: type, least: int, most: int) -> Any:
    wanted = f"Give a {'whole ' if kind is int else ''}number from {least} to {most:,}."
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise _Unusable(wanted)
    try:
        # A float by its shortest text: 0.1 means 0.1.
        number = Decimal(str(value))
    except InvalidOperation:
        raise _Unusable(wanted) from None
    if not number.is_finite() or not least <= number <= most or (kind is int and number % 1):
        raise _Unusable(wanted)
    return int(number) if kind is int else number


def _out_of_order(policy: MarketPolicy) -> Iterator[RuleBreach]:
    for lower, upper in _ORDER:
        if getattr(policy, lower) > getattr(policy, upper):
            yield _breach(lower, f"It is {getattr(policy, lower)} and must not be more than {upper}, "
                          f"{getattr(policy, upper)}.")


def _breach(name: str, message: str) -> RuleBreach:
    return RuleBreach(None, name, "policy", f"{name}: {message}")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(found) for name, found in value.items()}
    if isinstance(value, tuple):
        return list(value)
    return f"{value:f}" if isinstance(value, Decimal) else value
