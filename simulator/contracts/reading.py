"""Reading a request through the contract: the fast way for messages in order, the careful way for the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema_rs import Draft202012Validator

from .bodies import check_media_type, parse_json, refuse_depth
from .diagnosing import Diagnosis, Trace, find_places, point, trace_parameters, trace_records
from .emitting import Excess, compile_completion, compile_emit, compile_gather, find_several, find_too_many
from .explaining import Explainer
from .layout import Branch, Node, collect_fields
from .messages import Message, WireRequest
from .ordering import FieldOrder
from .problems import FieldProblem, NotReadable, Unfit
from .slicing import BodyChecker
from .vocabulary import OperationNeeds


@dataclass(frozen=True)
class ParameterPlan:
    """The parameters of a route: place such as "query kw" -> (where, name, coercion), and one schema over all."""

    places: Mapping[str, tuple[str, str, Callable[[str], Any]]]
    schema: dict[str, Any]
    validator: Draft202012Validator
    branch: Branch


@dataclass(frozen=True)
class BodyPlan:
    """One body: its schema without references, its tree, its parser if it is a form, and whether it is required."""

    schema: dict[str, Any]
    validator: Draft202012Validator
    node: Node
    parse_form: Callable[[bytes], dict[str, Any]] | None
    required: bool


class Reader:
    """Reads the requests of one operation. Built once, used for every request."""

    def __init__(self, needs: OperationNeeds, parameters: ParameterPlan, bodies: Mapping[str, BodyPlan]) -> None:
        self._needs = needs
        self._parameters = parameters
        self._bodies = dict(bodies)
        self._taken = tuple(bodies)
        self._required = any(plan.required for plan in bodies.values())
        self._gather = compile_gather(parameters.branch)
        self._parameter_check = parameters.validator
        word = needs.signed_by
        leaves = [*parameters.branch.leaves.values()]
        for plan in bodies.values():
            leaves.extend(collect_fields(plan.node))
        self._signed = word is not None and any(leaf.name == word for leaf in leaves)
        self._complete = compile_completion(needs, self._signed)
        self._emits = {name: compile_emit(plan.node) for name, plan in bodies.items()}
        self._checks = {name: plan.validator for name, plan in bodies.items()}
        self._parameter_explainer = Explainer(parameters.schema)
        # Made when first needed: most servers never see a faulty message.
        self._checkers: dict[str, BodyChecker] = {}
        self._orders: dict[str | None, FieldOrder] = {}
        self._bare = not parameters.places

    def read(self, request: WireRequest) -> Message:
        """The request's records and problems. Raises NotReadable."""
        message = self._read(request, True)
        assert message is not None
        return message

    def read_in_order(self, request: WireRequest) -> Message | None:
        """The request's records when all is in order; None when it takes a closer look. Raises NotReadable."""
        return self._read(request, False)

    def outside_body(self, request: WireRequest) -> dict[str, dict[str, str]]:
        """The values of the parameters that the contract has a place for, by where they stand."""
        values: dict[str, dict[str, str]] = {"path_params": {}, "query": {}, "headers": {}}
        for where, name, _ in self._parameters.places.values():
            if where == "header":
                text, kept = request.header(name), values["headers"]
            else:
                text = (request.query if where == "query" else request.path_params).get(name)
                kept = values["query" if where == "query" else "path_params"]
            if text is not None:
                kept[name] = text
        return values

    def _read(self, request: WireRequest, closely: bool) -> Message | None:
        name, data = self._parse(request)
        given = {} if self._bare else self._collect(request)
        try:
            records = self._read_fast(name, data, given)
            if records is not None:
                return Message(
                    records, [], lambda: find_places(self._trace(name, data, given), self._parameters.branch)
                )
            return self._read_carefully(name, data, given) if closely else None
        except (RecursionError, ValueError) as error:
            # The validator answers a body some hundred levels deep with a ValueError.
            if isinstance(error, RecursionError) or "ecursion" in str(error):
                raise refuse_depth() from None
            raise

    def _parse(self, request: WireRequest) -> tuple[str | None, Any]:
        if not self._taken or (not self._required and not request.body):
            return None, None
        name = check_media_type(request.media_type, self._taken)
        plan = self._bodies[name]
        data = parse_json(request.body) if plan.parse_form is None else plan.parse_form(request.body)
        counted = self._needs.counted
        excess = find_too_many(plan.node, data)
        if excess is None and counted is not None:
            excess = find_several(plan.node, data, counted.id_field)
        if excess is not None:
            raise self._refuse_excess(excess)
        return name, data

    def _refuse_excess(self, excess: Excess) -> NotReadable:
        most, sent, path = excess
        if self._needs.counted is None:
            noun = self._needs.record
            return NotReadable("too_many", f"At most {most} {noun}s fit in one list; this one has {sent}.")
        said = self._needs.counted.refuse(most, sent)
        return NotReadable("too_many", said, (FieldProblem(None, point(path), "maxItems", said),))

    def _collect(self, request: WireRequest) -> dict[str, Any]:
        given = {}
        for place, (where, name, coerce) in self._parameters.places.items():
            if where == "header":
                text = request.header(name)
            else:
                text = (request.query if where == "query" else request.path_params).get(name)
            if text is not None:
                given[place] = coerce(text)
        return given

    def _read_fast(self, name: str | None, data: Any, given: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        outer: dict[str, Any] = {}
        records: list[dict[str, Any]] = []
        try:
            if not self._bare:
                if not self._parameter_check.is_valid(given):
                    return None
                self._gather(given, outer)
            if name is None:
                records.append(outer)
            elif self._checks[name].is_valid(data):
                self._emits[name](data, outer, records)
            else:
                return None
        except Unfit:
            return None
        return records if self._complete(records) else None

    def _trace(self, name: str | None, data: Any, given: Mapping[str, Any]) -> list[Trace]:
        outer = trace_parameters(self._parameters.branch, given)
        if name is None:
            return [Trace((), outer)]
        traces: list[Trace] = []
        trace_records(self._bodies[name].node, data, (), outer, traces)
        return traces

    def _read_carefully(self, name: str | None, data: Any, given: Mapping[str, Any]) -> Message:
        traces = self._trace(name, data, given)
        plan = None if name is None else self._bodies[name]
        order = self._orders.get(name)
        if order is None:
            order = self._orders[name] = FieldOrder({} if plan is None else plan.schema, self._parameters.places)
        diagnosis = Diagnosis(self._needs, self._parameters.branch, plan and plan.node, traces, self._signed, order)
        parameter_errors = self._parameter_check.iter_errors(given)
        diagnosis.note_parameter_faults(self._parameter_explainer.explain(parameter_errors))
        if plan is not None:
            checker = self._checkers.get(name)
            if checker is None:
                checker = self._checkers[name] = BodyChecker(plan.schema, plan.validator, plan.node)
            diagnosis.note_body_faults(checker.find_faults(data))
        diagnosis.build_records()
        return Message(diagnosis.records, diagnosis.problems, lambda: find_places(traces, self._parameters.branch))
