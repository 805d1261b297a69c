"""`/_sim/participants`: inviting organisations, what Collar Support does for a user, and a comfort for demos."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from simulator.control import connections as smp
from simulator.control.bodies import Body, refuse
from simulator.control.refusals import refused
from simulator.market.errors import NotFound, Refused, RuleBreach
from simulator.market.intervals import Granularity
from simulator.market.invitations import Invitation, UnitDraft, id_from_name
from simulator.market.outbox import Endpoint
from simulator.operations import dispatch_testing, participants
from simulator.operations.connections import connection_of
from simulator.operations.participants import Participant
from simulator.operations.sign_in import account_of, current_code, reset_authenticator
from simulator.outbound.endpoint_rules import AUTHS, judge_endpoint, merge_endpoint
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
_DISPATCH = {"type": "object", "additionalProperties": False, "minProperties": 1, "properties": {
    "baseUrl": {"type": ["string", "null"]}, "auth": {"enum": list(AUTHS)}, "secret": _TEXT}}
_CHANGE = Body({"properties": {"name": _TEXT, "portal": _PORTAL, "units": _UNITS, "dispatch": _DISPATCH,
                              "smp": smp.SMP}})

_POINTERS = {"email": "/portal/email", "capacity_kw": "/capacityKw", "base_url": "/dispatch/baseUrl",
             "auth": "/dispatch/auth", "secret": "/dispatch/secret"}


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


def _as_json(view: Any, participant: Participant) -> dict[str, Any]:
    account, endpoint = participant.account, participant.endpoint
    return {
        "id": participant.organisation.id, "name": participant.organisation.name,
        "portal": {"email": account.email, "state": account.state, "twoFactor": account.authenticator_enrolled,
                   "emails": sorted(email.value for email in participant.emails)},
        "units": [{"id": unit.id, "description": unit.description, "technology": unit.technology,
                   "capacityKw": unit.capacity_kw, "granularity": unit.granularity.value, "zone": unit.zone}
                  for unit in participant.units],
        "dispatch": {"baseUrl": endpoint and endpoint.base_url, "auth": endpoint.auth if endpoint else "none"},
        "smp": smp.connection_as_json(connection_of(view, participant.organisation.id))}


def _unknown(organisation_id: str) -> Response:
    return problem(404, "Not Found", f"There is no participant {organisation_id[:80]!r} in this world.")


def list_all() -> Response:
    """`{"participants": […]}`, by id."""
    with current_world.view() as view:
        return json_answer({"participants": [_as_json(view, each) for each in participants.participants(view)]})


def read(organisation_id: str) -> Response:
    """One participant."""
    try:
        with current_world.view() as view:
            return json_answer(_as_json(view, participants.participant(view, organisation_id)))
    except NotFound:
        return _unknown(organisation_id)


def invite() -> Response:
    """Give an organisation its one account; the invitation is in the mailbox when this answers 201."""
    body = _INVITATION.read()
    name = body["name"].strip()
    invitation = Invitation(body.get("id", id_from_name(name)), name, body["portal"]["email"].strip(), _units(body))
    try:
        with work_of_request() as work:
            made = _as_json(work, participants.invite_organisation(work, invitation))
    except Refused as refusal:
        return refused(refusal, _POINTERS, "/units")
    return json_answer(made, 201)


def _units(body: dict[str, Any]) -> tuple[UnitDraft, ...]:
    return tuple(UnitDraft(unit["id"], unit.get("description", unit["id"]), unit.get("technology", "Other"),
                           unit["capacityKw"], unit["granularity"], unit["zone"]) for unit in body.get("units", ()))


def change(organisation_id: str) -> Response:
    """Another name or address, more units, where dispatch messages go, or the connection to the SMP; those not
    mentioned stay as they are. A password that was made for the SMP user is in this answer, and in no other; so are
    `warnings`, `[{"pointer", "message"}]`: what was taken and may not work, such as a host that nobody can find now.
    """
    body = _CHANGE.read()
    if not body:
        refuse([{"pointer": "", "code": "required",
                 "message": "Say what to change: name, portal, units, dispatch or smp."}])
    endpoint, breaches, warning = _endpoint(organisation_id, body.get("dispatch"))
    warnings = [("/dispatch/baseUrl", warning)]
    try:
        wanted = smp.read_wanted(organisation_id, body["smp"]) if "smp" in body else None
        with work_of_request() as work:
            _change(work, organisation_id, body, breaches, wanted)
            if endpoint is not None:
                dispatch_testing.set_endpoint(work, endpoint)
            elif "dispatch" in body:
                dispatch_testing.remove_endpoint(work, organisation_id)
            changed = _as_json(work, participants.participant(work, organisation_id))
    except NotFound:
        return _unknown(organisation_id)
    except Refused as refusal:
        return refused(refusal, _POINTERS, "/units")
    if wanted is not None:
        warnings.append((wanted.callback_pointer, wanted.warning))
        if wanted.made_password is not None:
            changed["smp"]["password"] = wanted.made_password
    told = [{"pointer": pointer, "message": words} for pointer, words in warnings if words is not None]
    if told:
        changed["warnings"] = told
    return json_answer(changed)


def _endpoint(organisation_id: str, wanted: dict[str, Any] | None
              ) -> tuple[Endpoint | None, list[RuleBreach], str | None]:
    """The endpoint as it is to be, None to have none or to leave it alone; what is wrong with it; and a warning."""
    if wanted is None or ("baseUrl" in wanted and wanted["baseUrl"] is None):
        return None, [], None
    with current_world.view() as view:
        present = dispatch_testing.endpoint_of(view, organisation_id)
    endpoint = merge_endpoint(present, organisation_id, wanted.get("baseUrl"), wanted.get("auth"),
                              wanted.get("secret"))
    # Names are looked up here, where no transaction waits for it.
    judged = judge_endpoint(endpoint, frozenset(current_world.settings.allow_targets))
    return endpoint, judged.breaches, judged.warning


def _change(work: Any, organisation_id: str, body: dict[str, Any], breaches: list[RuleBreach],
            wanted: smp.WantedChange | None) -> None:
    """Change all but the endpoint. Raises NotFound, and Refused with the endpoint's breaches too."""
    participants.participant(work, organisation_id)
    found: list[RuleBreach] = []
    if not body.keys() <= {"dispatch", "smp"}:
        try:
            participants.change_participant(
                work, organisation_id, body.get("name"), body.get("portal", {}).get("email"), _units(body))
        except Refused as refusal:
            found += refusal.breaches
    found += breaches
    if wanted is not None:
        try:
            smp.apply_change(work, organisation_id, wanted)
        except Refused as refusal:
            found += refusal.breaches
    if found:
        raise Refused(found)


def invite_again(organisation_id: str) -> Response:
    """Send the invitation again, with a new link; the old link stops working."""
    _NOTHING.read()
    try:
        with work_of_request() as work:
            invited = _as_json(work, participants.invite_again(work, organisation_id))
    except NotFound:
        return _unknown(organisation_id)
    except Refused as refusal:
        return refused(refusal, _POINTERS, "/units")
    return json_answer(invited)


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
