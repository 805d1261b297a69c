"""A list is checked item by item, so that many faults hold nobody up; what is found is what the whole check finds."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.contracts import WireRequest
from simulator.contracts.binding import BoundOperation
from simulator.contracts.explaining import Explainer
from simulator.contracts.slicing import BodyChecker

from .contract_files import HALF_PAST_FOUR, OVERRIDES, operation_of

WITH_LISTS = [name for name in ["default", *OVERRIDES]
              if name not in ("form_body", "get_in_query", "put_in_path_and_query")]
"""The contracts whose messages hold lists."""

VALUES = st.sampled_from([None, True, 3, -0.5, "x", "2026-11-02T16:30:00Z", "MU-1", [], {}, [1], {"kw": "x"}])


def plan_of(operation: BoundOperation) -> Any:
    """The schema, validator and tree of the operation's body."""
    return next(iter(operation._reader._bodies.values()))


def written(name: str) -> Any:
    """The body of two readings under a contract."""
    records = [{"meterable_unit_id": "77", "timestamp": HALF_PAST_FOUR, "power_kw": kw} for kw in (1.0, 2.0)]
    return json.loads(operation_of(name).write(records).body)


def places_of(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside a value, its own included."""
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in steps for place in places_of(value, (*path, key)))]


def put(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The value with another one at a path, where there is such a path."""
    if not path:
        return value
    for step in path[:-1]:
        node = node[step] if isinstance(node, dict | list) else None
    if isinstance(node, dict | list):
        node[path[-1]] = value
    return node


@pytest.mark.parametrize("name", WITH_LISTS)
def test_a_list_of_readings_is_checked_item_by_item(name: str) -> None:
    """Each of our contracts is of a form that can be taken apart."""
    plan = plan_of(operation_of(name))
    assert BodyChecker(plan.schema, plan.validator, plan.node)._item is not None


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(WITH_LISTS), st.data())
def test_item_by_item_finds_what_the_whole_check_finds(name: str, data: st.DataObject) -> None:
    """Up to three faults anywhere in a message: the same places, codes and sentences either way."""
    body = written(name)
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.sampled_from(places_of(body)))
        changed = put(body, place, copy.deepcopy(data.draw(VALUES)))
        body = changed if not place else body
    plan = plan_of(operation_of(name))
    whole = Explainer(plan.schema).explain(plan.validator.iter_errors(body))
    sliced = list(BodyChecker(plan.schema, plan.validator, plan.node).find_faults(body))
    assert sorted(map(repr, sliced)) == sorted(map(repr, whole))


@pytest.mark.parametrize("extension", ["x-code", "x-message"])
def test_a_list_with_words_of_its_own_is_checked_as_a_whole(extension: str) -> None:
    """x-code on the list replaces every code in it, so the list stays where it is."""
    plan = plan_of(operation_of("one_unit_a_message"))
    values = {**plan.schema["properties"]["values"], extension: "BAD"}
    schema = {**plan.schema, "properties": {**plan.schema["properties"], "values": values}}
    assert BodyChecker(schema, plan.validator, plan.node)._item is None


def test_alternatives_that_are_told_apart_by_their_items_are_checked_as_a_whole() -> None:
    """Of two kinds of list, only the items say which is meant."""
    plan = plan_of(operation_of("default"))
    listing = plan.schema["oneOf"][1]
    schema = {"oneOf": [listing, {**listing, "maxItems": 2}]}
    assert BodyChecker(schema, plan.validator, plan.node)._item is None


@pytest.mark.parametrize("name", WITH_LISTS)
def test_a_message_in_order_needs_no_closer_look(name: str) -> None:
    """`read_in_order` gives what `read` gives; the gateway answers such a message at once."""
    operation = operation_of(name)
    request = operation.write([{"meterable_unit_id": "77", "timestamp": HALF_PAST_FOUR, "power_kw": 1.0}])
    message = operation.read_in_order(request)
    assert message is not None
    assert message.records == operation.read(request).records


def test_a_faulty_message_needs_a_closer_look() -> None:
    """`read_in_order` finds no faults, it only says that there are some."""
    operation = operation_of("default")
    assert operation.read_in_order(WireRequest("POST", media_type="application/json", body=b"[{}]")) is None
