"""Rules of a pro-forma's callback URL and public keys: where batch returns may be sent, and which keys can verify.

Only safe targets are taken, as for dispatch messages (assumed: a simulator must never reach a real system).
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from simulator import signing
from simulator.market.connections import ProForma, SmpConnection
from simulator.market.errors import RuleBreach
from simulator.outbound.endpoint_rules import LOOK_UP_SECONDS
from simulator.outbound.lookups import look_up_in_time
from simulator.outbound.targets import Resolver, TargetRefused, TargetUnknown, resolve_target, url_problems

LONGEST_KEYS = 50_000
"""Characters of a participant's public keys."""

_NO_QUERY = ("batch returns are sent to the callback URL itself or, where the contract has a path for them, below it. "
             "So it cannot have a query.")


@dataclass(frozen=True, slots=True)
class JudgedProForma:
    """What is wrong at `callback_url` and `public_keys`, the keys as a JWKS, and what its owner had better know."""

    breaches: tuple[RuleBreach, ...]
    jwks: str | None
    warning: str | None


def judge_pro_forma(wanted: ProForma, present: SmpConnection, allow: Collection[str],
                    resolver: Resolver = socket.getaddrinfo, seconds: float = LOOK_UP_SECONDS) -> JudgedProForma:
    """Every breach, all at once; what has not changed was judged before. Nothing is sent, and a look-up ends in time.

    A name that cannot be looked up now is a warning: it is judged again before anything is sent to it.
    """
    breaches: list[RuleBreach] = []
    warning = None
    if wanted.callback_url and wanted.callback_url != present.callback_url:
        warning = _judge_url(wanted.callback_url, breaches, frozenset(allow), resolver, seconds)
    jwks = present.jwks
    if wanted.public_keys != present.pro_forma.public_keys:
        jwks = _read_keys(wanted.public_keys, breaches)
    return JudgedProForma(tuple(breaches), jwks, warning)


def _judge_url(url: str, breaches: list[RuleBreach], allow: frozenset[str], resolver: Resolver, seconds: float
               ) -> str | None:
    problems = url_problems(url, why_no_query=_NO_QUERY)
    if problems:
        breaches.extend(RuleBreach(None, "callback_url", "url", problem) for problem in problems)
        return None
    try:
        resolve_target(url, allow, partial(look_up_in_time, resolver, seconds))
    except TargetRefused as refused:
        breaches.append(RuleBreach(None, "callback_url", "unsafe_target", refused.reason))
    except TargetUnknown as unknown:
        return unknown.reason
    except TimeoutError:
        return (f"The name of the callback URL’s host was not looked up within {seconds:g} s. Does this machine’s name "
                "server answer? You can write the address instead of the name.")
    return None


def _read_keys(text: str, breaches: list[RuleBreach]) -> str | None:
    if not text:
        return None
    if len(text) > LONGEST_KEYS:
        breaches.append(RuleBreach(None, "public_keys", "maxLength", f"These keys have {len(text):,} characters; at "
                                   f"most {LONGEST_KEYS:,} are taken."))
        return None
    try:
        return signing.read_public_keys(text)
    except signing.KeysUnusable as error:
        breaches.extend(RuleBreach(None, "public_keys", "keys", problem) for problem in error.problems)
        return None
