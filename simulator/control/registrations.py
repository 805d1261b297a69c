"""`/_sim/transactions`, `/_sim/assets` and `/_sim/units`: what participants submitted to the SMP, and what it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from simulator.control.bodies import Body, read_numbers
from simulator.control.dispatches import attempt_as_json
from simulator.control.refusals import refused
from simulator.market.batches import Transaction, transaction_values
from simulator.market.errors import NotFound, Refused
from simulator.market.outbox import Attempt, Message
from simulator.market.registrations import RegisteredAsset, RegisteredUnit
from simulator.operations import batches
from simulator.operations.connections import connection_of
from simulator.web import current_world, json_answer, problem, work_of_request

_NOTHING = Body({})
_PAGE = {"limit": 100, "offset": 0}
_MOST = 1_000


def add_routes(blueprint: Blueprint) -> None:
    """Look at transactions, assets and units; let a transaction go on that a fault keeps."""
    blueprint.add_url_rule("/transactions", "list_transactions", list_transactions)
    blueprint.add_url_rule("/transactions/<transaction_id>", "read_transaction", read_transaction)
    blueprint.add_url_rule("/transactions/<transaction_id>/release", "release_transaction", release, methods=["POST"])
    blueprint.add_url_rule("/assets", "list_assets", list_assets)
    blueprint.add_url_rule("/units", "list_units", list_units)


def list_transactions() -> Response:
    """`{"transactions": […], "total"}`, the newest first; `?participant=&limit=&offset=`."""
    return _list("transactions", _transaction, batches.transactions, batches.count_transactions)


def read_transaction(transaction_id: str) -> Response:
    """One transaction with its batch returns and their attempts."""
    try:
        with current_world.view() as view:
            found = batches.transaction(view, transaction_id)
            returns = batches.returns_of(view, transaction_id)
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    return json_answer({**_transaction(found), "returns": [_return(*each) for each in returns]})


def release(transaction_id: str) -> Response:
    """Let a transaction go on that a fault keeps in PROCESSING; 409 for any other."""
    _NOTHING.read()
    try:
        with work_of_request() as work:
            released = batches.release_batch(work, current_world.batch_rules, transaction_id)
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    except Refused as refusal:
        return refused(refusal, {})
    return json_answer(_transaction(released))


def list_assets() -> Response:
    """`{"assets": […], "total"}`, the oldest first; `?participant=&unit=&limit=&offset=`."""
    return _list("assets", _asset, batches.assets_of, batches.count_assets, unit_id=request.args.get("unit"))


def list_units() -> Response:
    """`{"units": […], "total"}`, the oldest first; `?participant=&limit=&offset=`."""
    return _list("units", _unit, batches.units_of, batches.count_units)


def _list(name: str, as_json: Callable[[Any], dict[str, Any]], find: Callable[..., list[Any]],
          count: Callable[..., int], **of: str | None) -> Response:
    """The page of a list that is asked for, a participant's or everybody's, and how many there are in all."""
    page = read_numbers(_PAGE)
    page["limit"] = min(page["limit"], _MOST)
    participant = request.args.get("participant")
    try:
        with current_world.view() as view:
            _must_exist(view, participant)
            found, total = find(view, participant, **of, **page), count(view, participant, **of)
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    return json_answer({name: [as_json(each) for each in found], "total": total})


def _must_exist(view: Any, participant: str | None) -> None:
    if participant is not None:
        connection_of(view, participant)


def _transaction(found: Transaction) -> dict[str, Any]:
    return {
        "transactionId": found.id, "participantId": found.organisation_id, "type": found.type.value,
        "status": found.status.value, "stuck": found.stuck, "submittedAt": found.submitted_at,
        "completedAt": found.completed_at, "dueAt": None if found.has_ended else found.due_at, "polls": found.polls,
        "result": found.result, "journalEntry": found.cause,
        "errors": transaction_values(found)["errors"]}


def _return(message: Message, attempts: list[Attempt]) -> dict[str, Any]:
    return {"messageId": message.id, "state": message.state.value, "dueAt": message.due_at,
            "attempts": [attempt_as_json(each) for each in attempts]}


def _asset(asset: RegisteredAsset) -> dict[str, Any]:
    return {"assetId": asset.id, "participantId": asset.organisation_id, "unitId": asset.unit_id,
            "createdAt": asset.created_at, "fields": asset.details}


def _unit(unit: RegisteredUnit) -> dict[str, Any]:
    return {"unitId": unit.id, "participantId": unit.organisation_id, "name": unit.name, "unitType": unit.unit_type,
            "assets": unit.assets, "createdAt": unit.created_at, "fields": unit.details}
