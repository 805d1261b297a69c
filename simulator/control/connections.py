"""The SMP part of a participant in `/_sim/participants`, its commissioning test, and the certificate of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import orjson
from flask import Blueprint, Response

from simulator.control.bodies import Body
from simulator.control.refusals import refused
from simulator.downloads import certificate_answer
from simulator.market.connections import (
    FLOW_WORDS,
    SIGNATURES,
    Contact,
    Flow,
    ProForma,
    SmpConnection,
    Step,
    has_access,
)
from simulator.market.errors import NotFound, Refused, RuleBreach
from simulator.operations import connections, participants
from simulator.operations.connections import ConnectionChange
from simulator.outbound.callback_rules import judge_pro_forma
from simulator.password_rules import PasswordRules
from simulator.web import current_world, json_answer, problem, work_of_request

_TEXT = {"type": "string"}
_NOTHING = Body({})
_CONTACT = {"type": "object", "additionalProperties": False, "required": ["name", "email"],
            "properties": {"name": _TEXT, "email": _TEXT, "phone": _TEXT}}
_PRO_FORMA = {"type": "object", "additionalProperties": False, "properties": {
    "contacts": {"type": "array", "items": _CONTACT}, "apiEndpoints": {"type": "array", "items": _TEXT},
    "callbackUrl": _TEXT, "publicKeys": _TEXT, "intermediateHost": {"type": "boolean"}, "intermediateHostName": _TEXT}}
SMP = {"type": "object", "additionalProperties": False, "minProperties": 1, "properties": {
    "username": _TEXT, "password": {"type": ["string", "null"]}, "callbackUrl": {"type": ["string", "null"]},
    "jwks": {"type": ["object", "string", "null"]}, "signatures": {"enum": list(SIGNATURES)},
    "connection": {"enum": [step.value for step in Step]}, "proForma": _PRO_FORMA}}
"""What a PATCH may say of a connection: any part of it."""

_POINTERS = {
    "username": "/smp/username", "password": "/smp/password", "signatures": "/smp/signatures",
    "connection": "/smp/connection", "pro_forma": "/smp/proForma", "contacts": "/smp/proForma/contacts",
    "contact_name": "/smp/proForma/contacts/{}/name", "contact_email": "/smp/proForma/contacts/{}/email",
    "contact_phone": "/smp/proForma/contacts/{}/phone", "api_endpoints": "/smp/proForma/apiEndpoints",
    "intermediate_host_name": "/smp/proForma/intermediateHostName"}


@dataclass(frozen=True, slots=True)
class WantedChange:
    """A change of a connection that was judged as far as that goes without a transaction; `made_password` is told once.

    `returns_pro_forma` when the change says what the pro-forma holds: the participant returns it then. `warning` is
    what is not wrong with its callback URL, and yet had better be known.
    """

    said: dict[str, Any]
    change: ConnectionChange
    breaches: tuple[RuleBreach, ...]
    made_password: str | None
    returns_pro_forma: bool
    warning: str | None = None

    @property
    def callback_pointer(self) -> str:
        """Where in the PATCH the callback URL stands."""
        return "/smp/callbackUrl" if "callbackUrl" in self.said else "/smp/proForma/callbackUrl"


def add_routes(blueprint: Blueprint) -> None:
    """The commissioning test: look at it, confirm it, fetch its certificate."""
    place = "/participants/<organisation_id>/commissioning"
    blueprint.add_url_rule(place, "read_commissioning", read_commissioning)
    blueprint.add_url_rule(place, "commission", commission, methods=["POST"])
    blueprint.add_url_rule(f"{place}/certificate", "read_certificate", read_certificate)


def connection_as_json(connection: SmpConnection) -> dict[str, Any]:
    """What `/_sim/participants` says of a connection; its password is told to nobody."""
    said = connection.pro_forma
    return {
        "username": connection.username, "callbackUrl": connection.callback_url,
        "jwks": None if connection.jwks is None else orjson.loads(connection.jwks),
        "signatures": connection.signatures, "connection": connection.step.value,
        "proForma": {
            "contacts": [{"name": each.name, "email": each.email, "phone": each.phone} for each in said.contacts],
            "apiEndpoints": list(said.api_endpoints), "callbackUrl": said.callback_url, "publicKeys": said.public_keys,
            "intermediateHost": said.intermediate_host, "intermediateHostName": said.intermediate_host_name}}


def read_wanted(organisation_id: str, said: dict[str, Any]) -> WantedChange:
    """What a PATCH wants of a connection, its callback URL and keys judged; names are looked up here, where no
    transaction waits for it. Raises NotFound.
    """
    with current_world.view() as view:
        present = connections.connection_of(view, organisation_id)
    change = ConnectionChange(said.get("username"), signatures=said.get("signatures"),
                              step=Step(said["connection"]) if "connection" in said else None)
    breaches: list[RuleBreach] = []
    warning = None
    if said.keys() & {"proForma", "callbackUrl", "jwks"}:
        pro_forma = _merged(present.pro_forma, said)
        judged = judge_pro_forma(pro_forma, present, current_world.settings.allow_targets)
        change = replace(change, pro_forma=pro_forma, jwks=judged.jwks)
        breaches += judged.breaches
        warning = judged.warning
    is_to_have_access = change.step is not None and has_access(change.step)
    if is_to_have_access and present.username is None and change.username is None:
        change = replace(change, username=connections.username_for(organisation_id))
    made = None
    if said.get("password") is not None:
        rules = PasswordRules(current_world.settings.password_characters, 0)
        breaches += [RuleBreach(None, "password", "password", words) for words in rules.problems(said["password"])]
        change = replace(change, password_hash=connections.hash_of(said["password"]))
    elif "password" in said or (is_to_have_access and present.password_hash is None):
        made, made_hash = connections.make_password()
        change = replace(change, password_hash=made_hash)
    return WantedChange(said, change, tuple(breaches), made, "proForma" in said, warning)


def _merged(present: ProForma, said: dict[str, Any]) -> ProForma:
    form = said.get("proForma", {})
    values: dict[str, Any] = {ours: form[theirs] for ours, theirs in (
        ("callback_url", "callbackUrl"), ("public_keys", "publicKeys"), ("intermediate_host", "intermediateHost"),
        ("intermediate_host_name", "intermediateHostName")) if theirs in form}
    if "contacts" in form:
        values["contacts"] = tuple(Contact(each["name"], each["email"], each.get("phone", ""))
                                   for each in form["contacts"])
    if "apiEndpoints" in form:
        values["api_endpoints"] = tuple(form["apiEndpoints"])
    if "callbackUrl" in said:
        values["callback_url"] = said["callbackUrl"] or ""
    if "jwks" in said:
        keys = said["jwks"]
        values["public_keys"] = orjson.dumps(keys).decode() if isinstance(keys, dict) else keys or ""
    return replace(present, **values)


def apply_change(work: Any, organisation_id: str, wanted: WantedChange) -> None:
    """Change the connection. Raises NotFound, and Refused with pointers into the PATCH."""
    change = wanted.change
    try:
        if wanted.returns_pro_forma and change.step is None:
            change = replace(change, step=connections.step_of_return(work, organisation_id, wanted.breaches))
        connections.change_connection(work, organisation_id, change, wanted.breaches)
    except Refused as refusal:
        raise Refused([_placed(breach, wanted) for breach in refusal.breaches]) from None


def _placed(breach: RuleBreach, wanted: WantedChange) -> RuleBreach:
    """The breach with the place in the PATCH that it is about."""
    field = breach.field or ""
    if field == "callback_url":
        pointer = wanted.callback_pointer
    elif field == "public_keys":
        pointer = "/smp/jwks" if "jwks" in wanted.said else "/smp/proForma/publicKeys"
    else:
        pointer = _POINTERS.get(field, "/smp")
        if breach.index is not None:
            pointer = pointer.format(breach.index) if "{}" in pointer else f"{pointer}/{breach.index}"
    return replace(breach, pointer=pointer)


# The commissioning test

def read_commissioning(organisation_id: str) -> Response:
    """`{"participantId", "connection", "openStep", "allSeen", "flows": […]}`: what was seen, and what proves it."""
    try:
        with current_world.view() as view:
            return json_answer(_commissioning(view, organisation_id))
    except NotFound as error:
        return problem(404, "Not Found", str(error))


def _commissioning(view: Any, organisation_id: str) -> dict[str, Any]:
    connection = connections.connection_of(view, organisation_id)
    seen = connections.flows_seen(view, organisation_id)
    return {
        "participantId": organisation_id, "connection": connection.step.value,
        "openStep": connections.open_step_words(connection.step), "allSeen": len(seen) == len(Flow),
        "flows": [{"flow": flow.value, "words": ": ".join(FLOW_WORDS[flow]), "seen": flow in seen,
                   "at": seen[flow].at if flow in seen else None,
                   "journalEntry": seen[flow].journal_entry if flow in seen else None} for flow in Flow]}


def commission(organisation_id: str) -> Response:
    """Confirm the commissioning test; 409 with the flows that have not been seen."""
    _NOTHING.read()
    try:
        with work_of_request() as work:
            connections.commission(work, organisation_id)
            told = _commissioning(work, organisation_id)
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    except Refused as refusal:
        return refused(Refused([replace(breach, pointer="") for breach in refusal.breaches]), {})
    return json_answer(told)


def read_certificate(organisation_id: str) -> Response:
    """The certificate of the commissioning test, PDF; 409 without access, or as long as a flow has not been seen."""
    try:
        with current_world.view() as view:
            organisation = participants.participant(view, organisation_id).organisation
            connection = connections.connection_of(view, organisation_id)
            seen = connections.flows_seen(view, organisation_id)
            in_the_way = connections.certificate_problem(view, organisation_id)
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    if in_the_way is not None:
        return problem(409, "Conflict", in_the_way)
    return certificate_answer(organisation, connection, seen)
