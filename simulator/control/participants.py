"""`/_sim/participants/{id}`: what Collar Support does for a user, and a comfort for demos."""

from __future__ import annotations

from flask import Blueprint, Response

from simulator.control.bodies import Body
from simulator.operations.sign_in import account_of, current_code, reset_authenticator
from simulator.web import current_world, json_answer, problem, work_of_request

_NOTHING = Body({})


def add_routes(blueprint: Blueprint) -> None:
    """Read a user's current code; reset a user's authenticator."""
    blueprint.add_url_rule("/participants/<organisation_id>/totp", "read_code", read_code)
    blueprint.add_url_rule("/participants/<organisation_id>/reset-authenticator", "reset_authenticator", reset,
                           methods=["POST"])


def _unknown(organisation_id: str) -> Response:
    return problem(404, "Not Found", f"There is no participant {organisation_id[:80]!r} in this world.")


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
