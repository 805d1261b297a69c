"""The reference participant in a process of its own, with a real simulator: dispatched, and reporting.

Ours; wire format, assumed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from simulator import Simulator
from tests.servers import NOW, WorldClient, eventually, fresh_world, running, subprocess_server
from tests.stories.participants import WALL, accepted_batches, message, participating, reported

IDLE_KW, EVENT_KW = -20.0, 130.0


@pytest.fixture(scope="module")
def wordy_server() -> Iterator[Simulator]:
    """A simulator whose journal keeps whole bodies."""
    with running(journal_body_characters=5_000_000) as simulator:
        yield simulator


@pytest.fixture
def world(wordy_server: Simulator) -> Iterator[WorldClient]:
    """A world that stands at 17:00 UTC."""
    with fresh_world(wordy_server.url) as client:
        client.freeze(NOW)
        yield client


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def clock_of(minutes: int) -> str:
    """The time so many minutes after 17:00, `17:30`."""
    return f"{datetime.fromisoformat(NOW) + timedelta(minutes=minutes):%H:%M}"


def day(event: range, event_kw: float = EVENT_KW, until: int = 90) -> dict[str, float]:
    """The readings of the minutes after 17:00: idle, but for those that begin in `event`."""
    return {clock_of(begin + 1): event_kw if begin in event else IDLE_KW for begin in range(until)}


def test_it_acknowledges_a_start_and_its_readings_follow_the_instruction(world: WorldClient) -> None:
    """Wire format, assumed: START from startTime to endTime; readings every minute, stamped with its end, in UTC."""
    with participating(world.url) as participant:
        assert participant.told() == {"dispatchId": "D-1", "instruction": "START", "repeat": False, "test": False}
        world.advance(by="PT30M")
        reported(world, "17:30")
        assert participant.health()["powerKw"] == {"MU-1001": EVENT_KW}
        world.advance(by="PT60M")
        assert reported(world, "18:30") == day(range(10, 60))
        health = eventually(lambda: (found := participant.health())["acceptedReadings"] == 90 and found, "all accepted")
    assert (health["state"], health["waitingReadings"]) == ("the platform accepts readings", 0)
    assert health["refusedReadings"] == []
    assert [(entry["dispatchId"], entry["instruction"]) for entry in health["latestDispatches"]] == [("D-1", "START")]


@pytest.mark.parametrize("word", ["STOP", "EMERGENCY_STOP"])
def test_a_stop_ends_the_event_when_it_arrives(world: WorldClient, word: str) -> None:
    """Wire format, assumed: STOP and EMERGENCY_STOP; whatever times the message carries, it means now."""
    with participating(world.url) as participant:
        participant.told()
        world.advance(by="PT30M")
        participant.told(word)
        world.advance(by="PT60M")
        assert reported(world, "18:30") == day(range(10, 30))


def test_an_emergency_stop_lets_go_without_the_ramp_that_a_stop_takes(world: WorldClient) -> None:
    """Ours: the network is in danger."""
    with participating(world.url, "--ramp", "10") as participant:
        participant.told(startTime=NOW, powerChangeKw=100)
        world.advance(by="PT30M")
        participant.told("STOP")
        world.advance(by="PT2M")
        participant.told("EMERGENCY_STOP")
        world.advance(by="PT10M")
        readings = reported(world, "17:42")
    assert [readings[clock] for clock in ("17:01", "17:05", "17:30", "17:31", "17:32", "17:33")] == [
        -15, 25, 80, 75, 65, -20]


def test_messages_that_come_twice_change_nothing(world: WorldClient) -> None:
    """Wire format, assumed: delivered at least once; a repeat is acknowledged like the first."""
    with participating(world.url) as participant:
        assert [participant.told()["repeat"] for _ in range(3)] == [False, True, True]
        world.advance(by="PT30M")
        assert [participant.told("STOP")["repeat"] for _ in range(2)] == [False, True]
        world.advance(by="PT5M")
        assert [participant.told(word)["repeat"] for word in ("START", "STOP")] == [True, True]
        world.advance(by="PT55M")
        assert reported(world, "18:30") == day(range(10, 30))


def test_a_stop_that_overtakes_its_start_wins(world: WorldClient) -> None:
    """Ours: messages may come out of order."""
    with participating(world.url) as participant:
        participant.told("STOP")
        world.advance(by="PT1M")
        assert participant.told("START")["repeat"] is False
        world.advance(by="PT89M")
        assert reported(world, "18:30") == day(range(0))


def test_dispatches_that_overlap_add_up(world: WorldClient) -> None:
    """Ours: each was sold as a change of its own."""
    with participating(world.url, "--capacity-kw", "300") as participant:
        participant.told()
        participant.told(dispatchId="D-2", startTime="2026-11-02T17:30:00Z", powerChangeKw=100)
        participant.told(dispatchId="D-3", startTime="2026-11-02T17:50:00Z", powerChangeKw=100)
        world.advance(by="PT90M")
        assert reported(world, "18:30") == {
            **day(range(10, 60)), **{clock_of(end): 230.0 for end in range(31, 51)},
            **{clock_of(end): 300.0 for end in range(51, 61)}}


def test_units_of_one_message_share_the_change(world: WorldClient) -> None:
    """Ours: powerChangeKw is for all units of the message together (wire format, assumed: one number, a list of
    units).
    """
    with participating(world.url, "--unit", "MU-1002") as participant:
        participant.told(startTime=NOW, meterableUnitIds=["MU-1002", "MU-1001"])
        assert participant.health()["powerKw"] == {"MU-1001": 55.0, "MU-1002": 55.0}
        participant.told("STOP", meterableUnitIds=["MU-1002"])
        assert participant.health()["powerKw"] == {"MU-1001": 55.0, "MU-1002": IDLE_KW}


@pytest.mark.parametrize(("knobs", "event", "event_kw"), [
    (["--under-deliver", "20"], range(10, 60), 100.0),
    (["--late", "10"], range(20, 60), 130.0),
], ids=["under-delivers", "late"])
def test_it_can_deliver_badly(world: WorldClient, knobs: list[str], event: range, event_kw: float) -> None:
    """Ours: participants who perform badly, for reports in amber and red."""
    with participating(world.url, *knobs) as participant:
        participant.told()
        world.advance(by="PT90M")
        assert reported(world, "18:30") == day(event, event_kw)


def test_it_can_be_silent_during_events(world: WorldClient) -> None:
    """Ours: accepts, and posts no readings during events."""
    with participating(world.url, "--silent") as participant:
        participant.told()
        world.advance(by="PT90M")
        assert reported(world, "18:30") == {
            clock: power_kw for clock, power_kw in day(range(10, 60)).items() if power_kw == IDLE_KW}


def test_it_can_be_rude_to_the_first_messages(world: WorldClient) -> None:
    """Ours: 500 to the first N messages, which have no effect."""
    with participating(world.url, "--rude", "2") as participant:
        assert [participant.dispatch("STOP").status_code for _ in range(2)] == [500, 500]
        assert participant.told()["repeat"] is False
        world.advance(by="PT90M")
        assert reported(world, "18:30") == day(range(10, 60))


def test_it_can_answer_late_and_has_acted_all_the_same(world: WorldClient) -> None:
    """Wire format, assumed: a message is given up after 10 s, and sent again: the participant may know it already."""
    with participating(world.url, "--slow", "60") as participant:
        with pytest.raises(requests.ReadTimeout):
            participant.dispatch(timeout=0.5)
        eventually(lambda: participant.health()["latestDispatches"], "the message arrived")
        world.advance(by="PT90M")
        assert reported(world, "18:30") == day(range(10, 60))


def test_test_messages_are_acknowledged_and_do_not_move_the_battery(world: WorldClient) -> None:
    """Wire format, assumed: X-Test: true on tests; a test does not use up the id of a real dispatch either."""
    with participating(world.url) as participant:
        answer = participant.dispatch(headers={"X-Test": "true"})
        assert (answer.status_code, answer.json()["test"]) == (200, True)
        world.advance(by="PT30M")
        assert reported(world, "17:30") == day(range(0), until=30)
        assert participant.told()["repeat"] is False
        assert participant.dispatch("STOP", headers={"X-Test": "true"}).status_code == 200
        world.advance(by="PT60M")
        assert reported(world, "18:30") == day(range(30, 60))


def test_messages_without_the_right_secret_are_refused(world: WorldClient) -> None:
    """Wire format, assumed: optional auth, bearer or X-Signature: sha256=<hex HMAC of the body>."""
    body = json.dumps(message())
    signature = hmac.new(b"our secret", body.encode(), hashlib.sha256).hexdigest()
    with participating(world.url, "--hmac", "our secret") as participant:
        wrong = [{}, {"X-Signature": signature}, {"X-Signature": f"sha256={signature[:-1]}"},
                 {"X-Signature": f"sha256={hmac.new(b'another', body.encode(), hashlib.sha256).hexdigest()}"}]
        assert [participant.post(body, headers).status_code for headers in wrong] == [401] * 4
        assert participant.post(body + " ", {"X-Signature": f"sha256={signature}"}).status_code == 401
        assert participant.health()["latestDispatches"] == []
        assert participant.post(body, {"X-Signature": f"sha256={signature}"}).status_code == 200
    with participating(world.url, "--bearer", "our secret") as participant:
        wrong = [{}, {"Authorization": "our secret"}, {"Authorization": "Bearer another"}]
        assert [participant.post(body, headers).status_code for headers in wrong] == [401] * 3
        assert participant.post(body, {"Authorization": "Bearer our secret"}).status_code == 200


def test_nonsense_is_refused_with_everything_that_is_wrong(world: WorldClient) -> None:
    """Ours: 422, all errors listed."""
    def errors(answer: requests.Response, status: int) -> list[tuple[str, str]]:
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
        assert all(error["message"] for error in answer.json()["errors"])
        return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]

    everywhere = ["dispatchId", "instruction", "startTime", "endTime", "powerChangeKw", "meterableUnitIds"]
    with participating(world.url) as participant:
        assert errors(participant.post("{"), 400) == [("", "json")]
        assert errors(participant.post(b"\xff\xfe\xfd"), 400) == [("", "json")]
        assert errors(participant.post("[]"), 422) == [("", "type")]
        assert errors(participant.post("{}"), 422) == [(f"/{name}", "required") for name in everywhere]
        assert errors(participant.dispatch(
            "PAUSE", dispatchId=7, startTime="2026-11-02T17:00:00", endTime="soon", powerChangeKw=True,
            meterableUnitIds=["MU-1001", "MU-1001", "MU-2001", 3]), 422) == [
            ("/dispatchId", "type"), ("/instruction", "enum"), ("/startTime", "naive_time"), ("/endTime", "time"),
            ("/powerChangeKw", "type"), ("/meterableUnitIds/1", "duplicate_unit"),
            ("/meterableUnitIds/2", "unknown_unit"), ("/meterableUnitIds/3", "unknown_unit")]
        assert errors(participant.dispatch(endTime="2026-11-02T18:10:00+01:00", powerChangeKw=float("nan"),
                                           meterableUnitIds=[]), 422) == [
            ("/endTime", "order"), ("/powerChangeKw", "type"), ("/meterableUnitIds", "type")]
        assert errors(participant.dispatch(powerChangeKw="150", meterableUnitIds="MU-1001"), 422) == [
            ("/powerChangeKw", "type"), ("/meterableUnitIds", "type")]
        assert participant.health()["latestDispatches"] == []


def test_a_jump_of_days_leaves_no_minute_out(world: WorldClient) -> None:
    """Ours: after a jump of market time, a day's minutes at a go, oldest first."""
    with participating(world.url) as participant:
        participant.told()
        world.advance(by="P3D")
        eventually(lambda: participant.health()["acceptedReadings"] == 3 * 1_440, "three days are accepted")
    batches = accepted_batches(world)
    stamps = [reading["timestamp"] for batch in batches for reading in batch]
    assert max(len(batch) for batch in batches) <= 1_440
    assert stamps == sorted(set(stamps))
    assert (len(stamps), stamps[0], stamps[-1]) == (4_320, "2026-11-02T17:01:00Z", "2026-11-05T17:00:00Z")
    assert sum(reading["powerKw"] == EVENT_KW for batch in batches for reading in batch) == 50


def test_no_minute_is_lost_while_the_platform_is_down(world: WorldClient, tmp_path: Path) -> None:
    """Ours: the platform is killed and comes back on the same port. Time comes from another world that stays up."""
    whole_bodies = {"FLEXSIM_JOURNAL_BODY_CHARACTERS": "1000000"}
    stays = ["--data", str(tmp_path), "--now", "2026-11-02T20:00:00Z"]
    with subprocess_server(stays, whole_bodies) as server, participating(server.url, clock=world.url) as participant:
        world.advance(by="PT5M")
        eventually(lambda: participant.health()["acceptedReadings"] == 5, "five minutes are accepted")
        server.kill()
        participant.told()
        world.advance(by="PT40M")
        health = eventually(lambda: (found := participant.health())["waitingReadings"] == 40 and found, "they wait")
        assert (health["oldestWaiting"], health["acceptedReadings"]) == ("2026-11-02T17:06:00Z", 5)
        with subprocess_server([*stays, "--port", server.url.rpartition(":")[2]], whole_bodies) as again:
            world.advance(by="PT45M")
            client = again.client()
            assert reported(client, "18:30") == day(range(10, 60))
            client.close()
            assert participant.health()["refusedReadings"] == []


def test_readings_that_are_refused_are_set_aside_and_health_says_why(world: WorldClient) -> None:
    """Ours: a wrong token: stops retrying that batch and says so."""
    with participating(world.url, token="not-the-token") as participant:
        world.advance(by="PT3M")
        refused, = eventually(lambda: participant.health()["refusedReadings"], "the refusal")
        assert (refused["readings"], refused["first"], refused["last"]) == (
            3, "2026-11-02T17:01:00Z", "2026-11-02T17:03:00Z")
        assert "not in force" in refused["reason"]
        world.advance(by="PT1M")
        health = eventually(lambda: (found := participant.health())["refusedReadings"][0]["readings"] == 4 and found,
                            "the next refusal")
        assert health["state"].startswith("the platform refuses readings: 401: This API access token is not in force")
        assert (health["waitingReadings"], health["acceptedReadings"]) == (0, 0)
        assert "3 readings are set aside" in participant.output()
    posts = [entry for entry in world.journal("http.in") if entry["data"]["path"].endswith("/readings")]
    assert [len(json.loads(entry["data"]["request_body"])) for entry in posts] == [3, 1]


@contextmanager
def moody_platform(statuses: list[int], headers: dict[str, str] | None = None
                   ) -> Iterator[tuple[str, list[tuple[float, bytes]]]]:
    """A platform that answers readings with these statuses, one after another, then 200.

    Gives its address, and the second and body of each message it got.
    """
    got: list[tuple[float, bytes]] = []

    class Moods(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((time.monotonic(), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(statuses.pop(0) if statuses else 200)
            for name, value in {"Location": "/elsewhere", "Content-Length": "0", **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Moods) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", got
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("mood", "headers", "least_waits"), [
    (429, {"Retry-After": "1"}, [1, 1]), (429, {}, [0, 0.4, 0.9]), (500, {}, [0, 0.4]), (503, {}, [0, 0.4])])
def test_what_may_go_away_by_itself_is_tried_again(
        world: WorldClient, mood: int, headers: dict[str, str], least_waits: list[float]) -> None:
    """Ours: 429 and 5xx are retried with growing waits, or those that the platform asks for; same readings."""
    moods = [mood] * len(least_waits)
    with moody_platform(moods, headers) as (url, got), participating(url, clock=world.url) as participant:
        world.advance(by="PT3M")
        eventually(lambda: participant.health()["acceptedReadings"] == 3, "three minutes are accepted")
        waits = [later - earlier for (earlier, _), (later, _) in pairwise(got)]
        assert all(wait >= least for wait, least in zip(waits, least_waits, strict=True)), waits
        assert len({body for _, body in got}) == 1


@pytest.mark.parametrize("mood", [302, 308, 400, 404, 422])
def test_what_will_not_go_away_is_not_tried_again(world: WorldClient, mood: int) -> None:
    """Ours: no retry after 4xx; and a redirect is no acceptance. Later minutes are sent all the same."""
    with moody_platform([mood]) as (url, got), participating(url, clock=world.url) as participant:
        world.advance(by="PT3M")
        eventually(lambda: participant.health()["refusedReadings"], "the refusal")
        world.advance(by="PT1M")
        eventually(lambda: participant.health()["acceptedReadings"] == 1, "the next minute is accepted")
        assert [len(json.loads(body)) for _, body in got] == [3, 1]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_within_a_second_whatever_it_waits_for(world: WorldClient, closed_port: int, how: int) -> None:
    """Ours: stoppable cleanly; here amid a slow answer and a long wait before the next attempt to post."""
    platform = f"http://127.0.0.1:{closed_port}"
    with participating(platform, "--slow", "60", clock=world.url) as participant:
        with pytest.raises(requests.ReadTimeout):
            participant.dispatch(timeout=0.5)
        world.advance(by="PT3M")
        eventually(lambda: participant.health()["waitingReadings"] == 3, "readings wait")
        asked = time.monotonic()
        participant.process.send_signal(how)
        assert participant.process.wait(10) == 0
        assert time.monotonic() - asked < 2, "a second, and another for a busy machine"
        assert "3 readings were not delivered" in participant.output()
        assert "Traceback" not in participant.output()


def test_without_knowing_the_time_it_promises_nothing(closed_port: int) -> None:
    """Ours: 503, so that the platform sends the message again, instead of an acknowledgement that means nothing."""
    with participating(f"http://127.0.0.1:{closed_port}") as participant:
        assert participant.dispatch().status_code == 503
        assert "cannot be read" in participant.health()["state"]
        assert participant.health()["now"] is None


def test_by_default_it_follows_this_machine_s_clock(world: WorldClient) -> None:
    """Ours: the wall clock, whatever the time is in a simulated world."""
    with participating(world.url, clock=WALL) as participant:
        now = datetime.now(UTC)
        assert participant.health()["powerKw"] == {"MU-1001": IDLE_KW}
        participant.told(startTime=now.isoformat(), endTime=(now + timedelta(hours=1)).isoformat())
        health = participant.health()
        assert health["powerKw"] == {"MU-1001": EVENT_KW}
        assert now <= datetime.fromisoformat(health["now"]) <= datetime.now(UTC)
