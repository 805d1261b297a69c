"""What a Documentation page tells of a contract: fields, answers and codes of each call and message, with labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from flask import Blueprint
from markupsafe import Markup

from simulator.contract_pages.commands import Example
from simulator.contract_pages.contract_words import (
    FROM_CONTRACT,
    AnswerWords,
    CodeWords,
    FieldWords,
    Label,
    OperationWords,
)
from simulator.contracts import BEARER, BoundOperation, Contract, Credential, OutboundMessage, load_contract


def labels(document: str) -> tuple[Label, ...]:
    """What the four labels mean; `document` names what the operator has written."""
    return (Label("documented", f"{document} says so"), Label("public", "a public page of the operator says so"),
            Label("inferred", "it follows from the above, with a reason"),
            Label("assumed", "nobody outside the platform can know; the value is ours, or your contract's to change"))


def add_filters(blueprint: Blueprint) -> None:
    """Give templates the filter `prose`."""
    blueprint.add_app_template_filter(prose, "prose")


def prose(text: str) -> Markup:
    """Markdown as HTML. Its headings become plain bold lines: the page has its own."""
    markdown = _markdown()
    tokens = markdown.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "p"
            if token.nesting > 0:
                token.attrSet("class", "prose-heading")
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))


@cache
def _markdown() -> Any:
    """The reader of Markdown, loaded with the first Documentation page: it takes 1 MB."""
    reader = import_module("markdown_it").MarkdownIt("commonmark", {"html": False, "xhtmlOut": False})
    # A contract may come from anybody: no HTML, and nothing that leads out of the simulator.
    return reader.disable(["image", "link", "autolink"])


@cache
def default_contract(platform: str) -> Contract:
    """The default contract of a platform, for what the one in force leaves out."""
    return load_contract(platform)


@dataclass(frozen=True)
class Shown:
    """The examples of a call: one that is taken, one for each outcome of a refusal, one for each of our error codes."""

    good: Example | None = None
    refusals: Mapping[str, Example] = field(default_factory=dict)
    codes: Mapping[str, Example] = field(default_factory=dict)


@dataclass(frozen=True)
class ToldCall:
    """A call of the contract as the page tells it. `fields` are those of each content type, as `field_sets` gives them.
    `lists_codes`: the contract itself says which codes there are.
    """

    words: OperationWords
    bound: BoundOperation
    fields: list[tuple[str, list[FieldWords]]]
    answers: list[AnswerWords]
    schemes: list[tuple[str, str, Label]]
    credential: Credential
    good: Example | None
    refusals: Mapping[str, Example]
    lists_codes: bool
    codes: list[tuple[CodeWords, Example | None]]


@dataclass(frozen=True)
class ToldMessage:
    """A message that the platform sends as the page tells it."""

    words: OperationWords
    message: OutboundMessage
    fields: list[FieldWords]
    answers: list[AnswerWords]
    schemes: list[tuple[str, str, Label]]


def tell_call(contract: Contract, operation_id: str, shown: Shown) -> ToldCall:
    """A call with its examples; what the contract in force leaves out is told from the default one."""
    words, bound = OperationWords(contract, operation_id), contract.operations[operation_id]
    codes = [(code, shown.codes.get(code.ours)) for code in _codes(contract, words, set(shown.codes))]
    return ToldCall(words, bound, words.field_sets(), _answers(contract, words), words.schemes(),
                    bound.credential or BEARER, shown.good, shown.refusals, bool(words.codes()), codes)


def tell_message(contract: Contract, operation_id: str) -> ToldMessage:
    """A message of the platform: its fields, and what may be answered."""
    words = OperationWords(contract, operation_id)
    return ToldMessage(words, contract.outbound[operation_id], words.fields(), words.answers(), words.schemes())


def _answers(contract: Contract, words: OperationWords) -> list[AnswerWords]:
    """The contract's answers, and the default's for outcomes it leaves out."""
    answers = words.answers()
    missing = set(words.bound.outcomes) - {outcome for answer in answers for outcome in answer.outcomes}
    if missing:
        default = OperationWords(default_contract(contract.platform), words.bound.operation_id)
        answers += default.answers(missing, default=True)
    return sorted(answers, key=lambda answer: answer.status)


def _codes(contract: Contract, words: OperationWords, possible: set[str]) -> list[CodeWords]:
    """The contract's list of codes; without one, those of the simulator that a request to it can really have."""
    listed = words.codes()
    if listed:
        return listed
    on_the_wire = {ours: word for word, ours in words.code_words().items()}
    default = OperationWords(default_contract(contract.platform), words.bound.operation_id)
    known = {code.ours: code for code in default.codes()}
    names = [*(name for name in known if name in possible), *sorted(possible - set(known))]
    return [CodeWords(on_the_wire.get(name, name), name, known[name].meaning if name in known else "",
                      known[name].label if name in known else FROM_CONTRACT,
                      name in known and known[name].depends_on_registered) for name in names]
