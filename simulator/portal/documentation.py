"""Documentation (portal guide §3.5): Participant API, told from the contract in force, and FAQ."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from simulator.contract_pages.contract_words import FieldWords, label_of
from simulator.contract_pages.telling import Shown, add_filters, default_contract, labels, tell_call, tell_message
from simulator.contracts import Contract
from simulator.operations.tokens import token_of
from simulator.operations.units import units_of
from simulator.portal.examples import Examples
from simulator.portal.guard import my_organisation
from simulator.portal.webhook_examples import webhook_example
from simulator.web import current_world


def add_routes(blueprint: Blueprint, contract: Contract) -> None:
    """Both pages; they tell the contract in force."""
    blueprint.add_url_rule("/documentation/participant-api", "documentation_page",
                           lambda: documentation_page(contract))
    blueprint.add_url_rule("/documentation/faq", "faq_page", lambda: faq_page(contract))
    add_filters(blueprint)


def documentation_page(contract: Contract) -> Any:
    """The whole contract, with examples of the organisation that is signed in."""
    organisation = my_organisation()
    with current_world.view() as view:
        units = units_of(view, organisation.id)
        token = token_of(view, organisation.id)
    examples = [Examples(bound, units, token.token) for bound in contract.operations.values()] if token else []
    shown = [Shown(each.good(), each.refusals(), each.codes()) for each in examples] or [Shown()]
    calls = [tell_call(contract, operation_id, each)
             for operation_id, each in zip(contract.operations, shown, strict=True)]
    return render_template("portal/documentation.html", info=contract.document.get("info") or {},
                           labels=labels("the portal guide of October 2025"), calls=calls, columns=_columns(contract),
                           csv=contract.document.get("x-csv") or {}, csv_label=label_of(contract.document.get("x-csv")),
                           token=token, units=units, webhooks=[
                               (tell_message(contract, operation_id),
                                webhook_example(message, units, current_world.now()))
                               for operation_id, message in contract.outbound.items()])


def _columns(contract: Contract) -> list[FieldWords]:
    """The columns of the CSV upload; what the contract does not say of them is the default's."""
    own = (contract.document.get("x-csv") or {}).get("columns") or {}
    columns = []
    for name, canonical in contract.csv.items():
        told = own.get(name)
        if told is None:
            defaults = (default_contract(contract.platform).document["x-csv"]["columns"]).items()
            told = next((column for key, column in defaults if column.get("x-canonical", key) == canonical), {})
        columns.append(FieldWords(name, "", "", [], [], str((told or {}).get("description") or ""), label_of(told)))
    return columns


def faq_page(contract: Contract) -> Any:
    """Questions and answers; what they say of messages follows the contract in force."""
    columns = {canonical: name for name, canonical in contract.csv.items()}
    settings = current_world.settings
    return render_template("portal/faq.html", columns=columns, retry_seconds=settings.retry_seconds,
                           timeout_seconds=settings.dispatch_timeout_seconds)
