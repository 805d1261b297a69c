"""Dispatch V2 Testing (portal guide §3.1): the form, the message that goes out, and the black box with the result."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from tests.contracts.dispatch_messages import FOLDER, text_with
from tests.endpoints import GOOD, Behaviour, endpoint, make_authority, reads_and_waits, says
from tests.overrides.calling import FIXTURE, sign_in_to
from tests.pages import PageClient
from tests.servers import WorldClient, fresh_world, running
from tests.stories.browsing import Visitor
from tests.stories.endpoints_of_brindle import (
    GOOD_MESSAGE,
    SECRET,
    TESTING,
    black_box,
    errors_at,
    everything_kept,
    folded,
    head_and_body,
    is_waiting,
    send_message,
    set_endpoint,
    when_done,
)

BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nRetry-After: 1\r\n\r\nbusy"
MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def hasty() -> Iterator[PageClient]:
    """The demo user in a world of a server that waits one second for an answer."""
    with running(dispatch_timeout_seconds=1) as simulator, fresh_world(simulator.url) as world:
        yield sign_in_to(world)


@pytest.mark.proves("page/Dispatch V2 Testing")
def test_the_form_has_the_guides_words(client: PageClient) -> None:
    """Portal guide §3.1 (documented): the fields, the drop-down, the button; half-hours to begin with are ours."""
    page = client.get(TESTING)
    form = page.form("Send V2 Message")
    assert [label.text for label in form.find_all("label")] == [
        "Dispatch ID", "Instruction", "Start", "End", "Power change", "MU IDs"]
    assert [option.text for option in form.find_all("option")] == ["START", "STOP", "EMERGENCY_STOP"]
    assert form.find("input", id="start_time")["value"] == "2026-11-02T17:30"
    assert form.find("input", id="end_time")["value"] == "2026-11-02T18:30"
    assert any(link.endswith("/meterable-units") for link in page.links())


def test_without_a_url_the_page_says_where_to_enter_it(client: PageClient, world: WorldClient) -> None:
    page = client.submit(client.get(TESTING), "Send V2 Message", GOOD_MESSAGE)
    assert "There is nowhere to send to yet." in page.alerts[0]
    assert any(link.endswith("/api-testing/dispatch-settings") for link in page.links())
    assert page.tree.find("input", id="dispatch_id")["value"] == "TEST-1"
    assert world.journal("http.out") == []


def test_every_error_stands_at_its_field(client: PageClient, world: WorldClient) -> None:
    """All at once, and what was typed is shown again."""
    set_endpoint(client, "http://127.0.0.1:9")
    wrong = {"dispatch_id": "x" * 101, "instruction": "explode", "start_time": "tomorrow", "end_time": "",
             "power_change_kw": "12,5 kW", "meterable_unit_ids": "MU-1001, MU-2001,MU-9, MU-1001"}
    page = client.submit(client.get(TESTING), "Send V2 Message", wrong)
    assert errors_at(page) == {
        "dispatch_id": ["A Dispatch ID has at most 100 characters here; this one has 101."],
        "instruction": ["Choose an instruction."],
        "start_time": ["Enter a date and a time, such as 2026-11-02T16:00, without an offset: it is London time."],
        "end_time": ["Enter the end time."],
        "power_change_kw": ["Enter a number of kW without a unit, such as 150 or -12.5."],
        "meterable_unit_ids": ["MU-2001 is not one of your Meterable Units.",
                               "MU-9 is not one of your Meterable Units.", "MU-1001 is named 2 times."]}
    assert page.tree.find("input", id="meterable_unit_ids")["value"] == wrong["meterable_unit_ids"]
    assert page.title.startswith("Error: ")
    assert world.journal("http.out") == []


@pytest.mark.parametrize(("field", "text", "message"), [
    ("end_time", "2026-11-02T17:30", "The end must be later than the start."),
    ("start_time", "2027-03-28T01:30", "There is no 01:30 on that day in London"),
    ("start_time", "2026-11-02T17:30Z", "without an offset"), ("start_time", "0001-01-01T00:00", "Enter a year from"),
    ("power_change_kw", "0.1234567", "At most six decimals"), ("power_change_kw", "NaN", "Enter a number of kW"),
    ("power_change_kw", "10000000.1", "up to 10,000,000 kW"), ("power_change_kw", "", "Enter the power change"),
    ("dispatch_id", "a\tb", "cannot be seen"), ("meterable_unit_ids", " , ", "Enter at least one ID")])
def test_what_cannot_be_sent_is_explained(client: PageClient, field: str, text: str, message: str) -> None:
    set_endpoint(client, "http://127.0.0.1:9")
    end = {"end_time": "2028-01-01T00:00"} if field == "start_time" else {}
    page = client.submit(client.get(TESTING), "Send V2 Message", {**GOOD_MESSAGE, **end, field: text})
    found = errors_at(page)
    assert list(found) == [field]
    assert message in found[field][0]


@pytest.mark.proves("rule/dispatch_tests.once")
def test_the_black_box_has_the_guides_three_lines(client: PageClient, world: WorldClient) -> None:
    """Portal guide §3.1 (documented): the url, the parameters, and whether it was a success."""
    with endpoint(says(GOOD)) as running_endpoint:
        set_endpoint(client, running_endpoint.url)
        page = send_message(client, power_change_kw="-12.5")
        first, headers, body = head_and_body(running_endpoint.requests[0])
    lines = black_box(page)
    assert lines[0] == running_endpoint.url
    assert lines[1] == ("Dispatch ID: TEST-1, Dispatch Instruction: START, Dispatch start: Mon 02 Nov 2026 17:30 GMT, "
                        "Dispatch stop: Mon 02 Nov 2026 18:30 GMT, Power Change: −12.5 kW, "
                        "Meterable Unit IDs: MU-1001, MU-1002")
    assert lines[2].startswith("Success: Your endpoint answered 200 OK within ")
    assert first == "POST /dispatch HTTP/1.1"
    assert (headers["X-Test"], headers["X-Dispatch-Id"], headers["X-Attempt"]) == ("true", "TEST-1", "1")
    assert json.loads(body) == {
        "dispatchId": "TEST-1", "instruction": "START", "startTime": "2026-11-02T17:30:00Z",
        "endTime": "2026-11-02T18:30:00Z", "powerChangeKw": -12.5, "meterableUnitIds": ["MU-1001", "MU-1002"]}
    request = folded(page, "The request")
    assert request.startswith(f"POST {running_endpoint.url}/dispatch\n")
    assert request.endswith("\n\n" + body.decode())
    assert folded(page, "The answer") == "200 OK\nContent-Length: 2\n\nok"
    [out] = world.journal("http.out")
    assert (out["data"]["surface"], out["data"]["dispatch"], out["data"]["status"]) == ("dispatch", "TEST-1", 200)
    assert len(world.journal("message.delivered")) == 1
    assert page.tree.find("input", id="power_change_kw")["value"] == "-12.5"


def test_times_are_londons(client: PageClient) -> None:
    """In summer, 17:30 in London is 16:30 UTC."""
    with endpoint(says(GOOD)) as running_endpoint:
        set_endpoint(client, running_endpoint.url)
        page = send_message(client, start_time="2027-07-01T17:30", end_time="2027-07-01T18:00")
        body = json.loads(head_and_body(running_endpoint.requests[0])[2])
    assert (body["startTime"], body["endTime"]) == ("2027-07-01T16:30:00Z", "2027-07-01T17:00:00Z")
    assert "Dispatch start: Thu 01 Jul 2027 17:30 BST" in black_box(page)[1]
    assert page.tree.find("input", id="start_time")["value"] == "2027-07-01T17:30"


@pytest.mark.parametrize(("behaviour", "words"), [
    (says(BUSY), "answered 503 Service Unavailable"), (says(MISSING), "answered 404 Not Found"),
    (reads_and_waits, "within 1 s"), (says(b"SSH-2.0-OpenSSH\r\n"), "is not HTTP"),
    (says(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf"), "closed the connection")],
    ids=["503", "404", "never", "no http", "half"])
def test_a_failure_is_told_in_words(hasty: PageClient, behaviour: Behaviour, words: str) -> None:
    """A test is sent once, whatever came of it."""
    with endpoint(behaviour) as running_endpoint:
        set_endpoint(hasty, running_endpoint.url)
        page = send_message(hasty)
        assert len(running_endpoint.requests) == 1
    last = black_box(page)[2]
    assert last.startswith("No success: ") and words in last, last


def test_where_nothing_listens(client: PageClient) -> None:
    set_endpoint(client, "http://127.0.0.1:9")
    page = send_message(client)
    assert black_box(page)[2].startswith("No success: Nothing listens on 127.0.0.1 port 9: connection refused.")
    assert "There was no answer." in page.content.text


def test_a_redirect_is_not_followed(client: PageClient) -> None:
    answer = "HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: "
    with endpoint(says(GOOD)) as other, endpoint(says(f"{answer}{other.url}\r\n\r\n".encode())) as first:
        set_endpoint(client, first.url)
        page = send_message(client)
        assert other.requests == []
    assert "a redirect. Redirects are not followed" in black_box(page)[2]


def test_tls_that_is_not_trusted(client: PageClient, tmp_path: Path) -> None:
    with endpoint(says(GOOD), make_authority(tmp_path, "127.0.0.1").server) as running_endpoint:
        set_endpoint(client, running_endpoint.url.replace("http:", "https:"))
        page = send_message(client)
        assert running_endpoint.requests == []
    assert "The certificate of 127.0.0.1 was not accepted" in black_box(page)[2]


def test_the_proof_of_the_sender(client: PageClient, world: WorldClient) -> None:
    """wire (assumed): X-Signature is the HMAC of the body; an endpoint that sends everything back tells no secret."""
    answer = f"HTTP/1.1 200 OK\r\nX-Api-Token: abc\r\nContent-Length: {len(SECRET)}\r\n\r\n{SECRET}".encode()
    with endpoint(says(answer)) as running_endpoint:
        set_endpoint(client, running_endpoint.url, "hmac", SECRET)
        pages = [send_message(client)]
        set_endpoint(client, running_endpoint.url, "bearer")
        pages.append(send_message(client, dispatch_id="TEST-2"))
        (_, signed, body), (_, bearer, _) = map(head_and_body, running_endpoint.requests)
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert signed["X-Signature"] == f"sha256={signature}"
    assert bearer["Authorization"] == f"Bearer {SECRET}"
    assert "X-Signature: ***" in folded(pages[0], "The request")
    assert "Authorization: Bearer ***" in folded(pages[1], "The request")
    assert "X-Api-Token: ***" in folded(pages[0], "The answer")
    for page in pages:
        assert SECRET not in page.html and signature not in page.html
    assert signature not in everything_kept(world) and SECRET not in everything_kept(world)


def test_past_tests_are_listed_and_linked(client: PageClient) -> None:
    with endpoint(says(GOOD)) as running_endpoint:
        set_endpoint(client, running_endpoint.url)
        send_message(client, dispatch_id="TEST-A")
    set_endpoint(client, "http://127.0.0.1:9")
    send_message(client, dispatch_id="<TEST-B>", instruction="emergency_stop")
    page = client.get(TESTING)
    assert [(row[0], row[2], row[3]) for row in page.rows()] == [
        ("<TEST-B>", "EMERGENCY_STOP", "✗ no success: connection refused"), ("TEST-A", "START", "✓ success: 200 OK")]
    link = page.content.find("tbody").find_all("a")[1]["href"]
    older = client.get(link.partition("#")[0][link.index("/api-testing"):])
    # The box keeps the url that it was sent to.
    assert black_box(older)[0] == running_endpoint.url


def test_tests_of_others_are_not_found(client: PageClient, world: WorldClient) -> None:
    set_endpoint(client, "http://127.0.0.1:9")
    page = send_message(client)
    number = page.url.rpartition("/")[2].partition("#")[0]
    assert client.get(f"{TESTING}/{int(number) + 1}", status=404).heading == "Not Found"
    assert client.get(f"{TESTING}/99999999999999999999", status=404)
    for path in (f"/api-testing/dispatch-settings/checks/{number}", f"{TESTING}/0"):
        client.get(path, status=404)
    stranger = PageClient(client.url)
    stranger.get_redirected(f"{TESTING}/{number}", to="/sign-in")


def test_another_organisation_sees_nothing_of_it(frozen_world: WorldClient) -> None:
    """Two users of one world: neither page nor progress of the other's message is there."""
    settled = PageClient(frozen_world.url)
    page = settled.submit(settled.get("/sign-in"), "Log in", {
        "email": "desk@settled.example", "password": "Settled-story-2026"}, to="/sign-in/code")
    settled.submit(page, "Verify", {"code": frozen_world.code("settled")}, to="/meterable-units")
    set_endpoint(settled, "http://127.0.0.1:9")
    page = send_message(settled, meterable_unit_ids="MU-4001")
    path = page.url.removeprefix(settled.url).partition("#")[0]
    assert settled.raw("GET", f"{path}/progress").json() == {"underWay": False}
    others = [each["id"] for each in frozen_world.get("/_sim/participants").json()["participants"]]
    assert len(others) > 1
    assert settled.get(path.replace(path.rpartition("/")[2], "1000"), status=404)


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.yaml")))
def test_a_changed_contract_is_followed(tmp_path: Path, name: str) -> None:
    """Form, black box and message follow the contract in force, and so does the Documentation page."""
    file = tmp_path / "mine.yaml"
    file.write_text(text_with((FOLDER / f"{name}.yaml").read_text()))
    with running(fixture=str(FIXTURE), contracts={"participant": file}) as simulator, \
            fresh_world(simulator.url, fixture=str(FIXTURE)) as world, endpoint(says(GOOD)) as running_endpoint:
        client = sign_in_to(world)
        set_endpoint(client, running_endpoint.url)
        page = send_message(client, dispatch_id="20261102")
        first, headers, body = head_and_body(running_endpoint.requests[0])
        documented = client.get("/documentation/participant-api")
    assert black_box(page)[2].startswith("Success: ")
    method, target, _ = first.split(" ")
    words = [option.text for option in page.form("Send V2 Message").find_all("option")]
    assert documented.tree.find(class_="route-out").text.startswith(f"{method} {{your base url}}")
    if name == "other_words":
        assert words == ["HALT", "1", "OFF"]
        assert json.loads(body)["instruction"] == 1 and json.loads(body)["dispatchId"] == 20261102
    elif name == "put_with_id_in_path":
        assert (method, target.partition("?")[0]) == ("PUT", "/events/20261102/begin")
        assert words == ["begin", "end", "halt"] and headers["X-Units"] == "MU-1001,MU-1002"
    elif name == "renamed":
        assert json.loads(body)["eventRef"] == "20261102" and target == "/flex/v3/instructions"
        assert headers["Content-Type"] == "application/vnd.example.flex+json"
    elif name == "form":
        assert parse_qs(body.decode())["meterableUnitIds"] == ["MU-1001,MU-1002"]
    elif name == "get_in_query":
        assert (method, body) == ("GET", b"") and "id=20261102" in target


def test_the_contracts_own_rules_are_told_at_their_fields(tmp_path: Path) -> None:
    """What this contract cannot say, or forbids, at the field that it is about, and nothing is sent."""
    def errors_with(name: str, **changes: str) -> dict[str, list[str]]:
        file = tmp_path / f"{name}.yaml"
        given = "get_in_query" if name == "id_in_header" else name
        text = text_with((FOLDER / f"{given}.yaml").read_text())
        if given != name:
            text = text.replace("in: query\n        name: id", "in: header\n        name: id")
        file.write_text(text)
        with running(fixture=str(FIXTURE), contracts={"participant": file}) as simulator, \
                fresh_world(simulator.url, fixture=str(FIXTURE)) as world:
            client = sign_in_to(world)
            set_endpoint(client, "http://127.0.0.1:9")
            page = client.submit(client.get(TESTING), "Send V2 Message", {**GOOD_MESSAGE, **changes})
            assert world.journal("http.out") == []
            return errors_at(page)

    assert list(errors_with("other_words", dispatch_id="D-1", power_change_kw="x")) == [
        "dispatch_id", "power_change_kw"]
    assert list(errors_with("put_with_id_in_path", dispatch_id="D" * 21)) == ["dispatch_id"]
    assert list(errors_with("id_in_header", dispatch_id="Dü")) == ["dispatch_id"]
    assert list(errors_with("watts_demand_positive", power_change_kw="0.00001")) == ["power_change_kw"]


def test_a_test_in_the_browser(signed_in: Visitor, world: WorldClient) -> None:
    """Settings, form, black box; a slow endpoint is waited for, and the result comes by itself."""
    page = signed_in.page
    with endpoint(says(GOOD)) as quick, endpoint(reads_and_waits) as slow:
        for url, dispatch_id in ((quick.url, "TEST-1"), (slow.url, "TEST-2")):
            signed_in.open_menu("API Testing", "Dispatch Settings")
            page.get_by_label("Participant endpoint base url").fill(url)
            signed_in.button("Save").click()
            signed_in.sees("Saved.")
            signed_in.open_menu("API Testing", "Dispatch V2 Testing")
            page.get_by_label("Dispatch ID").fill(dispatch_id)
            page.get_by_label("Instruction").select_option("STOP")
            page.get_by_label("Power change").fill("150")
            page.get_by_label("MU IDs").fill("MU-1001")
            signed_in.button("Send V2 Message").click()
            if url == quick.url:
                signed_in.sees("Success: Your endpoint answered 200 OK")
                expect(page.locator(".black-box")).to_be_in_viewport()
        signed_in.sees("Under way: no answer yet")
        slow.over.set()
        signed_in.sees("No success: ")
    page.get_by_text("The request as it was sent").click()
    expect(page.get_by_role("region", name="The request")).to_contain_text("X-Test: true")
    page.get_by_role("link", name="TEST-1").click()
    signed_in.sees("Success: ")


def test_without_javascript_the_page_loads_again_by_itself(client: PageClient) -> None:
    """While it is under way, and no longer."""
    with endpoint(reads_and_waits) as slow:
        set_endpoint(client, slow.url)
        page = client.submit(client.get(TESTING), "Send V2 Message", GOOD_MESSAGE, to=f"{TESTING}/")
        assert black_box(page)[2] == "Under way: no answer yet"
        assert page.tree.find("head").find("noscript").find("meta", content="2")["http-equiv"] == "refresh"
        progress = f"{page.url.removeprefix(client.url).partition('#')[0]}/progress"
        slow.over.set()
        page = when_done(client, page)
    assert page.tree.find("head").find_all("noscript") == []
    assert client.raw("GET", progress).json() == {"underWay": False}


def test_a_quick_answer_needs_no_second_look(client: PageClient) -> None:
    """The first page after the button has the result: it is held back for a moment."""
    with endpoint(says(GOOD)) as running_endpoint:
        set_endpoint(client, running_endpoint.url)
        page = client.submit(client.get(TESTING), "Send V2 Message", GOOD_MESSAGE, to=f"{TESTING}/")
    assert not is_waiting(page)
    assert when_done(client, page) is page
