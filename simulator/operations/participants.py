"""Participants as the simulator's user sees them: inviting organisations, changing them, and looking at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.market.errors import NotFound, Refused, RuleBreach
from simulator.market.facts import ParticipantChanged, ParticipantInvited
from simulator.market.intervals import Granularity
from simulator.market.invitations import (
    Invitation,
    Taken,
    UnitDraft,
    breaches_of_email,
    breaches_of_invitation,
    breaches_of_name,
    breaches_of_units,
)
from simulator.market.letters import BatchEmail
from simulator.market.organisations import Account, MeterableUnit, Organisation, Zone
from simulator.market.outbox import Endpoint
from simulator.operations.password_links import send_invitation
from simulator.store import accounts, dispatches, email_opt_ins, organisations, password_links
from simulator.store.work import View, Work


@dataclass(frozen=True, slots=True)
class Participant:
    """An organisation with its one account, the e-mails it gets, its Meterable Units by id, and where it takes
    dispatch messages, if it has said so.
    """

    organisation: Organisation
    account: Account
    emails: frozenset[BatchEmail]
    units: tuple[MeterableUnit, ...]
    endpoint: Endpoint | None


def participants(view: View) -> list[Participant]:
    """All participants of the world, by id."""
    return [_participant(view, account) for account in accounts.accounts_where(view)]


def names_of(view: View) -> dict[str, str]:
    """The names of all organisations by id, in order of id."""
    return {each.id: each.name for each in organisations.all_organisations(view)}


def participant(view: View, organisation_id: str) -> Participant:
    """One participant. Raises NotFound."""
    account = accounts.account_of(view, organisation_id)
    if account is None:
        raise NotFound("participant", organisation_id[:80])
    return _participant(view, account)


def _participant(view: View, account: Account) -> Participant:
    return Participant(account.organisation, account, email_opt_ins.opted_in(view, account.id),
                       tuple(organisations.units_of(view, account.organisation.id).values()),
                       dispatches.endpoint_of(view, account.organisation.id))


def zones(view: View) -> list[Zone]:
    """The zones (CMZ) of the world, by code."""
    return organisations.zones(view)


def invite_organisation(work: Work, invitation: Invitation) -> Participant:
    """Give an organisation its one account and send the invitation. Raises Refused with everything that is wrong."""
    breaches = breaches_of_invitation(invitation, _taken(work))
    if breaches:
        raise Refused(breaches)
    organisations.add_organisation(work, Organisation(invitation.id, invitation.name))
    accounts.add_account(work, accounts.NewAccount(invitation.id, invitation.email, None, None, False))
    _add_units(work, invitation.id, invitation.units)
    made = participant(work, invitation.id)
    work.record(ParticipantInvited(invitation.id, made.account.email, again=False))
    send_invitation(work, made.account)
    return made


def invite_again(work: Work, organisation_id: str) -> Participant:
    """Send the invitation once more, with a new link; the old link no longer works.

    Raises NotFound, and Refused when the account is active already.
    """
    found = participant(work, organisation_id)
    if found.account.password_hash is not None:
        raise Refused([RuleBreach(None, None, "already_active", f"The account of {found.organisation.name} is active. "
                                  "Its user can choose “Forgot your password” on the log in page.")])
    work.record(ParticipantInvited(organisation_id, found.account.email, again=True))
    send_invitation(work, found.account)
    return found


def change_participant(work: Work, organisation_id: str, name: str | None = None, email: str | None = None,
                       new_units: tuple[UnitDraft, ...] = ()) -> Participant:
    """Change an organisation's name or address, or give it more units.

    Raises NotFound, and Refused with everything that is wrong. Units already there are not changed by this: readings
    were taken by their rules.
    """
    found = participant(work, organisation_id)
    taken = _taken(work)
    breaches = list(breaches_of_units(new_units, taken))
    if name is not None:
        breaches += breaches_of_name(name, set(taken.names) - {found.organisation.name})
    if email is not None:
        breaches += breaches_of_email(email, set(taken.emails) - {found.account.email})
    if breaches:
        raise Refused(breaches)
    changed: dict[str, Any] = {"name": name, "portal.email": email, "units": new_units or None}
    if name is not None:
        organisations.rename_organisation(work, organisation_id, name)
    if email is not None:
        accounts.change_account(work, found.account.id, email=email.lower())
    _add_units(work, organisation_id, new_units)
    parts = tuple(part for part, value in changed.items() if value is not None)
    work.record(ParticipantChanged(organisation_id, parts))
    changed_to = participant(work, organisation_id)
    if changed_to.account.email != found.account.email:
        _readdress(work, changed_to.account)
    return changed_to


def _readdress(work: Work, account: Account) -> None:
    """Links went to the old address, which is no longer the account's; who is only invited gets a new one."""
    if account.password_hash is None:
        send_invitation(work, account)
    else:
        password_links.supersede_links(work, account.id)


def _add_units(work: Work, organisation_id: str, units: tuple[UnitDraft, ...]) -> None:
    known = {zone.code: zone for zone in organisations.zones(work)}
    for unit in units:
        zone = known[unit.zone]
        organisations.add_unit(work, MeterableUnit(
            0, unit.id, organisation_id, unit.description, unit.technology, unit.capacity_kw,
            Granularity(unit.granularity), zone.code, zone.name, zone.licence_area))


def _taken(view: View) -> Taken:
    everybody = participants(view)
    return Taken(
        ids={each.organisation.id for each in everybody}, names={each.organisation.name for each in everybody},
        emails={each.account.email for each in everybody},
        units={unit.id for each in everybody for unit in each.units},
        zones={zone.code for zone in organisations.zones(view)})
