"""A participant's connection to the SMP: the four steps of establishing it, the pro-forma, and the flows to be tested.

Source: SMP overview, Establishing SMP connections and The SMP APIs (documented). What the pro-forma asks beyond
"details of the developers, API endpoints, etc." is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from simulator.market.provenance import SMP, Rule

RULES = (
    Rule("connections.steps",
         "A connection has four steps: pro-forma sent, pro-forma returned, access provided, commissioning test.",
         "documented", "SMP overview, Establishing SMP connections.", SMP),
    Rule("connections.all_flows",
         "The commissioning test shows all flows.",
         "documented", "SMP overview, Establishing SMP connections. Which flows those are is read from its table "
         "of APIs.", SMP),
)


class Step(Enum):
    """How far a connection has come: the last step that is done."""

    NOT_STARTED = "not_started"
    PRO_FORMA_SENT = "pro_forma_sent"
    PRO_FORMA_RETURNED = "pro_forma_returned"
    ACCESS_PROVIDED = "access_provided"
    COMMISSIONED = "commissioned"


STEPS = tuple(Step)
"""The steps in their order."""


def has_come_to(step: Step, wanted: Step) -> bool:
    """Whether a connection that has come to `step` has come to another one with that, or before."""
    return STEPS.index(step) >= STEPS.index(wanted)


def has_access(step: Step) -> bool:
    """Whether calls are answered: the operator has provided access (step 3)."""
    return has_come_to(step, Step.ACCESS_PROVIDED)


class Flow(Enum):
    """A message flow of the overview's table that a commissioning test has to show."""

    AUTHENTICATE = "authenticate"
    ASSETS_SUBMITTED = "assets_submitted"
    ASSETS_SUCCESS_RETURNED = "assets_success_returned"
    ASSETS_ERRORS_RETURNED = "assets_errors_returned"
    UNIT_SUBMITTED = "unit_submitted"
    UNIT_SUCCESS_RETURNED = "unit_success_returned"
    UNIT_ERRORS_RETURNED = "unit_errors_returned"
    STATUS_READ = "status_read"
    SIGNED_REQUEST = "signed_request"


FLOW_WORDS = {
    Flow.AUTHENTICATE: ("Authenticate", "a token is returned"),
    Flow.ASSETS_SUBMITTED: ("Manage Asset, Create", "assets are submitted, a Transaction ID is returned"),
    Flow.ASSETS_SUCCESS_RETURNED: ("Manage Asset, Create", "the batch return brings a success notification"),
    Flow.ASSETS_ERRORS_RETURNED: ("Manage Asset, Create", "the batch return brings a list of errors"),
    Flow.UNIT_SUBMITTED: ("Manage Unit, Create", "a unit is submitted, a Transaction ID is returned"),
    Flow.UNIT_SUCCESS_RETURNED: ("Manage Unit, Create", "the batch return brings a success notification"),
    Flow.UNIT_ERRORS_RETURNED: ("Manage Unit, Create", "the batch return brings a list of errors"),
    Flow.STATUS_READ: ("Get Transaction Status", "the status of a submitted payload is returned"),
    Flow.SIGNED_REQUEST: ("Signed JSON", "a request carries a signature that verifies"),
}
"""The API of the overview's table that a flow belongs to, and what happens in it."""


@dataclass(frozen=True, slots=True)
class SeenFlow:
    """A flow that was seen from a participant; `journal_entry` proves it."""

    flow: Flow
    at: datetime
    journal_entry: int


@dataclass(frozen=True, slots=True)
class Contact:
    """A developer at the participant, or at its intermediate host."""

    name: str
    email: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class ProForma:
    """What a participant returns: its developers, the endpoints it calls from, where batch returns go, and its keys.

    `public_keys` is a JWKS (JSON text) or PEM, as it was given; empty when the participant does not sign.
    """

    contacts: tuple[Contact, ...] = ()
    api_endpoints: tuple[str, ...] = ()
    callback_url: str = ""
    public_keys: str = ""
    intermediate_host: bool = False
    intermediate_host_name: str = ""


SIGNATURES = ("optional", "required")
"""Whether a participant's requests have to be signed (assumed)."""


@dataclass(frozen=True, slots=True)
class SmpConnection:
    """An organisation's connection. `username` and `password_hash` are None until they were given out.

    `callback_url` and `jwks` come from the pro-forma as it is now, and are None without; `jwks` are its public keys, a
    JWKS (JSON text).
    """

    organisation_id: str
    step: Step
    username: str | None
    password_hash: str | None
    callback_url: str | None
    jwks: str | None
    signatures: str
    pro_forma: ProForma
