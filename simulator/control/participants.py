"""`/_sim/participants`: inviting organisations, what Collar Support does for a user, and a comfort for demos."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from simulator.control.bodies import Body, refuse
from simulator.market.errors import NotFound, Refused, RuleBreach
from simulator.market.intervals import Granularity
from simulator.market.invitations import Invitation, UnitDraft, id_from_name
from simulator.operations import participants
from simulator.operations.participants import Participant
from simulator.operations.sign_in import account_of, current_code, reset_authenticator
from simulator.web import current_world, json_answer, problem, work_of_request

_TEXT = {"type": "string"}
_UNITS = {"type": "array", "maxItems": 1_000, "items": {
    "type": "object", "additionalProperties": False, "required": ["id", "capacityKw", "granularity", "zone"],
    "properties": {"id": _TEXT, "description": _TEXT, "technology": _TEXT, "capacityKw": {"type": "integer"},
                   "granularity": {"enum": [each.value for each in Granularity]}, "zone": _TEXT}}}
_PORTAL = {"type": "object", "additionalProperties": False, "properties": {"email": _TEXT}}
_NOTHING = Body({})
_INVITATION = Body({"required": ["name", "portal"], "properties": {
    "id": _TEXT, "name": _TEXT, "portal": {**_PORTAL, "required": ["email"]}, "units": _UNITS}})
_CHANGE = Body({"properties": {"name": _TEXT, "portal": _PORTAL, "units": _UNITS}})

_CONFLICTS = frozenset({"participant_exists", "email_taken", "unit_taken", "already_active"})
_POINTERS = {"email": "/portal/email", "capacity_kw": "capacityKw"}


def add_routes(blueprint: Blueprint) -> None:
    """Invite, list, look at and change participants; a user's current code; reset a user's authenticator."""
    blueprint.add_url_rule("/participants", "list_participants", list_all)
    blueprint.add_url_rule("/participants", "invite", invite, methods=["POST"])
    blueprint.add_url_rule("/participants/<organisation_id>", "read_participant", read)
    blueprint.add_url_rule("/participants/<organisation_id>", "change_participant", change, methods=["PATCH"])
    blueprint.add_url_rule("/participants/<organisation_id>/invite", "invite_again", invite_again, methods=["POST"])
    blueprint.add_url_rule("/participants/<organisation_id>/totp", "read_code", read_code)
    blueprint.add_url_rule("/participants/<organisation_id>/reset-authenticator", "reset_authenticator", reset,
                           methods=["POST"])


def _as_json(participant: Participant) -> dict[str, Any]:
    account = participant.account
    return {
        "id": participant.organisation.id, "name": participant.organisation.name,
        "portal": {"email": account.email, "state": account.state, "twoFactor": account.authenticator_enrolled,
                   "emails": sorted(email.value for email in participant.emails)},
        "units": [{"id": unit.id, "description": unit.description, "technology": unit.technology,
                   "capacityKw": unit.capacity_kw, "granularity": unit.granularity.value, "zone": unit.zone}
                  for unit in participant.units]}


def _unknown(organisation_id: str) -> Response:
    return problem(404, "Not Found", f"There is no participant {organisation_id[:80]!r} in this world.")


def _refused(refusal: Refused) -> Response:
    """409 when nothing but what is there already stands in the way, 422 otherwise; all errors either way."""
    errors = [{"pointer": _pointer(breach), "code": breach.code, "message": breach.message}
              for breach in refusal.breaches]
    if all(breach.code in _CONFLICTS for breach in refusal.breaches):
        return problem(409, "Conflict", "That is there already; nothing was changed.", errors)
    return problem(422, "Unprocessable Entity", f"{len(errors)} error{'s' if len(errors) > 1 else ''}; nothing was "
                   "changed.", errors)


def _pointer(breach: RuleBreach) -> str:
    if breach.field is None:
        return ""
    name = _POINTERS.get(breach.field, f"/{breach.field}")
    return name if breach.index is None else f"/units/{breach.index}/{name.lstrip('/')}"


def list_all() -> Response:
    """`{"participants": […]}`, by id."""
    with current_world.view() as view:
        return json_answer({"participants": [_as_json(each) for each in participants.participants(view)]})


def read(organisation_id: str) -> Response:
    """One participant."""
    try:
        with current_world.view() as view:
            return json_answer(_as_json(participants.participant(view, organisation_id)))
    except NotFound:
        return _unknown(organisation_id)


def invite() -> Response:
    """Give an organisation its one account; the invitation is in the mailbox when this answers 201."""
    body = _INVITATION.read()
    invitation = Invitation(body.get("id", id_from_name(body["name"])), body["name"], body["portal"]["email"],
                            _units(body))
    try:
        with work_of_request() as work:
            made = participants.invite_organisation(work, invitation)
    except Refused as refusal:
        return _refused(refusal)
    return json_answer(_as_json(made), 201)


def _units(body: dict[str, Any]) -> tuple[UnitDraft, ...]:
    return tuple(UnitDraft(unit["id"], unit.get("description", unit["id"]), unit.get("technology", "Other"),
                           unit["capacityKw"], unit["granularity"], unit["zone"]) for unit in body.get("units", ()))


def change(organisation_id: str) -> Response:
    """Another name or address, or more units; those not mentioned stay as they are."""
    body = _CHANGE.read()
    if not body:
        refuse([{"pointer": "", "code": "required", "message": "Say what to change: name, portal or units."}])
    try:
        with work_of_request() as work:
            changed = participants.change_participant(
                work, organisation_id, body.get("name"), body.get("portal", {}).get("email"), _units(body))
    except NotFound:
        return _unknown(organisation_id)
    except Refused as refusal:
        return _refused(refusal)
    return json_answer(_as_json(changed))


def invite_again(organisation_id: str) -> Response:
    """Send the invitation again, with a new link; the old link stops working."""
    _NOTHING.read()
    try:
        with work_of_request() as work:
            invited = participants.invite_again(work, organisation_id)
    except NotFound:
        return _unknown(organisation_id)
    except Refused as refusal:
        return _refused(refusal)
    return json_answer(_as_json(invited))


def read_code(organisation_id: str) -> Response:
    """`{"code"}`: the six digits the user's authenticator shows now. Simulator only; no real platform tells this."""
    with current_world.view() as view:
        account = account_of(view, organisation_id)
    if account is None:
        return _unknown(organisation_id)
    code = current_code(account, current_world.credential_now())
    if code is None:
        return problem(409, "Conflict", "This user has no authenticator yet; it is set up at the first sign-in.")
    return json_answer({"code": code})


def reset(organisation_id: str) -> Response:
    """Forget the user's authenticator; the next sign-in sets up a new one, and old sessions end."""
    _NOTHING.read()
    with work_of_request() as work:
        account = account_of(work, organisation_id)
        if account is not None:
            reset_authenticator(work, account)
    return _unknown(organisation_id) if account is None else Response(status=204)
