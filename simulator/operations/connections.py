"""Connections to the SMP: the four steps of establishing one, the pro-forma, and the flows of the commissioning test.

Source: SMP overview, Establishing SMP connections (documented). That the simulator's user may also take a connection
back to an earlier step is ours.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from simulator import passwords
from simulator.ids import new_smp_password
from simulator.market.connections import (
    SIGNATURES,
    STEPS,
    Flow,
    ProForma,
    SeenFlow,
    SmpConnection,
    Step,
    has_access,
    has_come_to,
)
from simulator.market.errors import NotFound, Refused, RuleBreach
from simulator.market.pro_forma import breaches_of_pro_forma, breaches_of_username
from simulator.market.registration_facts import ConnectionChanged, ConnectionMoved, FlowSeen
from simulator.store import connections
from simulator.store.work import View, Work

CONNECTIONS_TOPIC = "connections"
"""What is announced when a connection was changed."""

_OPEN_STEPS = {
    Step.NOT_STARTED: "Step 1 of 4 is open: the operator has yet to send the technical pro-forma",
    Step.PRO_FORMA_SENT: "Step 2 of 4 is open: the participant has yet to return the completed pro-forma",
    Step.PRO_FORMA_RETURNED: "Step 3 of 4 is open: the operator has yet to provide access to the test environment",
    Step.ACCESS_PROVIDED: "Step 4 of 4 is open: the commissioning test of all message flows has yet to be confirmed",
    Step.COMMISSIONED: "All 4 steps are done",
}


@dataclass(frozen=True, slots=True)
class ConnectionChange:
    """What is to be changed of a connection; None leaves it as it is.

    `pro_forma` brings its callback URL and keys with it: both were judged before, and `jwks` is what the keys were read
    as. `step` is where the connection is to be after the change, at once or through the steps between.
    """

    username: str | None = None
    password_hash: str | None = None
    signatures: str | None = None
    pro_forma: ProForma | None = None
    jwks: str | None = None
    step: Step | None = None


def open_step_words(step: Step) -> str:
    """Which of the overview's four steps is open, for a connection that has come to `step`; no full stop."""
    return _OPEN_STEPS[step]


def connection_of(view: View, organisation_id: str) -> SmpConnection:
    """An organisation's connection, not started if nothing was done about it. Raises NotFound."""
    found = connections.connection_of(view, organisation_id)
    if found is None:
        raise NotFound("participant", organisation_id[:80])
    return found


def connection_by_username(view: View, username: str) -> SmpConnection | None:
    """The connection whose SMP user has this name. Names are compared letter by letter, capitals too."""
    return connections.connection_by_username(view, username)


def all_connections(view: View) -> list[SmpConnection]:
    """Every organisation's connection, by organisation id."""
    return connections.all_connections(view)


def send_pro_forma(work: Work, organisation_id: str) -> SmpConnection:
    """Step 1: the operator sends the technical pro-forma. Raises NotFound, and Refused when that was done before."""
    present = connection_of(work, organisation_id)
    if present.step is not Step.NOT_STARTED:
        raise Refused([RuleBreach(None, "connection", "already_done", "The pro-forma was sent before.")])
    return change_connection(work, organisation_id, ConnectionChange(step=Step.PRO_FORMA_SENT))


def set_pro_forma(work: Work, organisation_id: str, pro_forma: ProForma, jwks: str | None = None,
                  breaches: tuple[RuleBreach, ...] = ()) -> SmpConnection:
    """Step 2: the participant returns the pro-forma, complete; later it may be corrected in the same way.

    `jwks` is what its keys were read as, `breaches` what was found wrong with its callback URL and keys. Raises
    NotFound, and Refused with everything that is wrong.
    """
    step = step_of_return(work, organisation_id, breaches)
    return change_connection(work, organisation_id, ConnectionChange(pro_forma=pro_forma, jwks=jwks, step=step),
                             breaches)


def step_of_return(view: View, organisation_id: str, breaches: tuple[RuleBreach, ...] = ()) -> Step | None:
    """The step that a connection comes to when its pro-forma is returned; None when that was done before.

    Raises NotFound, and Refused when the pro-forma has not been sent yet, with the `breaches` found before.
    """
    present = connection_of(view, organisation_id)
    if present.step is Step.NOT_STARTED:
        raise Refused([RuleBreach(None, "pro_forma", "not_yet", "The pro-forma has not been sent yet, so it cannot be "
                                  "returned. Send it first (step 1: pro_forma_sent)."), *breaches])
    return Step.PRO_FORMA_RETURNED if present.step is Step.PRO_FORMA_SENT else None


def username_for(organisation_id: str) -> str:
    """What the SMP user of an organisation is called when nobody says otherwise (assumed)."""
    return f"{organisation_id[:60]}-smp"


def make_password() -> tuple[str, str]:
    """A new password for an SMP user, to be told once, and its hash. Takes a while: not inside a transaction."""
    password = new_smp_password()
    return password, passwords.hash_password(password)


def hash_of(password: str) -> str:
    """The hash of a password that was given. Takes a while: not inside a transaction."""
    return passwords.hash_password(password)


def commission(work: Work, organisation_id: str) -> SmpConnection:
    """Step 4: the commissioning test is over.

    Raises NotFound, and Refused as long as a flow has not been seen, or the connection has no access (any more).
    """
    present = connection_of(work, organisation_id)
    if not has_access(present.step):
        raise Refused([RuleBreach(None, "connection", "not_yet", f"{open_step_words(present.step)}. A connection "
                                  "without access has no commissioning test; what was seen before counts again with "
                                  "it.")])
    return change_connection(work, organisation_id, ConnectionChange(step=Step.COMMISSIONED))


def change_connection(work: Work, organisation_id: str, change: ConnectionChange,
                      breaches: tuple[RuleBreach, ...] = ()) -> SmpConnection:
    """Change parts of a connection, all or nothing; each step that is passed is a fact of the journal.

    `breaches` are those of the callback URL and the keys, found before. Raises NotFound, and Refused with everything
    that is wrong: fields are those of `breaches_of_pro_forma`, and `username`, `password`, `signatures` and
    `connection` (the step).
    """
    present = connection_of(work, organisation_id)
    wanted = _wanted(present, change)
    keys_are_wrong = any(breach.field == "public_keys" for breach in breaches)
    found = [*breaches, *_breaches(work, present, wanted, change, keys_are_wrong)]
    if found:
        raise Refused(found)
    changed = tuple(_WORDS.get(field.name, field.name) for field in fields(SmpConnection)
                    if field.name != "step" and getattr(wanted, field.name) != getattr(present, field.name))
    if wanted == present:
        return present
    connections.save_connection(work, wanted)
    if changed:
        work.record(ConnectionChanged(organisation_id, changed))
    for before, after in _moves(present.step, wanted.step):
        work.record(ConnectionMoved(organisation_id, before.value, after.value))
    work.announce(CONNECTIONS_TOPIC)
    return wanted


_WORDS = {"password_hash": "password", "jwks": "public_keys"}


def _wanted(present: SmpConnection, change: ConnectionChange) -> SmpConnection:
    values: dict[str, Any] = {name: value for name in ("username", "password_hash", "signatures", "step")
                              if (value := getattr(change, name)) is not None}
    if change.pro_forma is not None:
        values |= {"pro_forma": change.pro_forma, "callback_url": change.pro_forma.callback_url or None,
                   "jwks": change.jwks}
    return replace(present, **values)


def _breaches(view: View, present: SmpConnection, wanted: SmpConnection, change: ConnectionChange,
              keys_are_wrong: bool) -> list[RuleBreach]:
    found: list[RuleBreach] = []
    is_to_be_complete = has_come_to(wanted.step, Step.PRO_FORMA_RETURNED)
    if is_to_be_complete:
        found += breaches_of_pro_forma(wanted.pro_forma)
    if change.username is not None:
        other = connections.connection_by_username(view, change.username)
        is_taken = other is not None and other.organisation_id != present.organisation_id
        found += breaches_of_username(change.username, is_taken)
    if wanted.signatures not in SIGNATURES:
        found.append(RuleBreach(None, "signatures", "enum", f"Signatures are {' or '.join(SIGNATURES)}."))
    elif wanted.signatures == "required" and wanted.jwks is None and not keys_are_wrong:
        found.append(RuleBreach(None, "signatures", "no_keys", "Signatures cannot be required as long as there is no "
                                "public key to verify them with: give the participant’s keys as well."))
    if has_access(wanted.step):
        if wanted.username is None:
            found.append(RuleBreach(None, "username", "required", "Access needs the name of an SMP user."))
        if wanted.password_hash is None:
            found.append(RuleBreach(None, "password", "required", "Access needs the password of the SMP user."))
    if wanted.step is Step.COMMISSIONED and present.step is not Step.COMMISSIONED:
        found += _unseen(view, present.organisation_id)
    return found


def _unseen(view: View, organisation_id: str) -> list[RuleBreach]:
    seen = flows_seen(view, organisation_id)
    missing = [flow.value.replace("_", " ") for flow in Flow if flow not in seen]
    if not missing:
        return []
    return [RuleBreach(None, "connection", "flows_not_seen", "The commissioning test covers all flows; not seen yet: "
                       f"{', '.join(missing)}.")]


def _moves(before: Step, after: Step) -> list[tuple[Step, Step]]:
    """Forwards each step that is passed, backwards the one move."""
    start, end = STEPS.index(before), STEPS.index(after)
    if end < start:
        return [(before, after)]
    return list(zip(STEPS[start:end], STEPS[start + 1:end + 1], strict=True))


def note_flow(work: Work, organisation_id: str, flow: Flow, journal_entry: int | None = None) -> None:
    """Note that a flow was seen from an organisation, the first time only.

    `journal_entry` is the exchange that proves it; without it, what caused the present transaction does.
    """
    if flow in connections.flows_of(work, organisation_id):
        return
    proof = work.cause if journal_entry is None else journal_entry
    fact = work.record(FlowSeen(organisation_id, flow.value))
    connections.add_flow(work, organisation_id, flow, work.now, fact if proof is None else proof)
    work.announce(CONNECTIONS_TOPIC)


def certificate_problem(view: View, organisation_id: str) -> str | None:
    """Why there is no certificate of the commissioning test now; None when there is one. Raises NotFound."""
    seen, step = flows_seen(view, organisation_id), connection_of(view, organisation_id).step
    if len(seen) < len(Flow):
        return f"There is no certificate yet: {len(seen)} of {len(Flow)} message flows have been seen."
    if not has_access(step):
        return (f"There is no certificate as long as the connection has no access. {open_step_words(step)}. What was "
                "seen before counts again then.")
    return None


def flows_seen(view: View, organisation_id: str) -> dict[Flow, SeenFlow]:
    """The flows seen from an organisation, in the order of the overview."""
    return connections.flows_of(view, organisation_id)
