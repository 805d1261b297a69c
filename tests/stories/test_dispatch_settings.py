"""Dispatch Settings (portal guide §3.1): where dispatch messages go, who may be sent to, and the connection's check."""

from __future__ import annotations

import hashlib
import hmac
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from simulator.market.outbox import Endpoint
from simulator.outbound.endpoint_rules import judge_endpoint, merge_endpoint
from tests.builders import faults, kinds_of, refusal
from tests.endpoints import GOOD, endpoint, make_authority, reads_and_waits, says
from tests.pages import PageClient
from tests.portal import EMAIL, PASSWORD
from tests.servers import WorldClient, fresh_world, running
from tests.stories.browsing import Visitor
from tests.stories.endpoints_of_brindle import (
    SECRET,
    SETTINGS,
    check_connection,
    errors_at,
    everything_kept,
    head_and_body,
    set_endpoint,
    stages,
)

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def participant(world: WorldClient) -> dict[str, Any]:
    return world.get("/_sim/participants/brindle").json()["dispatch"]


@pytest.mark.proves("page/Dispatch Settings")
def test_the_url_is_saved_and_shown(client: PageClient, world: WorldClient) -> None:
    """Portal guide §3.1 (documented): "Participant endpoint base url"; the contract says what is appended to it."""
    page = client.get(SETTINGS)
    assert page.tree.find("label", **{"for": "base_url"}).text == "Participant endpoint base url"
    assert "This is the url that Flexible Power will use to send the dispatch signals." in page.content.text
    page = set_endpoint(client, " http://127.0.0.1:9000/flex/ ")
    assert page.alerts == ["Saved. Dispatch messages are sent to this url from now on."]
    assert page.tree.find("input", id="base_url")["value"] == "http://127.0.0.1:9000/flex/"
    assert "POST http://127.0.0.1:9000/flex/dispatch" in page.content.text
    assert participant(world) == {"baseUrl": "http://127.0.0.1:9000/flex/", "auth": "none"}
    [changed] = world.journal("endpoint.changed")
    assert changed["data"] == {"organisation": "brindle", "base_url": "http://127.0.0.1:9000/flex/", "auth": "none"}


def test_every_problem_stands_at_its_field(client: PageClient, world: WorldClient) -> None:
    page = client.submit(client.get(SETTINGS), "Save", {"base_url": "ftp://u:p@127.0.0.1:99999/a b?c#d",
                                                        "auth": "bearer"})
    found = errors_at(page)
    assert list(found) == ["base_url", "secret"]
    assert len(found["base_url"]) >= 5
    assert found["secret"] == ["Enter the secret for a bearer token."]
    assert page.title.startswith("Error: ")
    assert page.tree.find("input", id="base_url")["value"] == "ftp://u:p@127.0.0.1:99999/a b?c#d"
    page = client.submit(page, "Save", {"base_url": "", "auth": "psychic", "secret": ""})
    assert errors_at(page) == {"base_url": ["Enter the URL of your endpoint, such as http://127.0.0.1:9000."],
                               "auth": ["Choose one of none, bearer, hmac."]}
    page = client.submit(page, "Save", {"base_url": "http://127.0.0.1:1", "auth": "hmac", "secret": "a b" + "ü" * 600})
    assert [message.split(":")[0][:30] for message in errors_at(page)["secret"]] == [
        "Use letters, digits and signs ", "A secret has at most 500 chara"]
    assert participant(world) == {"baseUrl": None, "auth": "none"}


@pytest.mark.parametrize(("url", "words"), [
    ("http://8.8.8.8:9000", "a public address"), ("http://169.254.169.254", "a link-local address"),
    ("http://[2001:4860:4860::8888]/", "a public address"), ("http://0.0.0.0:9000", "for listening only"),
    ("http://224.0.0.1", "a multicast address")])
def test_unsafe_targets_are_refused_with_the_reason(client: PageClient, world: WorldClient, url: str, words: str
                                                    ) -> None:
    """wire (assumed): a simulator must never switch on a real battery."""
    page = client.submit(client.get(SETTINGS), "Save", {"base_url": url})
    [message] = errors_at(page)["base_url"]
    assert words in message and "Nothing was sent" in message
    assert participant(world)["baseUrl"] is None
    assert world.journal("http.out") == []


def test_a_host_that_was_allowed_may_be_saved() -> None:
    with running(allow_targets=("203.0.113.7",)) as simulator, fresh_world(simulator.url) as world:
        client = PageClient(world.url)
        client.sign_in(EMAIL, PASSWORD, world.code())
        assert len(set_endpoint(client, "http://203.0.113.7:9000").alerts) == 1


def test_a_name_that_is_not_known_now_is_saved_with_a_warning(client: PageClient, world: WorldClient) -> None:
    page = set_endpoint(client, "http://battery-room.invalid:9000")
    assert page.alerts[0].startswith("Saved.")
    assert "The name battery-room.invalid could not be looked up" in page.alerts[1]
    page = check_connection(client)
    assert stages(page)["DNS"][0] == "failed"
    assert [state for state, _ in stages(page).values()][1:] == ["skipped"] * 3


def test_a_name_server_that_never_answers_keeps_nobody_waiting() -> None:
    """Ours: a page is bounded in time."""
    over = threading.Event()

    def never(*_: Any, **__: Any) -> Any:
        over.wait()
        raise OSError

    judgement = judge_endpoint(Endpoint("brindle", "http://slow.example"), frozenset(), never, 0.05)
    over.set()
    assert judgement.breaches == []
    assert "was not looked up within 0.05 s" in (judgement.warning or "")


def test_a_name_that_leads_to_a_public_address_is_refused() -> None:
    def public(*_: Any, **__: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80))]

    [breach] = judge_endpoint(Endpoint("brindle", "http://real.example"), frozenset(), public).breaches
    assert (breach.field, breach.code) == ("base_url", "unsafe_target")
    assert judge_endpoint(Endpoint("b", "http://real.example"), frozenset({"real.example"}), public).breaches == []


def test_a_secret_is_kept_when_the_field_is_left_empty() -> None:
    kept = Endpoint("brindle", "http://127.0.0.1:1", "hmac", SECRET)
    assert merge_endpoint(kept, "brindle", "http://127.0.0.1:2", "bearer", "").secret == SECRET
    assert merge_endpoint(kept, "brindle", None, None, "other").secret == "other"
    assert merge_endpoint(kept, "brindle", None, "none").secret is None
    assert merge_endpoint(None, "brindle", "http://127.0.0.1:2", "bearer", "").secret is None


def test_the_secret_is_sent_and_never_shown(client: PageClient, world: WorldClient) -> None:
    """Ours: bearer as it is, HMAC over the body; no page and no journal entry has the secret."""
    with endpoint(says(GOOD)) as running_endpoint:
        pages = [set_endpoint(client, running_endpoint.url, "bearer", SECRET), check_connection(client)]
        pages += [set_endpoint(client, running_endpoint.url, "hmac"), check_connection(client), client.get(SETTINGS)]
        first, second = (head_and_body(request)[1] for request in running_endpoint.requests)
    assert first["Authorization"] == f"Bearer {SECRET}"
    assert second["X-Signature"] == "sha256=" + hmac.new(SECRET.encode(), b"", hashlib.sha256).hexdigest()
    assert "Authorization" not in second
    assert all(SECRET not in page.html for page in pages)
    assert SECRET not in everything_kept(world)
    assert second["X-Signature"].removeprefix("sha256=") not in everything_kept(world)
    assert "Leave this empty to keep the present one." in pages[-1].content.text


def test_a_check_shows_each_stage(client: PageClient, world: WorldClient) -> None:
    """Any HTTP status proves that something answers."""
    with endpoint(says(NOT_FOUND)) as running_endpoint:
        set_endpoint(client, running_endpoint.url)
        page = check_connection(client)
        assert head_and_body(running_endpoint.requests[0])[0] == "GET / HTTP/1.1"
    assert page.alerts == ["Something answers there: 404 Not Found. Any status is fine here: a plain GET of the base "
                           "url need not be known to your endpoint."]
    assert {name: state for name, (state, _) in stages(page).items()} == {
        "DNS": "ok", "TCP": "ok", "TLS": "unused", "HTTP": "ok"}
    assert all(" ms" in item.find(class_="stage-ms").text for item in page.tree.find_all("li", class_="stage-ok"))
    [out] = world.journal("http.out")
    assert (out["data"]["surface"], out["data"]["status"]) == ("check", 404)
    assert "404 Not Found" in client.get(SETTINGS).content.text
    set_endpoint(client, "http://127.0.0.1:2")
    assert "404 Not Found" not in client.get(SETTINGS).content.text


def test_a_check_where_nothing_listens(client: PageClient) -> None:
    set_endpoint(client, "http://127.0.0.1:9")
    page = check_connection(client)
    assert "connection refused" in page.alerts[0]
    assert [state for state, _ in stages(page).values()] == ["ok", "failed", "skipped", "skipped"]


def test_a_check_of_tls_that_is_not_trusted(client: PageClient, tmp_path: Path) -> None:
    with endpoint(says(GOOD), make_authority(tmp_path, "127.0.0.1").server) as running_endpoint:
        set_endpoint(client, running_endpoint.url.replace("http:", "https:"))
        page = check_connection(client)
    assert "The certificate of 127.0.0.1 was not accepted" in page.alerts[0]
    assert [state for state, _ in stages(page).values()] == ["ok", "ok", "failed", "skipped"]


def test_a_check_in_the_browser(signed_in: Visitor, world: WorldClient) -> None:
    """The page waits by itself, and shows the outcome without a click."""
    page = signed_in.page
    with endpoint(reads_and_waits) as slow:
        signed_in.open_menu("API Testing", "Dispatch Settings")
        page.get_by_label("Participant endpoint base url").fill(slow.url)
        signed_in.button("Save").click()
        signed_in.sees("Saved.")
        signed_in.button("Check connection").click()
        signed_in.sees("Waiting for the answer")
        slow.over.set()
        signed_in.sees("closed the connection before its answer was complete")


def test_the_url_can_be_removed(client: PageClient, world: WorldClient) -> None:
    set_endpoint(client, "http://127.0.0.1:9", "bearer", SECRET)
    page = client.submit(client.get(SETTINGS), "Remove the url and the secret", to=SETTINGS)
    assert page.alerts[0].startswith("Removed.")
    assert page.tree.find("input", id="base_url").attributes.get("value", "") == ""
    assert participant(world) == {"baseUrl": None, "auth": "none"}
    page = client.submit(page, "Save", {"base_url": "http://127.0.0.1:9", "auth": "bearer"})
    assert list(errors_at(page)) == ["secret"]


def test_the_control_call_sets_it_by_the_same_rules(world: WorldClient) -> None:
    """`PATCH /_sim/participants/{id}`: what is not mentioned stays as it is; all errors at once, with pointers."""
    path = "/_sim/participants/brindle"

    def change(**dispatch: Any) -> Any:
        return world.request("PATCH", path, json={"dispatch": dispatch})

    answer = change(baseUrl="http://127.0.0.1:9000", auth="hmac", secret=SECRET)
    assert answer.json()["dispatch"] == {"baseUrl": "http://127.0.0.1:9000", "auth": "hmac"}
    assert SECRET not in answer.text and SECRET not in everything_kept(world)
    assert change(baseUrl="http://127.0.0.1:9001").json()["dispatch"]["auth"] == "hmac"
    assert change(auth="bearer").json()["dispatch"] == {"baseUrl": "http://127.0.0.1:9001", "auth": "bearer"}
    assert faults(refusal(change(baseUrl="http://8.8.8.8", secret="a b"), 422)) == [
        ("/dispatch/baseUrl", "unsafe_target"), ("/dispatch/secret", "characters")]
    both = world.request("PATCH", path, json={"name": "", "dispatch": {"baseUrl": "x", "auth": "none"}})
    assert {pointer for pointer, _ in faults(refusal(both, 422))} == {"/name", "/dispatch/baseUrl"}
    assert faults(refusal(change(auth="psychic"), 422)) == [("/dispatch/auth", "enum")]
    assert change(baseUrl=None).json()["dispatch"] == {"baseUrl": None, "auth": "none"}
    assert faults(refusal(change(auth="bearer", secret="x"), 422)) == [("/dispatch/baseUrl", "url")]
    refusal(world.request("PATCH", "/_sim/participants/nobody", json={"dispatch": {"baseUrl": None}}), 404)
    assert kinds_of(world.journal("endpoint.")) == ["endpoint.changed"] * 4
    assert world.journal("participant.changed") == []
