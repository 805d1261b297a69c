"""Documentation of the message that the platform sends: its fields and answers, and an endpoint that really runs."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.contracts.dispatch_messages import FOLDER, text_with
from tests.overrides.calling import FIXTURE, sign_in_to
from tests.pages import Page, PageClient
from tests.servers import PATIENCE_SECONDS, clean_environment, eventually, fresh_world, running
from tests.stories.endpoints_of_brindle import black_box, raw_text, send_message, set_endpoint

PATH = "/documentation/participant-api"
BASE = "http://127.0.0.1:9000"


def example(page: Page, key: str) -> str:
    return raw_text(page.tree.find("code", id=f"webhook-{key}"))


def test_the_page_tells_the_message(client: PageClient) -> None:
    """Fields, headers and answers, each with its label."""
    page = client.get(PATH)
    assert "The platform sends this to you" in page.content.text
    assert page.tree.find(class_="route-out").text == "POST {your base url}/dispatch"
    fields = [row[0].split()[0] for row in page.rows("Fields of the message: Receive a dispatch instruction")]
    assert fields[-6:] == ["dispatchId", "instruction", "startTime", "endTime", "powerChangeKw", "meterableUnitIds"]
    answers = [entry.find("h3").text for entry in page.tree.find_all("article") if "You answer" in entry.text]
    assert answers == [f"You answer {status}" for status in ("2XX", "429", "5XX", "3XX", "4XX")]
    for words in ("X-Dispatch-Id", "X-Attempt", "X-Test: true", "X-Signature", "HMAC-SHA-256"):
        assert words in page.content.text, words
    assert "does not describe this message" not in page.content.text
    assert example(page, "message").startswith(f"POST {BASE}/dispatch\nContent-Type: application/json\nX-Dispatch-Id: ")


@pytest.mark.parametrize("name", ["default", *sorted(file.stem for file in FOLDER.glob("*.yaml"))])
def test_the_endpoint_and_the_message_run_as_they_stand(tmp_path: Path, name: str) -> None:
    """But for the port: another program may listen on 9000. It acknowledges curl and a test message of the portal."""
    contracts = {}
    if name != "default":
        contracts["participant"] = tmp_path / "mine.yaml"
        contracts["participant"].write_text(text_with((FOLDER / f"{name}.yaml").read_text()))
    port = _free_port()
    with running(fixture=str(FIXTURE), contracts=contracts) as simulator, \
            fresh_world(simulator.url, fixture=str(FIXTURE)) as world:
        client = sign_in_to(world)
        page = client.get(PATH)
        program, curl = (example(page, key).replace("9000", str(port)) for key in ("python", "curl"))
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   env=clean_environment(), text=True)
        try:
            eventually(lambda: _listens(port), "the example's endpoint")
            command = ["sh", "-ec", f"{curl} --silent --show-error --fail --max-time 30"]
            assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("{")
            set_endpoint(client, f"http://127.0.0.1:{port}")
            assert black_box(send_message(client, dispatch_id="20261102"))[2].startswith("Success: ")
        finally:
            process.kill()
            printed = process.communicate(timeout=PATIENCE_SECONDS)[0]
    assert len([line for line in printed.splitlines() if line.startswith("/")]) == 2
    assert "MU-1001" in printed or name == "put_with_id_in_path"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _listens(port: int) -> bool:
    try:
        requests.get(f"http://127.0.0.1:{port}/nothing", timeout=PATIENCE_SECONDS)
    except requests.ConnectionError:
        return False
    return True


def test_a_contract_without_the_message_has_the_defaults(tmp_path: Path) -> None:
    """The page says so."""
    file = tmp_path / "mine.yaml"
    file.write_text((Path(__file__).parents[1] / "contracts" / "overrides" / "watts.yaml").read_text())
    with running(fixture=str(FIXTURE), contracts={"participant": file}) as simulator, \
            fresh_world(simulator.url, fixture=str(FIXTURE)) as world:
        page = sign_in_to(world).get(PATH)
    assert "Your contract file does not describe this message" in page.content.text
