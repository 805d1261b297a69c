"""Documentation of the Single Markets Platform's API, told from the contract in force, with examples that run.

The SMP has no web portal, so its document stands among the simulator's own pages.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template

from simulator.console.return_endpoint import endpoint_program
from simulator.console.smp_examples import SmpExamples
from simulator.contract_pages.contract_words import FieldWords
from simulator.contract_pages.telling import (
    Shown,
    ToldCall,
    ToldMessage,
    add_filters,
    labels,
    tell_call,
    tell_message,
)
from simulator.contracts import CannotWrite, Contract
from simulator.market.batches import transaction_values
from simulator.market.connections import has_access
from simulator.operations.batches import transactions
from simulator.operations.connections import connection_by_username
from simulator.operations.fixtures import DemoSmpUser
from simulator.passwords import password_matches
from simulator.signing import JOSE
from simulator.timekeeping.london import to_london
from simulator.web import current_world, current_worlds


def add_routes(blueprint: Blueprint, contract: Contract) -> None:
    """The page; it tells the contract in force."""
    blueprint.add_url_rule("/documentation", "smp_documentation_page", lambda: documentation_page(contract))
    add_filters(blueprint)


def documentation_page(contract: Contract) -> Any:
    """The whole contract, with examples of the demo's SMP user, where the world has one."""
    user = _user_with_known_password()
    shown: dict[str, Shown] = {}
    if user is not None:
        with current_world.view() as view:
            latest = transactions(view, user.organisation_id, limit=1)
        try:
            examples = SmpExamples(contract, user.username, user.password, to_london(current_world.now()).date())
            shown = examples.shown(transaction_values(latest[0]) if latest else None)
        except CannotWrite:
            shown = {}
    settings = current_world.settings
    is_compact = settings.smp_signing == "compact"
    calls = [_call_as_signed(tell_call(contract, operation_id, shown.get(operation_id, Shown())), is_compact)
             for operation_id in contract.operations]
    messages = [_message_as_signed(tell_message(contract, operation_id), is_compact)
                for operation_id in contract.outbound]
    return render_template(
        "console/documentation.html", info=contract.document.get("info") or {}, labels=labels("the SMP overview"),
        calls=_with_codes_once(calls), messages=messages, user=user, program=endpoint_program(contract),
        is_compact=is_compact, signs_answers=settings.smp_sign_answers, jose=JOSE)


def _call_as_signed(told: ToldCall, is_compact: bool) -> ToldCall:
    """The call without the headers for signatures, where messages are signed as a whole."""
    if not is_compact:
        return told
    return replace(told, fields=[(media_type, _unsealed(rows)) for media_type, rows in told.fields],
                   answers=[replace(answer, fields=_unsealed(answer.fields)) for answer in told.answers])


def _message_as_signed(told: ToldMessage, is_compact: bool) -> ToldMessage:
    return replace(told, fields=_unsealed(told.fields)) if is_compact else told


def _unsealed(rows: list[FieldWords]) -> list[FieldWords]:
    return [row for row in rows if not (row.is_signature and row.where == ["header"])]


def _user_with_known_password() -> DemoSmpUser | None:
    """The demo's SMP user, while its calls are answered and its password is still the demo's."""
    user = current_worlds.demo_smp_user(current_world.fixture)
    if user is None:
        return None
    with current_world.view() as view:
        connection = connection_by_username(view, user.username)
    if connection is None or not has_access(connection.step):
        return None
    return user if password_matches(connection.password_hash, user.password) else None


def _with_codes_once(calls: list[ToldCall]) -> list[tuple[ToldCall, str | None]]:
    """Each call, and the title of an earlier one that has the same list of codes."""
    first: dict[tuple[str, ...], str] = {}
    told = []
    for call in calls:
        codes = tuple(code.code for code, _ in call.codes)
        like = first.get(codes) if codes else None
        first.setdefault(codes, call.words.title)
        told.append((replace(call, codes=[]) if like else call, like))
    return told
