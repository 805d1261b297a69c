"""Every limit of the contracts is kept: a message that breaks it, and nothing else, is refused for it by name.

The limits are read from the contracts, so that a new one cannot be forgotten. They are the contracts' own words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulator import Simulator
from tests.builders import reading
from tests.ledger_judging import own_entries
from tests.registering import BASE, USERS, asset, unit
from tests.servers import WorldClient, fresh_world

LIMITS = sorted(entry.id for entry in own_entries() if "#" in entry.id)
FORM = "x-www-form-urlencoded"
MOST_READINGS = "participant/Readings#maxItems"


@pytest.fixture(scope="module")
def limited(server: Simulator) -> Iterator[WorldClient]:
    """A world for all of them: nothing that is refused is stored."""
    with fresh_world(server.url) as client:
        username, password = USERS["brindle"]
        token = client.post(f"{BASE}/authenticate", {"username": username, "password": password}).json()
        client.session.headers["Authorization"] = f"Bearer {token['access_token']}"
        yield client


@pytest.mark.parametrize("limit", [limit for limit in LIMITS if FORM not in limit and limit != MOST_READINGS])
def test_a_message_beyond_a_limit_is_refused_for_it(limited: WorldClient, limit: str) -> None:
    """wire format: all errors are listed, each with the broken rule of JSON Schema for a code."""
    path, body, pointer = _broken(limit)
    headers = {"Authorization": f"Bearer {limited.token}"} if path.startswith("/api") else {}
    answer = limited.post(path, body, headers=headers)
    assert answer.status_code == 422, answer.text
    found = [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
    assert (pointer, limit.partition("#")[2]) in found


@pytest.mark.parametrize("limit", [pytest.param(limit, marks=pytest.mark.proves(limit)) for limit in LIMITS
                                   if FORM in limit])
def test_a_form_beyond_a_limit_is_no_request_for_a_token(limited: WorldClient, limit: str) -> None:
    """RFC 6749, 5.2: a form has no list of errors; what is wrong with it is told in a sentence."""
    _, body, _ = _broken(limit.replace(f"/{FORM}", ""))
    answer = limited.request("POST", f"{BASE}/authenticate", data={"grant_type": "password", **body})
    assert answer.status_code == 400
    assert limit.split("/")[-1].partition("#")[0] in answer.json()["error_description"]


def test_every_limit_is_tried() -> None:
    """Ours: more than forty of them, over all the messages that participants send."""
    assert len(LIMITS) > 40
    assert MOST_READINGS in LIMITS
    assert {limit.split("#")[0].split("/")[1] for limit in LIMITS} == {
        "Reading", "Readings", "Asset", "Unit", "authenticate", "createAssets", "getTransactionStatus"}


def _broken(limit: str) -> tuple[str, Any, str]:
    """Path, body and the pointer of the value that breaks a limit."""
    place, _, word = limit.partition("#")
    owner, *steps = place.split("/")[1:]
    name = steps[-1] if steps else ""
    if owner == "Readings":
        return "/api/v2/readings", [], ""
    if owner == "Reading":
        body = {**reading(), name: _value(limit, word)}
        if name == "energyKwh":
            del body["powerKw"]
        return "/api/v2/readings", body, f"/{name}"
    if owner == "Asset":
        return f"{BASE}/assets", {"assets": [asset(**{name: _value(limit, word)})]}, f"/assets/0/{name}"
    if owner == "Unit":
        value = _value(limit, word)
        if place.endswith("Unit/assets") and word.endswith("Length"):
            return f"{BASE}/units", {"unit": unit(value)}, "/unit/assets/0"
        return f"{BASE}/units", {"unit": {**unit("B-1"), name: value}}, f"/unit/{name}"
    if owner == "authenticate":
        right = dict(zip(("username", "password"), USERS["brindle"], strict=True))
        return f"{BASE}/authenticate", {**right, name: _value(limit, word)}, f"/{name}"
    if owner == "createAssets":
        return f"{BASE}/assets", {"assets": _value(limit, word)}, "/assets"
    return f"{BASE}/transactions/status", {name: _value(limit, word)}, f"/{name}"


def _value(limit: str, word: str) -> Any:
    entry = next(entry for entry in own_entries() if entry.id == limit)
    text = entry.name.rpartition(" ")[2].replace(",", "")
    if word == "pattern":
        return "1800 0216 7984"
    if word == "uniqueItems":
        return ["Response", "Response"]
    bound = int(text)
    if word == "maxItems":
        return [asset(number) if "createAssets" in limit else f"B-{number}" for number in range(bound + 1)]
    return {"minLength": "x" * (bound - 1), "maxLength": "x" * (bound + 1), "minimum": bound - 1, "maximum": bound + 1,
            "exclusiveMinimum": bound, "minItems": [None] * (bound - 1)}[word]
