"""Documentation, Participant API and FAQ (portal guide §3.5): the contract in force, with examples that really run."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser

from simulator import Simulator
from tests.overrides.calling import FIXTURE, contract_file, sign_in_to
from tests.pages import Element, Page, PageClient
from tests.servers import NOW, WorldClient, fresh_world, running, subprocess_server
from tests.stories.browsing import Visitor, visiting
from tests.stories.judging import look

PATH = "/documentation/participant-api"
OVERRIDES = ["everything_renamed", "put_in_path_and_query", "get_in_query", "grouped_by_unit", "form_body",
             "nested_list", "unit_in_header", "text_and_nulls", "epoch_milliseconds", "api_key_in_query",
             "api_key_in_header", "watts"]
UNLABELLED = "from your contract file"


@pytest.fixture(scope="module")
def documented() -> Iterator[Callable[[str], tuple[WorldClient, Page]]]:
    """A world whose clock stands still, of a server with the contract of a name, and its page Participant API."""
    with ExitStack() as stack:
        @cache
        def start(name: str) -> tuple[WorldClient, Page]:
            contracts = {} if name == "default" else {"participant": contract_file(name)}
            simulator: Simulator = stack.enter_context(running(fixture=str(FIXTURE), contracts=contracts))
            world = stack.enter_context(fresh_world(simulator.url, fixture=str(FIXTURE)))
            return world, sign_in_to(world).get(PATH)

        yield start


def run_curl(command: str) -> tuple[int, str]:
    """Run a curl command of the page in a shell: status and body."""
    options = "--silent --show-error --max-time 30 --write-out '\\n%{http_code}'"
    run = subprocess.run(["sh", "-ec", f"{command} {options}"], capture_output=True, text=True, check=True)
    body, _, status = run.stdout.rpartition("\n")
    return int(status), body


def run_python(program: str) -> tuple[int, str]:
    """Run a Python program of the page: the status and the body that it prints."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(program, "example", "exec"), {})
    status, _, body = printed.getvalue().partition(" ")
    return int(status), body.removesuffix("\n")


def raw_text(element: Element) -> str:
    """The text of an element as it would be copied."""
    return "".join(child for child in element.children if isinstance(child, str))


def code_of_example(example: Element) -> str:
    """The error code that an example stands under, or nothing."""
    parent = example.parent
    return parent.attributes.get("data-code", "") if parent is not None else ""


@pytest.mark.parametrize("name", ["default", *OVERRIDES])
def test_every_example_runs_and_gets_what_the_page_says(documented, name: str) -> None:
    """curl in a shell and Python, each as it stands: its status, and for an error code the whole answer."""
    _, page = documented(name)
    examples = page.tree.find_all(class_="example-set")
    assert [example["data-status"][0] for example in examples].count("2") == 1
    found = 0
    for example in examples:
        answers = [raw_text(code) for code in example.find_all("code") if "data-example" not in code.attributes]
        for code in example.find_all("code", **{"data-example": ""}):
            text = raw_text(code)
            status, body = run_curl(text) if text.startswith("curl ") else run_python(text)
            assert status == int(example["data-status"]), f"{example['data-about']}: {text}\n{body}"
            if code_of_example(example):
                assert json.loads(body) == json.loads(answers[0]), text
            found += 1
    assert found == len(page.tree.find_all("code", **{"data-example": ""})) >= 20


@pytest.mark.parametrize("name", ["default", "everything_renamed", "watts"])
def test_an_error_example_yields_the_code_it_stands_under(documented, name: str) -> None:
    """The word of the code is in the answer, in the contract's own words."""
    _, page = documented(name)
    for example in page.tree.find_all(class_="example-set"):
        code = code_of_example(example)
        if code:
            answer = json.loads(raw_text(example.find_all("code")[-1]))
            errors = answer.get("errors") or answer.get("Faults")
            assert code in [error.get("code") or error.get("Number") for error in errors]


def test_every_code_of_the_default_contract_has_an_example(documented) -> None:
    world, page = documented("default")
    shown = [details["data-code"] for details in page.tree.find_all("details") if "data-code" in details.attributes]
    document = world.get("/_sim/contracts/participant").json()
    operation = document["paths"]["/api/v2/readings"]["post"]
    assert shown == [code["code"] for code in operation["x-error-codes"]]


def test_every_refusal_of_the_default_contract_has_an_example(documented) -> None:
    _, page = documented("default")
    statuses = {example["data-status"] for example in page.tree.find_all(class_="example-set")}
    assert statuses == {"200", "400", "401", "413", "415", "422"}


def resolve(document: dict[str, Any], part: Any) -> Any:
    """A part of a document, its reference followed."""
    while isinstance(part, dict) and "$ref" in part:
        target = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        part = target
    return part


def label_and_source(part: dict[str, Any]) -> tuple[str, str]:
    """What the page says of a part's label: a source that begins with its label does not repeat it."""
    given = part.get("x-provenance")
    if given is None:
        return "your contract", UNLABELLED
    return given["label"], " ".join(given["source"].split()).removeprefix(f"{given['label']}: ")


def labelled_parts(document: dict[str, Any], node: Any) -> Iterator[tuple[str, str, str]]:
    """Name, label and source of every property, parameter and header of a document."""
    if isinstance(node, list):
        for part in node:
            yield from labelled_parts(document, part)
    if not isinstance(node, dict):
        return
    named = [*(node["properties"].items() if isinstance(node.get("properties"), dict) else ()),
             *(node["headers"].items() if isinstance(node.get("headers"), dict) else ()),
             *((node.get("x-csv") or {}).get("columns") or {}).items()]
    if node.get("in") in ("path", "query", "header") and "schema" in node:
        named.append((node["name"], node))
    for name, part in named:
        # What stands beside a reference is said of this place, and comes before what is referred to.
        yield (name, *label_and_source({**resolve(document, part), **(part if isinstance(part, dict) else {})}))
    for part in node.values():
        yield from labelled_parts(document, part)


@pytest.mark.parametrize("name", ["default", *OVERRIDES])
def test_every_field_is_told_with_its_label_and_source(documented, name: str) -> None:
    world, page = documented(name)
    document = world.get("/_sim/contracts/participant").json()
    rows = [(row.find(class_="field-name").text, row.find_all("td")[-1].text)
            for table in page.tree.find_all("table", class_="fields") for row in table.find("tbody").find_all("tr")]
    expected = set(labelled_parts(document, document))
    assert len(expected) >= 3
    for field, label, source in expected:
        assert (field, f"{label} {source}") in rows, field


@pytest.mark.parametrize("name", ["default", *OVERRIDES])
def test_every_route_status_and_code_is_told_with_its_label_and_source(documented, name: str) -> None:
    world, page = documented(name)
    document = world.get("/_sim/contracts/participant").json()
    [(path, method, operation)] = [(path, method, operation) for path, item in document["paths"].items()
                                   for method, operation in item.items() if "operationId" in operation]
    route = page.tree.find(class_="route").text
    assert route.startswith(method.upper()) and route.endswith(path)
    entries = {entry.find("h3").text: entry.text for entry in page.tree.find_all("article")}
    told = {**operation["responses"], **{code["code"]: {"x-provenance": code, "description": code["meaning"]}
                                         for code in operation.get("x-error-codes", ())}}
    for key, part in told.items():
        assert " ".join(part["description"].split()) in entries[key]
        assert " ".join(label_and_source(part)) in entries[key]


def test_the_default_page_calls_nothing_the_users_own(documented) -> None:
    """Everything in the default contract has a label, so nothing of it is said to come from the user's file."""
    _, page = documented("default")
    assert UNLABELLED not in page.content.text
    [limits] = [row[1] for row in documented("everything_renamed")[1].rows("Fields of the request")
                if row[0].startswith("Intervals ")]
    assert limits == "1 to 96 items"


def test_the_limits_and_words_of_a_field_are_told(documented) -> None:
    table = documented("default")[1].tree.find("table", **{"aria-label": "Fields of the request"}).text
    for words in ("1 to 64 characters", "1 to 10,000 items", "−10,000,000 to 10,000,000", "in kW",
                  "sign: generation-positive", "text (date-time), required", "never both and never neither"):
        assert words in table, words


def test_where_a_field_stands_is_told(documented) -> None:
    def places(name: str) -> dict[str, list[str]]:
        table = documented(name)[1].tree.find("table", **{"aria-label": "Fields of the request"})
        return {row.find(class_="field-name").text: [place.text for place in row.find_all(class_="where")]
                for row in table.find("tbody").find_all("tr")}

    assert places("default")["timestamp"] == ["body timestamp", "body [].timestamp"]
    assert places("put_in_path_and_query") == {"unit": ["path"], "at": ["path"], "kw": ["query"], "kwh": ["query"]}
    assert places("everything_renamed")["Mw"] == ["body Intervals[].Mw"]
    assert "header" in str(places("unit_in_header"))


def test_an_outcome_that_a_contract_leaves_out_is_told_from_the_default(documented) -> None:
    headings = [entry.find("h3").text for entry in documented("put_in_path_and_query")[1].tree.find_all("article")]
    assert headings[:3] == ["204", "400", "400 (as in the default contract)"]


def test_markdown_is_shown_and_html_of_a_contract_is_text(tmp_path: Path) -> None:
    """A contract is data from anybody: nothing of it becomes markup but harmless Markdown."""
    evil = ("<script>alert(1)</script> <img src=x onerror=alert(1)> **bold** ![p](http://evil.example/p.png)\n\n"
            "# Big\n\n[press](javascript:alert(1)) `code`\n\n- one\n- two")
    document = yaml.safe_load(contract_file("watts").read_text())
    document["info"]["description"] = evil
    document["info"]["title"] = "<b>T</b>"
    operation = next(iter(next(iter(document["paths"].values())).values()))
    operation["description"] = evil
    operation["x-error-codes"] = [{"code": "<i>", "meaning": evil, "label": "assumed", "source": "<u>s</u>"}]
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(document))
    with running(fixture=str(FIXTURE), contracts={"participant": file}) as simulator, \
            fresh_world(simulator.url, fixture=str(FIXTURE)) as world:
        page = sign_in_to(world).get(PATH)
    about = page.tree.find_all(class_="prose")[0]
    assert [element.text for element in about.find_all("strong", "code", "li")] == ["bold", "code", "one", "two"]
    assert "<script>alert(1)</script>" in about.text
    assert page.content.find_all("script", "img", "b", "i", "u") == []
    assert [link for link in page.content.find_all("a") if "javascript" in link["href"]] == []


@pytest.mark.proves("page/Participant API")
def test_the_contract_as_json_is_linked(client: PageClient) -> None:
    page = client.get(PATH)
    link = next(link for link in page.content.find_all("a") if link.text == "The contract as JSON")
    assert client.raw("GET", client.url.partition("/w/")[0] + link["href"]).json()["openapi"] == "3.1.0"


@pytest.mark.proves("page/Participant API")
def test_the_default_page_in_the_demo_world_names_the_present_token(client: PageClient, world: WorldClient) -> None:
    assert world.token in client.get(PATH).html
    page = client.submit(client.get("/api-testing/tokens"), "Create a new token", to="/api-testing/tokens")
    token = page.tree.find("input", id="token")["value"]
    html = client.get(PATH).html
    assert token in html and world.token not in html


def test_a_python_example_runs_in_a_process_of_its_own() -> None:
    """Under the real command, with a changed contract, as a user has it."""
    arguments = ["--contract", f"participant={contract_file('everything_renamed')}", "--fixture", str(FIXTURE),
                 "--now", NOW]
    with subprocess_server(arguments) as server:
        world = server.client()
        page = sign_in_to(world).get(PATH)
        program = raw_text(page.tree.find(id="operation-1-good-python"))
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        world.close()
    assert run.stdout.startswith("201 ")


@pytest.mark.proves("page/FAQ")
def test_the_faq_labels_every_answer(client: PageClient) -> None:
    page = client.get("/documentation/faq")
    entries = page.tree.find_all("article")
    assert len(entries) >= 14
    for entry in entries:
        assert entry.find(class_="label").text in ("documented", "public", "inferred", "assumed")
        assert entry.find(class_="source").text
    for words in ("meterable_unit_id,timestamp,power_kw", "day_of_week,local_time,power_kw", "10,080", "24 hours",
                  "Collar Support", "SHA-1", "a flat baseline can be given there too", "Market Gateway"):
        assert words in page.content.text, words


def test_axe_finds_nothing(browser: Browser, world: WorldClient) -> None:
    """Both pages, closed and with every example open."""
    with visiting(browser) as visitor:
        visitor.sign_in(world.url)
        visitor.open_menu("Documentation", "FAQ")
        look(visitor, "FAQ")
        visitor.open_menu("Documentation", "Participant API")
        look(visitor, "Participant API")
        visitor.page.evaluate("for (const part of document.querySelectorAll('main details')) part.open = true")
        look(visitor, "Participant API, all open")


def test_the_copy_button_copies_what_the_page_shows(signed_in: Visitor, world: WorldClient) -> None:
    page = signed_in.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(world.url + PATH)
    page.get_by_role("button", name="Copy: curl, send a reading").click()
    signed_in.sees("Copied to the clipboard.")
    status, body = run_curl(page.evaluate("navigator.clipboard.readText()"))
    assert (status, json.loads(body)["accepted"]) == (200, 1)


def test_without_javascript_the_page_does_its_job(browser: Browser, world: WorldClient) -> None:
    with visiting(browser, java_script_enabled=False) as visitor:
        visitor.sign_in(world.url)
        visitor.open_menu("Documentation", "Participant API")
        visitor.page.locator("summary", has_text="Example of naive_time").click()
        status, body = run_curl(visitor.page.locator("[data-code=naive_time] code").first.inner_text())
        assert (status, json.loads(body)["errors"][0]["code"]) == (422, "naive_time")
        assert visitor.page.get_by_role("button", name="Copy").count() == 0
