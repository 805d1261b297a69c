"""Documentation (portal guide §3.5): Participant API, told from the contract in force, and FAQ."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Blueprint, render_template
from markdown_it import MarkdownIt
from markupsafe import Markup

from simulator.contracts import BEARER, Contract, load_contract
from simulator.market.organisations import MeterableUnit
from simulator.operations.tokens import token_of
from simulator.operations.units import units_of
from simulator.portal.contract_words import (
    FROM_CONTRACT,
    AnswerWords,
    CodeWords,
    FieldWords,
    Label,
    OperationWords,
    label_of,
)
from simulator.portal.examples import Examples
from simulator.portal.guard import my_organisation
from simulator.portal.webhook_examples import webhook_example
from simulator.web import current_world

# A contract may come from anybody: no HTML, and nothing that leads out of the simulator.
_markdown = MarkdownIt("commonmark", {"html": False, "xhtmlOut": False}).disable(["image", "link", "autolink"])

LABELS = (
    Label("documented", "the portal guide of October 2025 says so"),
    Label("public", "a public page of the operator says so"),
    Label("inferred", "it follows from the above, with a reason"),
    Label("assumed", "nobody outside the platform can know; the value is ours, or your contract's to change"),
)


def add_routes(blueprint: Blueprint, contract: Contract) -> None:
    """Both pages; they tell the contract in force."""
    blueprint.add_url_rule("/documentation/participant-api", "documentation_page",
                           lambda: documentation_page(contract))
    blueprint.add_url_rule("/documentation/faq", "faq_page", lambda: faq_page(contract))
    blueprint.add_app_template_filter(prose, "prose")


def prose(text: str) -> Markup:
    """Markdown as HTML. Its headings become plain bold lines: the page has its own."""
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "p"
            if token.nesting > 0:
                token.attrSet("class", "prose-heading")
    return Markup(_markdown.renderer.render(tokens, _markdown.options, {}))


@cache
def _default(platform: str) -> Contract:
    return load_contract(platform)


def documentation_page(contract: Contract) -> Any:
    """The whole contract, with examples of the organisation that is signed in."""
    organisation = my_organisation()
    with current_world.view() as view:
        units = units_of(view, organisation.id)
        token = token_of(view, organisation.id)
    operations = []
    for operation_id, bound in contract.operations.items():
        words = OperationWords(contract, operation_id)
        examples = Examples(bound, units, token.token) if token else None
        by_code = examples.codes() if examples else {}
        operations.append({
            "words": words, "bound": bound, "fields": words.fields(), "answers": _answers(contract, words),
            "schemes": words.schemes(), "credential": bound.credential or BEARER,
            "good": examples and examples.good(), "refusals": examples.refusals() if examples else {},
            "lists_codes": bool(words.codes()),
            "codes": [(code, by_code.get(code.ours)) for code in _codes(contract, words, set(by_code))],
            "statuses": {str(status): outcome for outcome, status in bound.outcomes.items()}})
    return render_template("portal/documentation.html", info=contract.document.get("info") or {}, labels=LABELS,
                           operations=operations, columns=_columns(contract), csv=contract.document.get("x-csv") or {},
                           csv_label=label_of(contract.document.get("x-csv")),
                           token=token, units=units, webhooks=[
                               _webhook(contract, operation_id, units) for operation_id in contract.outbound])


def _webhook(contract: Contract, operation_id: str, units: list[MeterableUnit]) -> dict[str, Any]:
    """A message that the platform sends: its fields, what to answer, and an example."""
    words = OperationWords(contract, operation_id)
    message = contract.outbound[operation_id]
    return {"words": words, "message": message, "fields": words.fields(), "answers": words.answers(),
            "schemes": words.schemes(), "example": webhook_example(message, units, current_world.now())}


def _answers(contract: Contract, words: OperationWords) -> list[AnswerWords]:
    """The contract's answers, and the default's for outcomes it leaves out."""
    answers = words.answers()
    missing = set(words.bound.outcomes) - {outcome for answer in answers for outcome in answer.outcomes}
    if missing:
        default = OperationWords(_default(contract.platform), words.bound.operation_id)
        answers += default.answers(missing, default=True)
    return sorted(answers, key=lambda answer: answer.status)


def _codes(contract: Contract, words: OperationWords, possible: set[str]) -> list[CodeWords]:
    """The contract's list of codes; without one, those of the simulator that a request to it can really have."""
    listed = words.codes()
    if listed:
        return listed
    on_the_wire = {ours: word for word, ours in words.code_words().items()}
    default = OperationWords(_default(contract.platform), words.bound.operation_id)
    known = {code.ours: code for code in default.codes()}
    names = [*(name for name in known if name in possible), *sorted(possible - set(known))]
    return [CodeWords(on_the_wire.get(name, name), name, known[name].meaning if name in known else "",
                      known[name].label if name in known else FROM_CONTRACT) for name in names]


def _columns(contract: Contract) -> list[FieldWords]:
    """The columns of the CSV upload; what the contract does not say of them is the default's."""
    own = (contract.document.get("x-csv") or {}).get("columns") or {}
    columns = []
    for name, canonical in contract.csv.items():
        told = own.get(name)
        if told is None:
            defaults = (_default(contract.platform).document["x-csv"]["columns"]).items()
            told = next((column for key, column in defaults if column.get("x-canonical", key) == canonical), {})
        columns.append(FieldWords(name, "", "", [], [], str((told or {}).get("description") or ""), label_of(told)))
    return columns


def faq_page(contract: Contract) -> Any:
    """Questions and answers; what they say of messages follows the contract in force."""
    columns = {canonical: name for name, canonical in contract.csv.items()}
    settings = current_world.settings
    return render_template("portal/faq.html", columns=columns, retry_seconds=settings.retry_seconds,
                           timeout_seconds=settings.dispatch_timeout_seconds)
