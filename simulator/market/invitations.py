"""Inviting an organisation: what its name, its address and its Meterable Units may be.

The portal gives one account to each organisation (portal guide §1.4, documented); what fields may hold is assumed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from simulator.market.addresses import LONGEST_ADDRESS, is_address
from simulator.market.errors import RuleBreach
from simulator.market.provenance import Rule

RULES = (
    Rule("accounts.one",
         "There is one account for each organisation.",
         "documented", "Portal guide §1.4."),
    Rule("accounts.texts",
         "A name has at most 100 letters, an address must be one, and both are the organisation's own.",
         "assumed", "Nobody outside the platform can know it."),
)

LONGEST_NAME = 100
LONGEST_DESCRIPTION = 200
LARGEST_CAPACITY_KW = 10_000_000

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
_UNIT_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")


@dataclass(frozen=True, slots=True)
class UnitDraft:
    """A Meterable Unit as somebody wants it; `granularity` is `minute` or `half_hour`, `zone` a zone's code."""

    id: str
    description: str
    technology: str
    capacity_kw: int
    granularity: str
    zone: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """An organisation as somebody wants to invite it."""

    id: str
    name: str
    email: str
    units: tuple[UnitDraft, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What is in use in the world already; addresses in small letters."""

    ids: Collection[str]
    names: Collection[str]
    emails: Collection[str]
    units: Collection[str]
    zones: Collection[str]


def id_from_name(name: str) -> str:
    """An organisation's id when none was given: `Dart Storage Ltd` becomes `dart-storage-ltd`, or nothing."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].rstrip("-")


def breaches_of_invitation(invitation: Invitation, taken: Taken) -> list[RuleBreach]:
    """Everything wrong with an invitation; `index` counts its units, None is the organisation itself."""
    return [*breaches_of_name(invitation.name, taken.names), *_breaches_of_id(invitation, taken),
            *breaches_of_email(invitation.email, taken.emails), *breaches_of_units(invitation.units, taken)]


def same_name(name: str) -> str:
    """A name as it is compared: capitals and spaces make no other organisation."""
    return " ".join(name.split()).casefold()


def breaches_of_name(name: str, taken: Collection[str]) -> list[RuleBreach]:
    """Everything wrong with an organisation's name."""
    found = list(_text_breaches(None, "name", name, "The name", LONGEST_NAME))
    if not found and same_name(name) in map(same_name, taken):
        found.append(RuleBreach(None, "name", "participant_exists", f"{name} has an account already. Each organisation "
                                "has one; send its invitation again instead."))
    return found


def _breaches_of_id(invitation: Invitation, taken: Taken) -> Iterator[RuleBreach]:
    if not _ID.match(invitation.id):
        yield RuleBreach(None, "id", "pattern", "An id is 1 to 63 small letters, digits and hyphens, and begins with a "
                         "letter or digit. Give one, or a name that one can be made of.")
    elif invitation.id in taken.ids:
        yield RuleBreach(None, "id", "participant_exists", f"There is a participant {invitation.id!r} already. Each "
                         "organisation has one account; send its invitation again instead.")


def breaches_of_email(email: str, taken: Collection[str]) -> list[RuleBreach]:
    """Everything wrong with the address that a user logs in with."""
    found = list(_text_breaches(None, "email", email, "The email address", LONGEST_ADDRESS))
    if found:
        return found
    if not is_address(email):
        return [RuleBreach(None, "email", "format", "That is not an email address: write it like "
                           "desk@company.example, without spaces, in unaccented letters.")]
    if email.lower() in taken:
        return [RuleBreach(None, "email", "email_taken", "Another account logs in with this address. Each account "
                           "needs its own.")]
    return []


def breaches_of_units(units: Collection[UnitDraft], taken: Taken) -> Iterator[RuleBreach]:
    """Everything wrong with new Meterable Units, alone and together."""
    counts = Counter(unit.id for unit in units)
    for index, unit in enumerate(units):
        if not _UNIT_ID.match(unit.id):
            yield RuleBreach(index, "id", "pattern", "A unit's ID is 1 to 64 letters, digits, dots, hyphens "
                             "and underscores, like MU-1001.")
        elif counts[unit.id] > 1:
            yield RuleBreach(index, "id", "duplicate_in_request", f"The unit {unit.id} occurs {counts[unit.id]} times.")
        elif unit.id in taken.units:
            yield RuleBreach(index, "id", "unit_taken", f"There is a unit {unit.id} in this world already. Choose "
                             "another ID.")
        yield from _text_breaches(index, "description", unit.description, "The description", LONGEST_DESCRIPTION)
        yield from _text_breaches(index, "technology", unit.technology, "The technology", LONGEST_NAME)
        if not 1 <= unit.capacity_kw <= LARGEST_CAPACITY_KW:
            yield RuleBreach(index, "capacity_kw", "range", f"The capacity is 1 to {LARGEST_CAPACITY_KW:,} kW, a whole "
                             "number.")
        if unit.zone not in taken.zones:
            yield RuleBreach(index, "zone", "unknown_zone", f"There is no zone {unit.zone[:80]!r} in this world; there "
                             f"are {', '.join(sorted(taken.zones)) or 'none'}.")


def _text_breaches(index: int | None, field: str, text: str, words: str, longest: int) -> Iterator[RuleBreach]:
    if not text.strip():
        yield RuleBreach(index, field, "required", f"{words} is empty.")
    if len(text) > longest:
        yield RuleBreach(index, field, "maxLength", f"{words} has {len(text):,} characters; at most {longest} are "
                         "taken.")
    unprintable = ("Cc", "Cs", "Zl", "Zp")
    place = next((place for place, letter in enumerate(text, 1) if unicodedata.category(letter) in unprintable), None)
    if place is not None:
        yield RuleBreach(index, field, "control_character", f"{words} has a control character (such as NUL, tab or a "
                         f"line break) at place {place}. Take it out.")
