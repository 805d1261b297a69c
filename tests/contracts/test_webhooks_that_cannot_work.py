"""A webhook that cannot work is refused at load, with every problem, its line and how to mend it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.contracts import CannotWrite, ContractUnusable

from .contract_files import load_text, problems_after
from .dispatch_messages import (
    DISPATCH,
    WEBHOOKS,
    contract_with,
    hook_of,
    message_after,
    schema_of,
)
from .test_contracts_that_cannot_work import JUNK, list_places

Edit = Callable[[dict[str, Any]], object]
HOOK = "webhooks > dispatch > post"


def on(name: str, **changes: Any) -> Edit:
    """Change a property of the message; None takes a key away."""
    def edit(document: dict[str, Any]) -> None:
        part = schema_of(document)["properties"][name]
        for key, value in changes.items():
            part.pop(key.replace("_", "-"), None)
            if value is not None:
                part[key.replace("_", "-")] = value
    return edit


def without(name: str) -> Edit:
    """A message that has no such property."""
    def edit(document: dict[str, Any]) -> None:
        schema = schema_of(document)
        del schema["properties"][name]
        schema["required"].remove(name)
    return edit


def with_property(name: str, required: bool = False, **schema: Any) -> Edit:
    """A message with another property."""
    def edit(document: dict[str, Any]) -> None:
        schema_of(document)["properties"][name] = {key.replace("_", "-"): value for key, value in schema.items()}
        if required:
            schema_of(document)["required"].append(name)
    return edit


def with_parameter(**parameter: Any) -> Edit:
    """A message with a parameter."""
    described = {"schema": {"type": "string"}, **{key.replace("_", "-"): value for key, value in parameter.items()}}
    described["in"] = described.pop("where")
    return lambda document: hook_of(document).update(parameters=[described])


def with_path(path: Any) -> Edit:
    """The message at another path."""
    return lambda document: document["webhooks"]["dispatch"].update({"x-path": path})


def with_method(method: str) -> Edit:
    """The message by another method."""
    def edit(document: dict[str, Any]) -> None:
        item = document["webhooks"]["dispatch"]
        item[method] = item.pop("post")
    return edit


def with_body(media_type: str, **media: Any) -> Edit:
    """The message in another content type."""
    def edit(document: dict[str, Any]) -> None:
        content = hook_of(document)["requestBody"]["content"]
        content[media_type] = {**content.pop("application/json"), **media}
    return edit


def in_a_list(document: dict[str, Any]) -> None:
    """The whole message as an item of a list that does not say so."""
    hook_of(document)["requestBody"]["content"]["application/json"]["schema"] = {
        "type": "array", "items": schema_of(document)}


def twice(document: dict[str, Any]) -> None:
    """Two webhooks of one name."""
    document["webhooks"]["again"] = copy.deepcopy(document["webhooks"]["dispatch"])


def in_paths(document: dict[str, Any]) -> None:
    """The message described as a route."""
    document["paths"]["/dispatch"] = {"post": hook_of(document)}


FORM = "application/x-www-form-urlencoded"
WORDS = {"START": "start", "STOP": "stop"}
BROKEN: dict[str, tuple[Edit, str, str]] = {
    **{f"no {name}": (without(name), HOOK, f"sendDispatch has no place for {canonical} (")
       for name, canonical in (("dispatchId", "dispatch_id"), ("instruction", "instruction"),
                               ("startTime", "start_time"), ("endTime", "end_time"),
                               ("powerChangeKw", "power_change_kw"), ("meterableUnitIds", "meterable_unit_ids"))},
    "a field in two places": (with_property("id", type="string", x_canonical="dispatch_id"), "id",
                              "id and dispatchId both stand for dispatch_id"),
    "a field in body and query": (with_parameter(where="query", name="id", x_canonical="dispatch_id"), "dispatchId",
                                  "both stand for dispatch_id"),
    "unknown canonical name": (on("powerChangeKw", x_canonical="power_kw"), "powerChangeKw",
                               "power_kw is not a field of sendDispatch"),
    "path parameter not declared": (with_path("/dispatch/{id}"), HOOK, "The path has {id}, and no parameter says"),
    "path parameter not in the path": (with_parameter(where="path", name="v", required=True, example="1"), "parameters",
                                       "v is not in the path"),
    "no path": (lambda d: d["webhooks"]["dispatch"].pop("x-path"), "webhooks > dispatch",
                "does not say where its message is sent"),
    **{f"path {path}": (with_path(path), "x-path", "is no path below a base url")
       for path in ("dispatch", "https://fsp.example/dispatch", "/a b", "/a?b=1", "/a#b", "/{a", "/a}", "/é")},
    "path of the wrong kind": (with_path(["/dispatch"]), "x-path", "wrong kind"),
    "word without a meaning": (on("instruction", x_words={**WORDS, "EMERGENCY_STOP": "halt"}), "x-words",
                               "has no meaning we know"),
    "word not mapped": (on("instruction", x_words=WORDS), "x-words", "says nothing about 'EMERGENCY_STOP'"),
    "words without x-words": (on("instruction", x_words=None), "instruction", "has no meaning we know"),
    "no word for an instruction": (on("instruction", enum=["START", "STOP"], x_words=WORDS), "instruction",
                                   "instruction has no word for emergency_stop"),
    "XML": (with_body("application/xml"), "application/xml", "cannot write application/xml"),
    "GET with a body": (with_method("get"), "requestBody", "GET carries no body"),
    "a method without a message": (with_method("head"), "head", "HEAD carries no message"),
    "a form that is a list": (lambda d: (in_a_list(d), schema_of(d)["items"].update({"x-record": "dispatch"}),
                                         with_body(FORM)(d)), FORM, "holds names and values"),
    "a list of who knows what": (in_a_list, "schema", "does not say what one record is"),
    "unknown record": (lambda d: schema_of(d).update({"x-record": "reading"}), "x-record", "no record of this"),
    "unknown operation": (lambda d: hook_of(d).update(operationId="sendDispach"), "operationId",
                          "is no message that this platform sends"),
    "no operation": (lambda d: hook_of(d).pop("operationId"), "webhooks", "No webhook has operationId: sendDispatch"),
    "two webhooks": (twice, "again > post > operationId", "stands on a second webhook"),
    "described as a route": (in_paths, "paths > /dispatch > post", "no operation of this platform"),
    "unknown unit": (on("powerChangeKw", x_unit="GW"), "x-unit", "not a unit we know"),
    "sign and direction": (with_property("direction", enum=["generation", "demand"]), "x-sign", "both give this"),
    "a number as time": (on("endTime", type="integer", format=None), "endTime", "does not say of what"),
    "units that are no list": (on("meterableUnitIds", type="number", items=None), "meterableUnitIds", "no list of ids"),
    "units as objects without an id": (on("meterableUnitIds", items={"type": "object", "properties": {"a": {}}}),
                                       "meterableUnitIds", "no list of ids"),
    "an id that is a list": (on("dispatchId", type="array"), "dispatchId", "has to be a single value"),
    "a required stranger": (with_property("batch", required=True, type="string"), "batch",
                            "does not know what to put there."),
    "a message that breaks its own schema": (on("powerChangeKw", type="boolean"), HOOK, "not fit its own schema"),
    "a cookie": (with_parameter(where="cookie", name="c", required=True), "parameters", "cannot send the parameter c"),
    "no header's name": (with_parameter(where="header", name="X Y", required=True, example="1"), "parameters",
                         "'X Y' is no name of a header"),
    "an unknown style": (with_body(FORM, encoding={"meterableUnitIds": {"style": "deepObject"}}), "meterableUnitIds",
                         "style: deepObject cannot be written"),
    "a reference to nothing": (lambda d: d["webhooks"].update(dispatch={"$ref": "#/components/pathItems/X"}), "$ref",
                               "not there"),
    "a rule that is none": (on("dispatchId", maxLength="many"), "maxLength", "no rule JSON Schema knows"),
    "a misspelt extension": (on("powerChangeKw", x_units="kW"), "x-units", "x-units does nothing"),
    "a half-done rename": (lambda d: schema_of(d).update(required=["dispatchID"], additionalProperties=False),
                           "required", "no property of this object has that name"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_webhook_that_cannot_work_is_refused(name: str, tmp_path: Path) -> None:
    """Each fault is named with its place, its line, what is wrong and how to mend it."""
    edit, where, what = BROKEN[name]
    problems = problems_after(tmp_path, edit)
    problem = next((one for one in problems if what in one.what and where in one.where), None)
    assert problem, "\n".join(map(str, problems))
    assert problem.line is not None
    assert problem.mend.endswith(".")


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    """Routes and webhooks alike: nobody mends one to be told of the next."""
    def edit(document: dict[str, Any]) -> None:
        on("instruction", x_words=WORDS)(document)
        on("endTime", x_canonical="until")(document)
        with_path("/dispatch/{id}")(document)
        document["paths"]["/api/v2/readings"]["post"]["responses"]["422"]["x-outcome"] = "refused"
    said = [problem.what for problem in problems_after(tmp_path, edit)]
    assert len(said) == 6  # a word without a mapping and without a meaning; an unknown name and no place for end_time


def test_a_place_is_not_missed_where_the_body_cannot_be_read(tmp_path: Path) -> None:
    """With an XML body nobody knows what is in it, so nothing is called absent."""
    (problem,) = problems_after(tmp_path, with_body("application/xml"))
    assert "cannot write" in problem.what


def test_a_message_described_as_a_route_is_sent_to_webhooks(tmp_path: Path) -> None:
    """Who writes it below paths is told where it belongs."""
    problem = next(one for one in problems_after(tmp_path, in_paths) if "no operation" in one.what)
    assert "describe it below webhooks" in problem.mend


@pytest.mark.parametrize("path", ["", "/", "/a/b-c_d.e~f", "/a/{id}:start", "/%20"])
def test_paths_that_can_be_sent_to(path: str, tmp_path: Path) -> None:
    """Anything that may stand in a path of a request."""
    def edit(document: dict[str, Any]) -> None:
        with_path(path)(document)
        if "{id}" in path:
            without("dispatchId")(document)
            with_parameter(where="path", name="id", required=True, x_canonical="dispatch_id")(document)
    document = copy.deepcopy(contract_with("default").document)
    edit(document)
    message = load_text(tmp_path, yaml.safe_dump(document)).outbound["sendDispatch"]
    assert message.write(DISPATCH).path == path.replace("{id}", "20261102")


def test_limits_of_the_contract_are_no_fault_of_it(tmp_path: Path) -> None:
    """A pattern or a limit that our sample would break is the contract's right."""
    def edit(schema: dict[str, Any]) -> None:
        schema["properties"]["dispatchId"]["pattern"] = "^[A-Z]{3}$"
        schema["properties"]["powerChangeKw"]["maximum"] = 5
    message = message_after(tmp_path, edit)
    assert {fault.field for fault in message.find_faults(DISPATCH)} == {"dispatch_id", "power_change_kw"}


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["default", *WEBHOOKS]), st.data())
def test_no_edit_of_a_webhook_crashes_the_loader(tmp_path: Path, name: str, data: st.DataObject) -> None:
    """Whatever a user writes into a webhook, it loads and writes, or is refused with its problems."""
    document = copy.deepcopy(contract_with(name).document)
    place = data.draw(st.sampled_from(list_places(document["webhooks"])))
    node = document["webhooks"]
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = data.draw(JUNK)
    try:
        message = load_text(tmp_path, yaml.safe_dump(document)).outbound["sendDispatch"]
    except ContractUnusable as error:
        assert error.problems
        return
    try:
        message.write(DISPATCH)
        message.find_faults(DISPATCH)
        message.words_of("instruction")
    except CannotWrite as error:
        assert error.reason.endswith(".")
