"""Recorded exchanges for other tools: the command is run with bash, the archive is read by a reader of others."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest
from haralyzer import HarEntry, HarParser

from simulator.documents.exchange_files import RecordedExchange, Recording, curl_command, http_archive
from simulator.exchanges import MASK, mask_body, mask_values
from tests.endpoints import GOOD, Endpoint, endpoint, says
from tests.servers import PATIENCE_SECONDS, clean_environment

KEPT = 2_000
AT = datetime(2026, 11, 2, 17, 0, 0, 250_000, UTC)
ODD_BODIES = [
    '{"a": "it\'s \\"quoted\\""}', "line\nline\r\n\n", "ünïcode 🔋 شركة", "$HOME `id` $(id) \\ \\n !x", "@/etc/passwd",
    "-d x", "a=b&c=%20+", "'", "''", '"', "x" * 1_999, "\t", " leading and trailing ",
]


def recording(origin: str = "http://127.0.0.1:8000") -> Recording:
    return Recording(origin, MASK, KEPT)


def exchange(path: str = "/dispatch", method: str = "POST", headers: dict[str, str] | None = None,
             body: str | None = None, **more: Any) -> dict[str, Any]:
    """An exchange as the journal keeps it."""
    data = {"surface": "participant", "method": method, "path": path, "query": {},
            "request_headers": mask_values(headers or {}), **more}
    if body is not None:
        data |= {"request_body": mask_body(body.encode(), KEPT), "request_bytes": len(body.encode())}
    return data


def run(command: str, **variables: str) -> None:
    """Run a command with bash; it must succeed."""
    assert shutil.which("curl"), "curl is missing. Install it with: apt-get install curl"
    done = subprocess.run(["bash", "-c", command + " --silent --show-error --noproxy '*'"], capture_output=True,
                          text=True, timeout=PATIENCE_SECONDS, env=clean_environment(variables), check=False)
    assert done.returncode == 0, done.stderr + command


def received(data: dict[str, Any], **variables: str) -> tuple[str, dict[str, str], bytes]:
    """The request line, headers and body that reach an endpoint when the command of an exchange is run."""
    with endpoint(says(GOOD)) as server:
        run(curl_command(data, recording(server.url)).text, **variables)
        return parts_of(server)


def parts_of(server: Endpoint) -> tuple[str, dict[str, str], bytes]:
    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    line, *headers = head.decode("latin-1").split("\r\n")
    return line, dict(header.split(": ", 1) if ": " in header else (header.rstrip(":"), "") for header in headers), body


@pytest.mark.parametrize("body", ODD_BODIES)
def test_the_command_sends_the_body_as_it_was(body: str) -> None:
    """Ours: any exchange as curl, run with bash against a real endpoint."""
    line, headers, sent = received(exchange(headers={"Content-Type": "text/plain", "X-One": "it's $1"}, body=body))
    assert (line, sent) == ("POST /dispatch HTTP/1.1", body.encode())
    assert (headers["Content-Type"], headers["X-One"]) == ("text/plain", "it's $1")


def test_the_command_says_what_the_sender_said_about_the_body_and_no_more() -> None:
    """Ours: a message without a content type is refused for that, and so must its repetition be."""
    _, headers, _ = received(exchange(body="{}"))
    assert "Content-Type" not in headers


@pytest.mark.parametrize(("method", "line"), [
    (method, f"{method} /a HTTP/1.1") for method in ("GET", "DELETE", "HEAD", "PUT", "OPTIONS", "PATCH")])
def test_every_method_is_kept(method: str, line: str) -> None:
    """Ours: any exchange."""
    assert received(exchange("/a", method))[0] == line


def test_path_and_query_are_written_as_addresses_are() -> None:
    """Ours: what the journal shows decoded goes out encoded."""
    data = exchange("/a b/[1]/ü/../x?", "GET", query={"from": "a&b=c d", "ü": "100%"})
    assert received(data)[0] == "GET /a%20b/%5B1%5D/%C3%BC/../x%3F?from=a%26b%3Dc+d&%C3%BC=100%25 HTTP/1.1"


def test_an_address_of_a_participant_is_used_as_it_stands() -> None:
    """Ours: what was sent to an endpoint goes to the endpoint again."""
    with endpoint(says(GOOD)) as server:
        run(curl_command({"method": "POST", "url": f"{server.url}/x{{1}}?a=[2]", "request_headers": {},
                          "request_body": "{}"}, recording()).text)
        assert parts_of(server)[0] == "POST /x{1}?a=[2] HTTP/1.1"


def test_headers_of_the_connection_are_left_to_curl_and_empty_ones_are_kept() -> None:
    """Ours: a recorded length or host would be wrong for what is sent now."""
    data = exchange(headers={"Host": "elsewhere", "Content-Length": "7", "Accept-Encoding": "br", "X-Empty": ""},
                    body="{}")
    _, headers, _ = received(data)
    assert headers["Host"].startswith("127.0.0.1:")
    assert (headers["Content-Length"], headers["X-Empty"]) == ("2", "")
    assert "Accept-Encoding" not in headers


def test_variables_stand_in_the_place_of_secrets() -> None:
    """Ours: secrets are masked in the journal, so the command asks its reader for them."""
    data = exchange(headers={"Authorization": "Bearer s3cret", "X-Api-Key": "s3cret", "Cookie": "a=s3cret"},
                    body='{"user": "x", "password": "s3cret", "n": {"client_secret" : "s3cret"}}',
                    query=mask_values({"access_token": "s3cret", "unit": "MU-1"}))
    command = curl_command(data, recording())
    assert "s3cret" not in command.text and MASK not in command.text
    assert command.variables == ("ACCESS_TOKEN", "TOKEN", "X_API_KEY", "COOKIE", "PASSWORD", "CLIENT_SECRET")
    values = {name: f"my {name}'s" for name in command.variables}
    line, headers, body = received(data, **{**values, "ACCESS_TOKEN": "my-token"})
    assert line == "POST /dispatch?access_token=my-token&unit=MU-1 HTTP/1.1"
    assert headers["Authorization"] == "Bearer my TOKEN's"
    assert (headers["X-Api-Key"], headers["Cookie"]) == ("my X_API_KEY's", "my COOKIE's")
    assert json.loads(body) == {"user": "x", "password": "my PASSWORD's", "n": {"client_secret": "my CLIENT_SECRET's"}}


@pytest.mark.parametrize("name", ["Path", "HOME", "IFS", "9", "-", "X-Meter"])
def test_a_secret_header_of_any_name_takes_no_variable_of_the_shell(name: str) -> None:
    """Ours: a contract may name its credential as it likes."""
    (variable,) = curl_command({**exchange(), "request_headers": {name: MASK}}, recording()).variables
    assert variable.startswith("SECRET") and variable.isidentifier()


@pytest.mark.parametrize(("data", "note"), [
    (exchange(body="x" * 2_001), "keeps 2,000 characters of a body"),
    (exchange(body="a\0b"), "zero byte"),
    (exchange(headers={"Content-Length": "12"}), "a body that the journal does not keep"),
    ({**exchange(), "url": "/dispatch"}, "no endpoint"),
])
def test_what_cannot_be_repeated_is_said(data: dict[str, Any], note: str) -> None:
    """Ours: what is not kept is absent, not invented."""
    (said,) = curl_command(data, recording()).notes
    assert note in said


@pytest.mark.parametrize("data", [exchange(), exchange(body=""), exchange(body="x" * 2_000), exchange(method="GET")])
def test_of_what_is_whole_nothing_is_said(data: dict[str, Any]) -> None:
    """Ours: a note that is always there is not read."""
    assert curl_command(data, recording()).notes == ()


# The archive

STEPS = [["dns", 1.0], ["tcp", 2.0], ["tls", 3.0], ["sent", 0.5], ["first_byte", 4.0], ["total", 12.5]]
SENT = {"surface": "dispatch", "participant": "brindle", "method": "POST", "url": "https://127.0.0.1:1/dispatch?a=1&a=2",
        "request_headers": {"Content-Type": "application/json", "Authorization": f"Bearer {MASK}"},
        "request_body": "{}", "status": 200, "answer_headers": {"content-type": "text/plain"}, "answer_body": "ok",
        "ms": 13.0, "steps": STEPS, "failure": None, "reason": None}
LOST = {**SENT, "status": None, "answer_headers": {}, "answer_body": "", "steps": [["total", 10_000.0]],
        "failure": "timeout", "reason": "No answer within 10 s."}
TAKEN = exchange("/api/v2/readings", headers={"Content-Type": "application/json"}, body='{"password": "s3cret"}',
                 status=422, answer_headers={}, answer_body="x" * 2_000, ms=3.2)
PAGE = exchange("/sign-in", headers={"Content-Length": "80", "Cookie": "a=s3cret"}, status=302, ms=1.0,
                answer_headers={"Location": "/", "Content-Length": "40"})
UNDER_WAY = {**SENT, "status": None, "ms": None, "steps": []}


def archived(*exchanges: dict[str, Any]) -> dict[str, Any]:
    """The archive of exchanges, as the tools of others read it."""
    recorded = [RecordedExchange(number, AT, "http.out" if "url" in data else "http.in", None, data)
                for number, data in enumerate(exchanges, 1)]
    return json.loads(http_archive(recorded, recording(), "one", "0.1.0"))


def test_a_reader_of_others_reads_the_archive() -> None:
    """HAR 1.2, read with haralyzer."""
    parser = HarParser(archived(SENT, LOST, TAKEN, PAGE, UNDER_WAY))
    entries = [HarEntry(entry) for entry in parser.har_data["entries"]]
    assert (parser.version, parser.creator["name"]) == ("1.2", "flexsim")
    assert [entry.request.method for entry in entries] == ["POST"] * 5
    assert [entry.status for entry in entries] == [200, 0, 422, 302, 0]
    assert entries[2].url == "http://127.0.0.1:8000/api/v2/readings"
    assert entries[0].startTime == AT
    assert entries[0].request.text == "{}" and entries[0].response.text == "ok"
    assert entries[0].request.get_header_value("content-type") == "application/json"
    assert entries[3].response.redirectURL == "/"


def test_every_part_that_the_format_demands_is_there() -> None:
    """HAR 1.2, by its specification: what is not optional, and of which type."""
    log = archived(SENT, LOST, TAKEN, PAGE, UNDER_WAY)["log"]
    assert (log["version"], log["creator"]["version"]) == ("1.2", "0.1.0")
    assert "masked" in log["comment"] and "market time" in log["comment"] and "2,000" in log["comment"]
    for entry in log["entries"]:
        assert datetime.fromisoformat(entry["startedDateTime"]) == AT
        assert isinstance(entry["cache"], dict)
        timings = entry["timings"]
        assert all(timings[step] >= 0 for step in ("send", "wait", "receive"))
        assert all(value >= 0 or value == -1 for value in timings.values())
        assert entry["time"] == pytest.approx(sum(ms for step, ms in timings.items() if ms > 0 and step != "ssl"))
        check_request(entry["request"])
        check_response(entry["response"])


def check_request(request: dict[str, Any]) -> None:
    assert {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize",
            "bodySize"} <= request.keys()
    assert all(isinstance(request[name], list) for name in ("cookies", "headers", "queryString"))
    assert all(pair.keys() == {"name", "value"} for name in ("headers", "queryString") for pair in request[name])
    assert isinstance(request.get("postData", {"mimeType": "", "text": ""})["text"], str)


def check_response(response: dict[str, Any]) -> None:
    assert {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize",
            "bodySize"} <= response.keys()
    assert isinstance(response["status"], int) and isinstance(response["redirectURL"], str)
    assert isinstance(response["content"]["size"], int) and isinstance(response["content"]["mimeType"], str)


def test_the_archive_holds_no_secret_and_invents_nothing() -> None:
    """Ours: what is not kept is absent."""
    entries = archived(SENT, LOST, TAKEN, PAGE, UNDER_WAY)["log"]["entries"]
    assert "s3cret" not in json.dumps(entries)
    assert entries[2]["response"]["content"]["comment"].startswith("Cut") and entries[2]["response"]["bodySize"] == -1
    assert "postData" not in entries[3]["request"] and "does not keep" in entries[3]["request"]["comment"]
    assert "text" not in entries[3]["response"]["content"] and entries[3]["response"]["bodySize"] == 40
    assert entries[1]["comment"] == entries[1]["response"]["_error"] == "No answer within 10 s."
    assert entries[4]["comment"] == "No answer was noted."


def test_times_are_those_of_the_steps() -> None:
    """HAR 1.2: the time to connect has the time of TLS in it; receiving is what is left."""
    (entry,) = archived(SENT)["log"]["entries"]
    assert entry["timings"] == {"blocked": -1, "dns": 1.0, "connect": 5.0, "ssl": 3.0, "send": 0.5, "wait": 4.0,
                                "receive": 2.0}
    assert entry["time"] == 12.5
    assert entry["startedDateTime"] == "2026-11-02T17:00:00.250+00:00"
    assert entry["request"]["queryString"] == [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]
