"""Faults as testers describe them: what they match, what they do, and when. The same seed gives the same faults."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import NamedTuple

SURFACES = {
    "participant": "calls of the participant API",
    "portal": "pages of the portal",
    "dispatch": "messages to a participant's endpoint",
    "smp": "calls of the SMP API, and the batches they submit",
    "callback": "batch returns to a participant's callback URL",
}
"""Where a fault can happen."""


class Seam(Enum):
    """Where a fault takes hold: a request before it is answered, a message as it goes out, a batch as it goes on."""

    REQUEST = "request"
    MESSAGE = "message"
    BATCH = "batch"


_MESSAGES = ("dispatch", "callback")


class Effect(NamedTuple):
    """What can go wrong: the type of its value, the surfaces that know it, and in words what it does."""

    kind: type
    surfaces: Collection[str]
    words: str


EFFECTS = {
    "delayMs": Effect(int, SURFACES.keys(), "so many milliseconds later (of the wall clock)"),
    "status": Effect(int, SURFACES.keys(), "answered with this status instead; a message to an endpoint is not sent "
                     "at all"),
    "drop": Effect(str, SURFACES.keys(), "'request': lost on the way there; 'answer': it arrives, and the answer is "
                   "lost"),
    "truncate": Effect(int, SURFACES.keys(), "cut after so many bytes: the answer of a call, the body of a message"),
    "duplicate": Effect(bool, _MESSAGES, "the message is sent twice"),
    "outOfOrder": Effect(bool, ("dispatch",), "the message is held back until the next one of its dispatch was "
                         "delivered"),
    "badSignature": Effect(bool, _MESSAGES, "the signature of the message is wrong"),
    "unknownKid": Effect(bool, ("callback",), "the message is signed under a key id that the published keys do not "
                         "have"),
    "withhold": Effect(bool, ("callback",), "the message is never sent: only a status call tells how the batch ended"),
    "expiredToken": Effect(bool, ("smp",), "the token of the call has expired"),
    "callbackFirst": Effect(bool, ("smp",), "the batch is worked through, and its return sent, before the call is "
                            "answered"),
    "stuck": Effect(bool, ("smp",), "the batch stays in PROCESSING until somebody lets it go on"),
}
"""Every effect by its name."""

LONGEST_DELAY_MS = 120_000
_BYTES_OF_CHANCE = 8


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is on. `route` is a pattern such as `/api/v2/*`, `participant` an id; None matches everything.

    `nth` is the first matching exchange that it touches (1 at first), `times` how many it touches at most (None: all),
    `probability` the share of those, drawn with `seed`. `seen` matching exchanges have passed, `applied` were touched.
    """

    id: int
    surface: str
    route: str | None
    participant: str | None
    effect: dict[str, object]
    nth: int = 1
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    seen: int = 0
    applied: int = 0


def matches(fault: Fault, surface: str, route: str, participant: str | None) -> bool:
    """Whether an exchange is one that a fault is about."""
    return (fault.surface == surface and (fault.route is None or fnmatchcase(route, fault.route))
            and (fault.participant is None or fault.participant == participant))


def seam_of(surface: str, effect: Collection[str]) -> Seam:
    """The seam at which a fault of a surface with these effects takes hold."""
    if surface in _MESSAGES:
        return Seam.MESSAGE
    return Seam.BATCH if "stuck" in effect else Seam.REQUEST


def strikes(fault: Fault) -> bool:
    """Whether a fault touches the exchange that would be its next matching one."""
    number = fault.seen + 1
    if number < fault.nth or (fault.times is not None and fault.applied >= fault.times):
        return False
    return fault.probability >= 1 or _chance(fault, number) < fault.probability


def _chance(fault: Fault, number: int) -> float:
    """A number from 0 to 1 that is the same for the same seed and exchange."""
    digest = hashlib.blake2b(f"{fault.seed}/{number}".encode(), digest_size=_BYTES_OF_CHANCE).digest()
    return int.from_bytes(digest) / 256**_BYTES_OF_CHANCE


def fault_problems(fault: Fault) -> list[tuple[str, str]]:
    """Everything wrong with a fault: (JSON Pointer into what `/_sim/faults` takes, what is wrong)."""
    problems = [(f"/effect/{name}" if name else "/effect", message)
                for name, message in effect_problems(fault.surface, fault.effect)]
    if fault.surface == "portal" and fault.participant is not None:
        problems.append(("/match/participant", "Pages cannot be told by participant; use a world of its own instead."))
    return problems


def effect_problems(surface: str, effect: dict[str, object]) -> list[tuple[str, str]]:
    """Everything wrong with an effect: (its name, or nothing for the whole, and what is wrong)."""
    if surface not in SURFACES:
        return []
    if not effect:
        return [("", f"Say what goes wrong: {', '.join(_known(surface))}.")]
    problems = []
    for name, value in effect.items():
        known = EFFECTS.get(name)
        if known is None or surface not in known.surfaces:
            problems.append((name, f"{name[:40]!r} is no fault of {surface}; there are {', '.join(_known(surface))}."))
        elif type(value) is not known.kind:
            words = {int: "a whole number", str: "a word", bool: "true or false"}[known.kind]
            problems.append((name, f"{name} is {words}."))
        else:
            problems += [(name, problem) for problem in _value_problems(name, value)]
            if surface in _MESSAGES and name == "status" and 200 <= value < 300:
                problems.append((name, "A message that was not sent cannot be acknowledged: give 300 to 599."))
    if "stuck" in effect and len(effect) > 1 and surface in EFFECTS["stuck"].surfaces:
        problems.append(("stuck", "stuck is about the batch, and the other effects are about the call that submits it: "
                         "switch it on as a fault of its own."))
    return problems


def _known(surface: str) -> list[str]:
    return [name for name, effect in EFFECTS.items() if surface in effect.surfaces]


def _value_problems(name: str, value: object) -> list[str]:
    if name == "delayMs" and not 0 <= value <= LONGEST_DELAY_MS:  # type: ignore[operator]
        return [f"delayMs is 0 to {LONGEST_DELAY_MS:,}."]
    if name == "status" and not 200 <= value <= 599:  # type: ignore[operator]
        return ["status is 200 to 599."]
    if name == "truncate" and value < 1:  # type: ignore[operator]
        return ["truncate is 1 or more bytes; to lose all of it, use drop."]
    if value is False:
        return [f"{name} is true; to do without it, leave it out."]
    if name == "drop" and value not in ("request", "answer"):
        return ["drop is 'request' or 'answer'."]
    return []
