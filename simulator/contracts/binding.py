"""Binding a route of the contract to an operation of ours: everything about one message, compiled once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jsonschema_rs

from .answers import AnswerBuilder, Answerer
from .bodies import FORM, compile_coercion, compile_form, is_json, name_media_type
from .credentials import Credential, find_credential
from .layout import Branch, LayoutBuilder, collect_fields, find_max_items
from .messages import Message, WireAnswer, WireRequest
from .problems import Findings, Path, UnknownOutcome
from .reading import BodyPlan, ParameterPlan, Reader
from .references import Expansion
from .routes import Route, check_path_parameters
from .schemas import name_canonically
from .vocabulary import OUTCOMES, OperationNeeds
from .writing import Writer

_ANY_SCHEMA = {"$ref": "https://json-schema.org/draft/2020-12/schema"}

_NOT_PARAMETERS = ("accept", "content-type", "authorization")
"""Headers OpenAPI forbids as parameters; they belong to the content types and the security scheme."""


@dataclass(frozen=True)
class BoundOperation:
    """One operation as the contract in force wants it.

    `path` is an OpenAPI template such as "/api/v2/readings/{unit}", the server's base path included. `max_items` is
    the limit of the list of records, or None. `credential` says where the token stands, or is None when the contract
    asks for none. `outcomes` map each outcome to its status. `signature_header` is the header that a signature of the
    body stands in, or None; it is no field of the records.
    """

    operation_id: str
    method: str
    path: str
    media_types: tuple[str, ...]
    max_items: int | None
    credential: Credential | None
    outcomes: Mapping[str, int]
    signature_header: str | None
    _reader: Reader
    _writers: Mapping[str, Writer]
    _answerers: Mapping[str, Answerer]

    def read(self, request: WireRequest) -> Message:
        """Canonical records and all problems of a request. Raises NotReadable when it cannot be read at all."""
        return self._reader.read(request)

    def read_in_order(self, request: WireRequest) -> Message | None:
        """What `read` gives, at a small part of its cost; None when something is wrong with the request."""
        return self._reader.read_in_order(request)

    def outside_body(self, request: WireRequest) -> dict[str, dict[str, str]]:
        """What `read` takes from outside the body: `path_params`, `query` and `headers`, each by name."""
        return self._reader.outside_body(request)

    def write(self, records: Sequence[Mapping[str, Any]], media_type: str | None = None) -> WireRequest:
        """The request that says these canonical records; `read` gives them back. Raises CannotWrite.

        `media_type` is one of `media_types`, the first if none is named; KeyError for another.
        """
        return self._writers[next(iter(self._writers)) if media_type is None else media_type].write(records)

    def status_of(self, outcome: str) -> int:
        """The HTTP status of an outcome. Raises UnknownOutcome."""
        if outcome not in self.outcomes:
            raise UnknownOutcome(self.operation_id, outcome, self.outcomes)
        return self.outcomes[outcome]

    def answer(self, outcome: str, canonical: Mapping[str, Any]) -> WireAnswer:
        """The answer for an outcome, in the contract's status, names and words. Raises UnknownOutcome.

        `canonical` is the receipt, or a problem: type, title, status, detail, errors [{pointer, code, message}].
        """
        answerer = self._answerers.get(outcome)
        if answerer is None:
            raise UnknownOutcome(self.operation_id, outcome, self._answerers)
        return answerer.answer(canonical)


def compile_validator(
    schema: dict[str, Any], path: Path, expansion: Expansion, findings: Findings
) -> jsonschema_rs.Draft202012Validator | None:
    """A validator of a schema without references; None, and a finding each, for what JSON Schema does not know."""
    try:
        return jsonschema_rs.Draft202012Validator(schema)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        faults = list(jsonschema_rs.Draft202012Validator(_ANY_SCHEMA).iter_errors(schema)) or [error]
    for fault in faults:
        place, node = path, schema
        for step in getattr(fault, "instance_path", ()):
            node = node[step] if isinstance(node, dict | list) else None
            place = expansion.origin(node) or (*place, step)
        what = str(getattr(fault, "message", fault)).splitlines()[0][:160]
        findings.add(place, f"This is no rule JSON Schema knows: {what}.", "See json-schema.org, draft 2020-12.")
    return None


class Binder:
    """Finds our fields in one route, or in one webhook when `outbound`, and notes what is wrong with it."""

    def __init__(
        self, route: Route, needs: OperationNeeds, expansion: Expansion, findings: Findings, outbound: bool = False
    ) -> None:
        self.route = route
        self.needs = needs
        self.expansion = expansion
        self.findings = findings
        self.layout = LayoutBuilder(needs, expansion, findings, outbound)
        self.complete = not expansion.broken
        self.carried: dict[str, str] = {}
        self._verb = "send" if outbound else "read"

    def plan_parameters(self) -> ParameterPlan:
        """Places, schemas and fields of the parameters. Headers that are no part of a record go to `carried`."""
        places, shown, schemas, required = {}, {}, {}, []
        for parameter in self.route.parameters:
            where, name = parameter.get("in"), str(parameter.get("name"))
            schema = parameter.get("schema")
            path = self.expansion.origin(parameter)
            if where == "header" and name.lower() in _NOT_PARAMETERS:
                continue
            canonical = name_canonically(name, schema if isinstance(schema, dict) else {}, parameter)
            if where == "header" and canonical in self.needs.carried:
                self.carried[canonical] = name
                continue
            if where not in ("path", "query", "header") or not isinstance(schema, dict):
                if parameter.get("required") or "x-canonical" in parameter:
                    self.findings.add(
                        path,
                        f"The simulator cannot {self._verb} the parameter {name}.",
                        "Give it in: path, query or header, and a schema.",
                    )
                continue
            if self.compile(schema) is None:
                continue
            place = f"{where} {name}"
            places[place] = (where, name, compile_coercion(schema))
            # x-unit and its like may stand beside the schema, where x-canonical stands, or inside it.
            beside = {key: value for key, value in parameter.items() if key.startswith("x-")}
            shown[place] = (name, {**schema, **beside}, parameter)
            schemas[place] = schema
            if parameter.get("required") or where == "path":
                required.append(place)
        whole = {"type": "object", "properties": schemas, "required": required}
        validator = jsonschema_rs.Draft202012Validator(whole)
        return ParameterPlan(places, whole, validator, self.layout.build_parameters(shown))

    def compile(self, schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator | None:
        """A validator of one schema; None when it is faulty, which is noted."""
        origin = self.expansion.origin(schema)
        validator = compile_validator(schema, origin, self.expansion, self.findings)
        if validator is None:
            # What stands inside a faulty schema is not known, so nothing can be called absent.
            self.complete = False
        return validator

    def plan_bodies(self) -> dict[str, BodyPlan]:
        """Schema and fields of each body that may be sent to us."""
        body = self.route.operation.get("requestBody") or {}
        path = (*self.route.path, "requestBody")
        plans = {}
        for written, media in (body.get("content") or {}).items():
            name = name_media_type(written)
            if not is_json(name) and name != FORM:
                self.findings.add(
                    (*path, "content", written),
                    f"The simulator cannot read {written}.",
                    f"Use application/json, a name ending in +json, or {FORM}.",
                )
                continue
            schema = media.get("schema") if isinstance(media, dict) else None
            schema = schema if isinstance(schema, dict) else {}
            validator = self.compile(schema)
            if validator is not None:
                node = self.layout.build_body(schema)
                parse_form = compile_form(schema) if name == FORM else None
                plans[name] = BodyPlan(schema, validator, node, parse_form, bool(body.get("required")))
        return plans

    def check_fields(self, parameters: Branch, bodies: Mapping[str, BodyPlan]) -> bool:
        """Note fields without a place, twice placed or twice signed; answers whether a word gives the sign."""
        outside = {leaf.name: leaf for leaf in parameters.leaves.values()}
        placed = dict(outside)
        for plan in bodies.values():
            for leaf in collect_fields(plan.node):
                if leaf.name in outside:
                    self.layout.report_twice(leaf, outside[leaf.name])
                placed[leaf.name] = leaf
        for name in self.needs.required:
            if name not in placed:
                self.want_place([name])
        for rule in self.needs.exactly_one:
            if not any(name in placed for name in rule.fields):
                self.want_place(list(rule.fields))
        signed = self.needs.signed_by in placed
        for path in self.layout.signs if signed else ():
            self.findings.add(
                path,
                f"x-sign and {placed[self.needs.signed_by].wire} both give this amount its sign.",
                "Remove x-sign, or write x-canonical: null on the other.",
            )
        return signed

    def want_place(self, names: list[str]) -> None:
        """Note that none of these fields has a place."""
        if not self.complete:
            return
        fields = [self.needs.fields[name] for name in names]
        meanings = " or ".join(f"{field.name} ({field.meaning})" for field in fields)
        choices = " or ".join(f"x-canonical: {field.name}" for field in fields)
        self.findings.add(
            self.route.path,
            f"{self.needs.operation_id} has no place for {meanings}.",
            f"Write {choices} on the property, parameter or header that holds it.",
        )

    def build_answerers(self) -> dict[str, Answerer]:
        """How each outcome is answered."""
        answerers: dict[str, Answerer] = {}
        for status, response in (self.route.operation.get("responses") or {}).items():
            path = (*self.route.path, "responses", status)
            for words, media_type, here in _list_outcomes(response, path):
                good = [word for word in words if self._check_outcome(word, status, here, path, answerers)]
                if not good:
                    continue
                answerer = Answerer(int(status), "", None, (), True)
                if self._check_schemas(response):
                    sample = {name: value for word in good for name, value in self.needs.outcomes[word].items()}
                    builder = AnswerBuilder(sample, self.needs.answer_words, self.expansion, self.findings)
                    answerer = builder.build(int(status), response, media_type, path)
                answerers.update(dict.fromkeys(good, answerer))
        if self.needs.success not in answerers:
            self.findings.add(
                (*self.route.path, "responses"),
                f"No response is marked x-outcome: {self.needs.success}.",
                "Write it on the response a good message gets, such as 200.",
            )
        return answerers

    def _check_schemas(self, response: dict[str, Any]) -> bool:
        """Whether the schemas of a response, headers included, are JSON Schema at all."""
        parts = [*(response.get("content") or {}).values(), *(response.get("headers") or {}).values()]
        schemas = [part["schema"] for part in parts if isinstance(part, dict) and isinstance(part.get("schema"), dict)]
        faulty = [schema for schema in schemas if not jsonschema_rs.meta.is_valid(schema)]
        for schema in faulty:
            compile_validator(schema, self.expansion.origin(schema), self.expansion, self.findings)
        return not faulty

    def _check_outcome(
        self, word: Any, status: str, here: Path, path: Path, answerers: Mapping[str, Answerer]
    ) -> bool:
        known = ", ".join(self.needs.outcomes)
        if not isinstance(word, str) or word not in self.needs.outcomes:
            what = (
                "is not one of this operation's"
                if isinstance(word, str) and word in OUTCOMES
                else "is not a word we know"
            )
            self.findings.add(here, f"x-outcome: {word} {what}.", f"Use one of {known}.")
        elif word in answerers:
            self.findings.add(here, f"x-outcome: {word} stands on two responses.", "Keep it on one.")
        elif not (status.isdigit() and len(status) == 3):
            self.findings.add(path, f"{status} is no single status.", "Write a status of three digits, such as 422.")
        else:
            return True
        return False


def _list_outcomes(response: Any, path: Path) -> Iterator[tuple[list[Any], str, Path]]:
    """The words of x-outcome with the content type they are for ("" without a body), and where they stand.

    They stand on the response, or on one of its content types where a status has several meanings.
    """
    if not isinstance(response, dict):
        return
    content = response.get("content") or {}
    own = {name: media["x-outcome"] for name, media in content.items()
           if isinstance(media, dict) and "x-outcome" in media}  # fmt: skip
    if "x-outcome" in response:
        media_type = next((name for name in content if name not in own), "")
        yield _as_list(response["x-outcome"]), media_type, (*path, "x-outcome")
    for name, words in own.items():
        yield _as_list(words), name, (*path, "content", name, "x-outcome")


def _as_list(words: Any) -> list[Any]:
    return words if isinstance(words, list) else [words]


def _name_signatures(
    own: Mapping[str, Answerer], default: Mapping[str, Answerer], carried: Mapping[str, str]
) -> dict[str, Answerer]:
    """The answerers of all outcomes, each with a header for its signature if the contract names one anywhere.

    A refusal mostly declares none: then it is that of another answer of the operation, or of its request.
    """
    named = [answerer.signature_header for answerer in own.values() if answerer.signature_header]
    usual = named[0] if named else carried.get("signature")
    answerers = {}
    for outcome, answerer in {**default, **own}.items():
        declared = answerer.signature_header if outcome in own else None
        answerers[outcome] = replace(answerer, signature_header=declared or usual or answerer.signature_header)
    return answerers


def bind_operation(
    route: Route, needs: OperationNeeds, document: Mapping[str, Any], expansion: Expansion, findings: Findings,
    fallback: BoundOperation | None,
) -> BoundOperation:  # fmt: skip
    """The compiled operation of a route; faults go to `findings`. Outcomes it lacks come from `fallback`."""
    binder = Binder(route, needs, expansion, findings)
    check_path_parameters(route, findings)
    parameters = binder.plan_parameters()
    bodies = binder.plan_bodies()
    signed = binder.check_fields(parameters.branch, bodies)
    answerers = _name_signatures(binder.build_answerers(), fallback._answerers if fallback else {}, binder.carried)
    writers = {
        media_type: Writer(
            needs, route.method, route.template, parameters, media_type, plan and plan.node,
            plan is not None and plan.parse_form is not None, signed,
        )
        for media_type, plan in (bodies or {"": None}).items()
    }  # fmt: skip
    plan = next(iter(bodies.values()), None)
    return BoundOperation(
        route.operation_id,
        route.method,
        route.template,
        tuple(bodies),
        plan and find_max_items(plan.node),
        find_credential(document, route.operation, route.path, findings),
        {outcome: answerer.status for outcome, answerer in answerers.items()},
        binder.carried.get("signature"),
        Reader(needs, parameters, bodies),
        writers,
        answerers,
    )
