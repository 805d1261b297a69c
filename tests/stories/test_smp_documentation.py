"""Documentation of the SMP's API in the console: the contract in force, with examples that really run."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
import requests
from playwright.sync_api import Browser

from simulator import Simulator
from tests.contracts.smp_files import CHANGED, FOLDER
from tests.pages import Element, Page, PageClient
from tests.registering import BASE, Registrar, asset, connect
from tests.servers import PATIENCE_SECONDS, WorldClient, clean_environment, eventually, fresh_world, running
from tests.stories.browsing import visiting
from tests.stories.judging import look
from tests.stories.test_documentation import code_of_example, labelled_parts, raw_text, run_curl, run_python

PATH = "/console/documentation"
SAYS_ENOUGH = ["default", "everything_renamed"]
"""Contracts whose answer to authenticate has a token: the others leave it out, and then nothing can be called."""
Documented = Callable[[str], tuple[WorldClient, Page]]


@pytest.fixture(scope="module")
def documented() -> Iterator[Documented]:
    """A world of a server with the SMP contract of a name, which ends batches at once; and the page."""
    with ExitStack() as stack:
        @cache
        def start(name: str) -> tuple[WorldClient, Page]:
            contracts = {} if name == "default" else {"smp": FOLDER / f"{name}.yaml"}
            simulator: Simulator = stack.enter_context(running(contracts=contracts, smp_progress="immediate"))
            world = stack.enter_context(fresh_world(simulator.url))
            if name == "default":
                Registrar(world).send_assets(asset(1))
            return world, PageClient(world.url).get(PATH)

        yield start


def run(command: str) -> tuple[int, str]:
    """Run an example as it stands: a shell's lines, or a Python program."""
    return run_python(command) if command.startswith("import ") else run_curl(command)


def examples_of(page: Page) -> list[Element]:
    return page.tree.find_all(class_="example-set")


@pytest.mark.parametrize("name", SAYS_ENOUGH)
def test_every_example_runs_and_gets_what_the_page_says(documented: Documented, name: str) -> None:
    """curl in a shell and Python, each as it stands."""
    _, page = documented(name)
    found = 0
    for example in examples_of(page):
        for code in example.find_all("code", **{"data-example": ""}):
            status, body = run(raw_text(code))
            assert status == int(example["data-status"]), f"{example['data-about']}: {raw_text(code)}\n{body}"
            found += 1
    assert found >= 20


def test_every_call_of_the_default_contract_has_an_example(documented: Documented) -> None:
    """SMP overview, The SMP APIs: authenticate, assets, unit, status; and our keys."""
    _, page = documented("default")
    good = [example for example in examples_of(page) if example["data-status"][0] == "2"
            and not code_of_example(example)]
    assert len(good) == 5


@pytest.mark.parametrize("name", SAYS_ENOUGH)
def test_a_batch_that_fails_later_fails_as_the_page_says(documented: Documented, name: str) -> None:
    """The errors of the batch return, to the letter, and among them the code that the example stands under."""
    world, page = documented(name)
    shown = [example for example in examples_of(page) if code_of_example(example)]
    assert len(shown) >= (6 if name == "default" else 1)
    for example in shown:
        texts = {code["id"].rpartition("-")[2]: raw_text(code) for code in example.find_all("code")}
        since = max(entry["id"] for entry in world.journal())
        status, _ = run(texts["curl"])
        assert status == int(example["data-status"])
        transaction = world.journal("batch.received", since=since)[-1]["data"]["transaction"]
        told = world.get(f"/_sim/transactions/{transaction}").json()
        shown_return = json.loads(texts["later"])
        assert told["status"] == "failed"
        said = [error["message"] for error in told["errors"]]
        assert [text for text in said if json.dumps(text, ensure_ascii=False) not in texts["later"]] == []
        if name == "default":
            assert told["errors"] == shown_return["errors"]
            assert code_of_example(example) in [error["code"] for error in told["errors"]]


@pytest.mark.parametrize("name", ["default", *CHANGED])
def test_every_field_is_told_with_its_label_and_source(documented: Documented, name: str) -> None:
    """Design: the same file is served, and rendered as the page."""
    world, page = documented(name)
    document = world.get("/_sim/contracts/smp").json()
    rows = {(row.find(class_="field-name").text, row.find_all("td")[-1].text)
            for table in page.tree.find_all("table", class_="fields") for row in table.find("tbody").find_all("tr")}
    told = [operation for item in document["paths"].values() for operation in item.values()]
    expected = {part for operation in [*told, *document.get("webhooks", {}).values()]
                for part in labelled_parts(document, operation)}
    for field, label, source in expected:
        assert (field, f"{label} {source}") in rows, field


def test_every_route_is_told(documented: Documented) -> None:
    """Ours: calls that the platform takes, and the message that it sends."""
    world, page = documented("default")
    routes = {element.text for element in page.tree.find_all(class_="route")}
    assert routes == {f"{method.upper()} {path}" for path, item in
                      world.get("/_sim/contracts/smp").json()["paths"].items() for method in item}
    assert page.tree.find(class_="route-out").text == "POST {your callback URL}"


def test_the_codes_are_listed_once(documented: Documented) -> None:
    """Ours: the three calls have one list, and the page names it where it stands."""
    world, page = documented("default")
    operation = world.get("/_sim/contracts/smp").json()["paths"][f"{BASE}/assets"]["post"]
    listed = [entry.find("h3").text for entry in page.tree.find_all("article")
              if "-code-" in entry["aria-labelledby"] and entry["aria-labelledby"].startswith("call-2")]
    assert listed == [code["code"] for code in operation["x-error-codes"]]
    assert page.tree.find_all(id="call-3-code-1") == []
    assert page.content.text.count("The same as for: Register assets.") == 2


def test_a_message_that_is_too_large_is_told_as_such(documented: Documented) -> None:
    """Ours: the simulator gives 413 before it reads a message, whatever the contract; the page must not deny it."""
    _, page = documented("default")
    text = article(page, "call-2-answer", "413").text
    assert "never gives" not in text and "larger than the simulator takes" in text


def test_only_codes_that_need_a_history_say_so(documented: Documented) -> None:
    """Ours: five codes are about what was registered before; the others can be had with one request."""
    world, page = documented("default")
    told = [entry.find("h3").text for entry in page.tree.find_all("article")
            if "depends on what is registered already" in entry.text]
    assert told == ["duplicate_reference", "duplicate_unit_name", "asset_not_yours", "asset_already_aligned",
                    "mixed_gsp_groups"]


def test_authenticate_is_refused_for_credentials(documented: Documented) -> None:
    """Ours: who asks for a token has none that could be wrong."""
    _, page = documented("default")
    assert "token is missing" not in article(page, "call-1-answer", "401").text


def test_json_and_form_have_a_table_each(documented: Documented) -> None:
    """Ours: grant_type belongs to the form of OAuth 2 alone."""
    _, page = documented("default")
    names = {table["aria-label"]: [row.text for row in table.find_all(class_="field-name")]
             for table in page.tree.find_all("table", class_="fields") if "Get a token" in table["aria-label"]}
    assert names["Fields of the request as application/json: Get a token"][-2:] == ["username", "password"]
    assert names["Fields of the request as application/x-www-form-urlencoded: Get a token"].count("grant_type") == 1


def test_refusals_have_the_errors_that_the_page_shows(documented: Documented) -> None:
    """Where and which; a sentence that cannot be foretold is shown as dots."""
    _, page = documented("default")
    shown = [example for example in examples_of(page) if example["data-status"][0] == "4"]
    assert len(shown) > 10
    for example in shown:
        texts = {code["id"].rpartition("-")[2]: raw_text(code) for code in example.find_all("code")}
        _, body = run(texts.get("curl", texts["python"]))
        assert places(body) == places(texts["answer"]), example["data-about"]


def places(answer: str) -> list[tuple[int | None, str, str]]:
    """Index, pointer and code of each error of an answer."""
    return [(error["index"], error["pointer"], error["code"]) for error in json.loads(answer).get("errors", [])]


def article(page: Page, beginning: str, heading: str) -> Element:
    """The entry of the page under a heading."""
    return next(entry for entry in page.tree.find_all("article")
                if entry["aria-labelledby"].startswith(beginning) and entry.find("h3").text == heading)


def test_where_the_body_is_signed_no_header_is_asked_for() -> None:
    """Setting smp_signing compact: the page tells what is sent."""
    with running(smp_signing="compact") as server, fresh_world(server.url) as world:
        page = PageClient(world.url).get(PATH)
    message = page.tree.find("section", **{"aria-labelledby": "message-1"})
    assert "X-JWS-Signature" not in [row.text for row in message.find_all(class_="field-name")]
    assert "Content type: application/jose" in message.text


def test_without_a_known_password_there_are_no_examples(server: Simulator) -> None:
    """Ours: an example that cannot run is none."""
    with fresh_world(server.url) as world:
        connect(world, "brindle", password="another-long-password")
        changed = PageClient(world.url).get(PATH)
    with fresh_world(server.url, "empty") as world:
        empty = PageClient(world.url).get(PATH)
    for page in (changed, empty):
        assert "known to their owners only" in page.content.text
        assert examples_of(page) == [] and "Brindle-smp-2026" not in page.html


def test_before_the_first_batch_the_page_says_how_to_get_one(world: WorldClient) -> None:
    """Ours: the status call needs a transaction to ask for."""
    assert "The participant has submitted nothing yet" in PageClient(world.url).get(PATH).content.text


def test_the_endpoint_runs_and_believes_what_is_signed(documented: Documented) -> None:
    """The program as it stands, but for the port: another program may listen on 9100."""
    world, page = documented("default")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    program = raw_text(page.tree.find("code", id="endpoint-python")).replace("9100", str(port))
    address = f"http://127.0.0.1:{port}/batch-returns"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env=clean_environment(), text=True)
    try:
        eventually(lambda: _answers(address), "the example's endpoint")
        assert requests.post(address, data=b"{}", headers={"X-JWS-Signature": "a..b"}, timeout=10).status_code == 401
        connect(world, "brindle", callbackUrl=address)
        transaction = Registrar(world).send_assets(asset(77))
        eventually(lambda: [entry for entry in world.journal("http.out") if entry["data"].get("status") == 204],
                   "the acknowledgement")
    finally:
        process.kill()
        printed = process.communicate(timeout=PATIENCE_SECONDS)[0]
        connect(world, "brindle", callbackUrl=None)
    assert re.search(rf'verified {{"transactionId":"{transaction}"', printed), printed


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=PATIENCE_SECONDS).status_code == 405
    except requests.ConnectionError:
        return False


def test_axe_finds_nothing(browser: Browser, world: WorldClient) -> None:
    """The page, closed and with every example open."""
    Registrar(world).send_assets(asset(1))
    with visiting(browser) as visitor:
        visitor.page.goto(world.url + PATH)
        visitor.sees_heading("SMP API")
        look(visitor, "SMP API")
        visitor.page.evaluate("for (const part of document.querySelectorAll('main details')) part.open = true")
        look(visitor, "SMP API, all open")
