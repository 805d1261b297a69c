"""Messages of the platform that report what an answer could tell too: their body is rendered as an answer's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs
import orjson

from .answers import AnswerBuilder, Render, widen
from .bodies import is_json, name_media_type
from .explaining import Explainer
from .outbound import OutboundBinder, OutboundMessage, ValueFault
from .problems import CannotWrite, Findings
from .references import Expansion
from .routes import Route, check_path_parameters
from .vocabulary import OperationNeeds


@dataclass(frozen=True)
class OutboundReport(OutboundMessage):
    """A message of the platform whose body says what an answer of the contract could say, objects and lists included.

    What it says is given to `write` in the canonical names of the answer; times are aware datetimes or RFC 3339 texts.
    """

    _render: Render | None
    _validator: jsonschema_rs.Draft202012Validator | None
    _explainer: Explainer

    def find_faults(self, values: Mapping[str, Any]) -> list[ValueFault]:
        """The contract's own rules that these values break. Raises CannotWrite."""
        outside, body = self._place(values)
        faults = self._find_parameter_faults(outside)
        if self._validator is not None:
            errors = self._validator.iter_errors(body)
            faults.extend(ValueFault(None, fault.message) for fault in self._explainer.explain(errors))
        return faults

    def _place(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        for name in self._needs.required:
            if values.get(name) is None:
                raise CannotWrite(f"There is no {name}: the message has to say {self._needs.fields[name].meaning}.")
        row = {name: value for name, value in values.items() if value is not None and name in self._needs.fields}
        return self._place_outside(row), None if self._render is None else self._render(widen(values))


@dataclass(frozen=True)
class _Body:
    """A body: its content type, what makes it, its schema, and the names that have a place in it."""

    media_type: str = ""
    render: Render | None = None
    validator: jsonschema_rs.Draft202012Validator | None = None
    schema: dict[str, Any] = field(default_factory=dict)
    said: frozenset[str] = frozenset()


class _ReportBinder(OutboundBinder):
    def choose_report(self, sample: Mapping[str, Any]) -> _Body:
        """The first JSON body that the message has."""
        content = (self.route.operation.get("requestBody") or {}).get("content") or {}
        path = (*self.route.path, "requestBody")
        if not content:
            return _Body()
        if self.route.method == "GET":
            self.findings.add(path, "GET carries no body.", "Use post or put.")
        written = next((one for one in content if is_json(name_media_type(one))), None)
        if written is None:
            first = next(iter(content))
            mend = "Use application/json, or a name ending in +json."
            self.findings.add((*path, "content", first), f"The simulator cannot write {', '.join(content)} here.", mend)
            self.complete = False
            return _Body()
        media = content[written] if isinstance(content[written], dict) else {}
        schema = media.get("schema") if isinstance(media.get("schema"), dict) else {}
        validator = self.compile(schema)
        if validator is None:
            return _Body()
        builder = AnswerBuilder(sample, self.needs.answer_words, self.expansion, self.findings)
        render = builder.build_body(schema, path)
        builder.check_sample(lambda: orjson.dumps(render(widen(sample))), schema, path)
        return _Body(written, render, validator, schema, frozenset(builder.said))


def bind_report(route: Route, needs: OperationNeeds, expansion: Expansion, findings: Findings) -> OutboundReport:
    """The compiled message of a webhook that reports; faults go to `findings`."""
    assert needs.report is not None
    binder = _ReportBinder(route, needs, expansion, findings)
    check_path_parameters(route, findings)
    parameters = binder.plan_parameters()
    styles = binder.find_styles(parameters)
    body = binder.choose_report(needs.report)
    placed = body.said | {leaf.name for leaf in parameters.branch.leaves.values()}
    for name in needs.required:
        if name not in placed:
            binder.want_place([name])
    return OutboundReport(
        route.operation_id, route.method, route.template, body.media_type, route, False, binder.carried,
        needs, parameters, None, styles, {}, False, body.render, body.validator,
        Explainer(body.schema),
    )  # fmt: skip
