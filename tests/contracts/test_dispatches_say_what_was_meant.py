"""Any dispatch, written by any contract, says the same to parsers that are not ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, unquote

from hypothesis import given, settings
from hypothesis import strategies as st

from .dispatch_messages import INSTRUCTIONS, message_of

MOMENTS = st.integers(0, 4_000_000_000).map(lambda s: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
MILLIWATTS = st.integers(-10_000_000_000_000, 10_000_000_000_000)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@st.composite
def dispatches(draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXTS, step: int = 1) -> dict[str, Any]:
    """Any dispatch; power in whole milliwatts, as the simulator keeps it, or in whole `step`s of them."""
    return {
        "dispatch_id": draw(texts), "instruction": draw(st.sampled_from(INSTRUCTIONS)),
        "start_time": draw(MOMENTS), "end_time": draw(MOMENTS),
        "power_change_kw": Decimal(draw(MILLIWATTS) // step * step) / 1_000_000,
        "meterable_unit_ids": tuple(draw(st.lists(texts, min_size=1, max_size=4)))}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@settings(max_examples=300, deadline=None)
@given(dispatches())
def test_json_says_every_value(values: dict[str, Any]) -> None:
    """The default contract, read by the standard library; power to the milliwatt."""
    body = json.loads(message_of("default").write(values).body, parse_float=Decimal)
    assert list(body) == ["dispatchId", "instruction", "startTime", "endTime", "powerChangeKw", "meterableUnitIds"]
    assert {
        "dispatch_id": body["dispatchId"], "instruction": body["instruction"].lower(),
        "start_time": moment(body["startTime"]), "end_time": moment(body["endTime"]),
        "power_change_kw": body["powerChangeKw"], "meterable_unit_ids": tuple(body["meterableUnitIds"]),
    } == values


@settings(max_examples=200, deadline=None)
@given(dispatches())
def test_a_form_says_every_value(values: dict[str, Any]) -> None:
    """form_repeated, read by the standard library: spaces, ampersands, any letter."""
    pairs = parse_qs(message_of("form_repeated").write(values).body.decode("ascii"), keep_blank_values=True)
    assert pairs["dispatchId"] == [values["dispatch_id"]]
    assert pairs["meterableUnitIds"] == list(values["meterable_unit_ids"])
    assert Decimal(pairs["powerChangeKw"][0]) == values["power_change_kw"]
    assert moment(pairs["endTime"][0]) == values["end_time"]


@settings(max_examples=200, deadline=None)
@given(dispatches())
def test_a_query_says_every_value(values: dict[str, Any]) -> None:
    """get_repeated: everything in the query, which is plain ASCII."""
    query = parse_qs(message_of("get_repeated").write(values).query, keep_blank_values=True, strict_parsing=True)
    assert (query["id"], query["unit"]) == ([values["dispatch_id"]], list(values["meterable_unit_ids"]))
    assert Decimal(query["kw"][0]) == values["power_change_kw"]
    assert moment(query["a"][0] + "Z") == values["start_time"]


@settings(max_examples=200, deadline=None)
@given(dispatches(texts=st.from_regex(r"[!-~]{1,20}", fullmatch=True).filter(lambda text: text not in (".", ".."))))
def test_a_path_says_the_id_and_stays_one_step(values: dict[str, Any]) -> None:
    """put_with_id_in_path: slashes, question marks and dots in an id lead nowhere else."""
    path = message_of("put_with_id_in_path").write(values).path
    _, events, step, _ = path.split("/")
    assert (events, unquote(step)) == ("events", values["dispatch_id"])


@settings(max_examples=300, deadline=None)
@given(dispatches(step=1_000))
def test_watts_turned_round_are_the_same_power(values: dict[str, Any]) -> None:
    """watts_demand_positive: exact, for every whole watt."""
    body = json.loads(message_of("watts_demand_positive").write(values).body)
    assert Decimal(-body["watts"]) / 1_000 == values["power_change_kw"]


@settings(max_examples=200, deadline=None)
@given(dispatches())
def test_megawatts_with_a_word_are_the_same_power(values: dict[str, Any]) -> None:
    """direction: text in MW and UP or DOWN; exact to the milliwatt."""
    body = json.loads(message_of("direction").write(values).body)
    amount = Decimal(body["mw"]) * 1_000
    assert (amount if body["way"] == "UP" else -amount) == values["power_change_kw"]
    assert not body["mw"].startswith("-")
