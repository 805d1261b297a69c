"""Rules of Dispatch Settings: where messages may be sent, and how the platform proves who it is (assumed)."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from functools import partial

from simulator.market.errors import RuleBreach
from simulator.market.outbox import Endpoint
from simulator.outbound.lookups import look_up_in_time
from simulator.outbound.targets import Resolver, TargetRefused, TargetUnknown, resolve_target, url_problems

AUTHS = {"none": "none", "bearer": "a bearer token", "hmac": "an HMAC signature"}
"""How the platform can prove to an endpoint who it is, in words."""

LONGEST_SECRET = 500
LOOK_UP_SECONDS = 3.0
"""How long the look-up of a name may keep a page waiting."""

_SECRET = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong with a wanted endpoint, and what its owner had better know although it can be saved."""

    breaches: list[RuleBreach]
    warning: str | None = None


def merge_endpoint(present: Endpoint | None, organisation_id: str, base_url: str | None = None,
                   auth: str | None = None, secret: str | None = None) -> Endpoint:
    """The endpoint as it is to be: what is not given, or an empty secret, stays as it is."""
    known = present or Endpoint(organisation_id, "")
    auth = known.auth if auth is None else auth
    return Endpoint(organisation_id, known.base_url if base_url is None else base_url, auth,
                    None if auth == "none" else secret or known.secret)


def judge_endpoint(wanted: Endpoint, allow: frozenset[str], resolver: Resolver = socket.getaddrinfo,
                   seconds: float = LOOK_UP_SECONDS) -> Judgement:
    """Every breach, at `base_url`, `auth` and `secret`; nothing is sent, and a look-up ends in time.

    A name that cannot be looked up now is a warning: the machine may come up later, and is judged again before
    anything is sent to it.
    """
    target = judge_target("base_url", wanted.base_url, _problems_of_url(wanted.base_url), "The host’s name", allow,
                          resolver, seconds)
    return Judgement([*target.breaches, *_breaches_of_proof(wanted)], target.warning)


def judge_target(field: str, url: str, problems: list[str], host_name: str, allow: frozenset[str], resolver: Resolver,
                 seconds: float) -> Judgement:
    """Whether something may be sent to the URL of a field, whose form has these `problems`; it is looked up if none.

    `host_name` is what the name of its host is called in a sentence.
    """
    if problems:
        return Judgement([RuleBreach(None, field, "url", problem) for problem in problems])
    try:
        resolve_target(url, allow, partial(look_up_in_time, resolver, seconds))
    except TargetRefused as refused:
        return Judgement([RuleBreach(None, field, "unsafe_target", refused.reason)])
    except TargetUnknown as unknown:
        return Judgement([], unknown.reason)
    except TimeoutError:
        return Judgement([], f"{host_name} was not looked up within {seconds:g} s. Does this machine’s name server "
                         "answer? You can write the address instead of the name.")
    return Judgement([])


def _problems_of_url(text: str) -> list[str]:
    return url_problems(text) if text else ["Enter the URL of your endpoint, such as http://127.0.0.1:9000."]


def _breaches_of_proof(wanted: Endpoint) -> list[RuleBreach]:
    if wanted.auth not in AUTHS:
        return [RuleBreach(None, "auth", "unknown_auth", f"Choose one of {', '.join(AUTHS)}.")]
    if wanted.auth == "none":
        return []
    if not wanted.secret:
        return [RuleBreach(None, "secret", "required", f"Enter the secret for {AUTHS[wanted.auth]}.")]
    breaches = []
    if not _SECRET.fullmatch(wanted.secret):
        breaches.append(RuleBreach(None, "secret", "characters", "Use letters, digits and signs that are on an English "
                                   "keyboard, and no spaces: a header cannot carry others."))
    if len(wanted.secret) > LONGEST_SECRET:
        breaches.append(RuleBreach(None, "secret", "too_long", f"A secret has at most {LONGEST_SECRET} characters; "
                                   f"this one has {len(wanted.secret):,}."))
    return breaches
