"""Broken rules as `/_sim` tells them: every breach with a JSON Pointer into what was sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from flask import Response

from simulator.market.errors import Refused, RuleBreach
from simulator.web import problem

_CONFLICTS = frozenset({"participant_exists", "email_taken", "unit_taken", "already_active", "ended",
                        "emergency_pending", "username_taken", "flows_not_seen", "already_done", "not_yet", "only_key",
                        "not_stuck"})
_OF_WEEKS = frozenset({"locked", "not_locked", "week_begun", "under_way", "month_final"})
"""What the calendar forbids, whatever is sent."""


@contextmanager
def telling_also(breaches: Sequence[RuleBreach]) -> Iterator[None]:
    """Refuse what the block does if there are breaches, together with those that the block finds itself."""
    try:
        yield
    except Refused as refusal:
        raise Refused([*breaches, *refusal.breaches]) from refusal
    if breaches:
        raise Refused(breaches)


def refused(refusal: Refused, pointers: Mapping[str, str], records: str = "") -> Response:
    """409 when nothing but what is there already stands in the way, 422 otherwise; all errors either way.

    `pointers` are the places of fields; a breach with an index stands below `records` if given, else below its field.
    """
    errors = [{"pointer": _pointer(breach, pointers, records), "code": breach.code, "message": breach.message}
              for breach in refusal.breaches]
    if all(breach.code in _CONFLICTS | _OF_WEEKS for breach in refusal.breaches):
        return problem(409, "Conflict", f"{refusal.breaches[0].message} Nothing was changed.", errors)
    return problem(422, "Unprocessable Content", f"{len(errors)} error{'s' if len(errors) > 1 else ''}; nothing was "
                   "changed.", errors)


def _pointer(breach: RuleBreach, pointers: Mapping[str, str], records: str) -> str:
    if breach.pointer is not None:
        return breach.pointer
    if breach.field is None:
        return ""
    place = pointers.get(breach.field, f"/{breach.field}")
    if breach.index is None:
        return place
    return f"{records}/{breach.index}{place}" if records else f"{place}/{breach.index}"
