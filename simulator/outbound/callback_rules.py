"""Rules of a pro-forma's callback URL and public keys: where batch returns may be sent, and which keys can verify.

Only safe targets are taken, as for dispatch messages (assumed: a simulator must never reach a real system).
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from dataclasses import dataclass

from simulator import signing
from simulator.market.connections import ProForma, SmpConnection
from simulator.market.errors import RuleBreach
from simulator.outbound.endpoint_rules import LOOK_UP_SECONDS, judge_target
from simulator.outbound.targets import Resolver, url_problems

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
        problems = url_problems(wanted.callback_url, why_no_query=_NO_QUERY)
        target = judge_target("callback_url", wanted.callback_url, problems, "The name of the callback URL’s host",
                              frozenset(allow), resolver, seconds)
        breaches += target.breaches
        warning = target.warning
    jwks = present.jwks
    if wanted.public_keys != present.pro_forma.public_keys:
        jwks = _read_keys(wanted.public_keys, breaches)
    return JudgedProForma(tuple(breaches), jwks, warning)


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
