"""The reference participant in a process of its own, and what tests want to know of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.servers import PATIENCE_SECONDS, ROOT, TOKEN, WorldClient, clean_environment, eventually

UNIT = "MU-1001"
WALL = "this machine's clock"


@dataclass
class Participant:
    """A running participant."""

    process: subprocess.Popen[bytes]
    written: Path
    url: str = ""

    def output(self) -> str:
        """Everything it has printed so far, its log included."""
        return self.written.read_text("utf-8", "replace")

    def health(self) -> dict[str, Any]:
        """What /health says."""
        answer = requests.get(f"{self.url}/health", timeout=PATIENCE_SECONDS)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, body: bytes | str, headers: dict[str, str] | None = None, timeout: float = PATIENCE_SECONDS
             ) -> requests.Response:
        """Send these bytes to /dispatch."""
        return requests.post(f"{self.url}/dispatch", data=body, timeout=timeout,
                             headers={"Content-Type": "application/json", **(headers or {})})

    def dispatch(self, word: str = "START", timeout: float = PATIENCE_SECONDS, headers: dict[str, str] | None = None,
                 **changes: Any) -> requests.Response:
        """Send a dispatch message as the platform would: 150 kW from 17:10 to 18:00 unless told otherwise."""
        return self.post(json.dumps(message(word, **changes)), headers, timeout)

    def told(self, word: str = "START", **changes: Any) -> dict[str, Any]:
        """Send a dispatch message that must be acknowledged; the acknowledgement."""
        answer = self.dispatch(word, **changes)
        assert answer.status_code == 200, answer.text
        return answer.json()


def message(word: str = "START", **changes: Any) -> dict[str, Any]:
    """A dispatch message."""
    return {"dispatchId": "D-1", "instruction": word, "startTime": "2026-11-02T17:10:00Z",
            "endTime": "2026-11-02T18:00:00Z", "powerChangeKw": 150.0, "meterableUnitIds": [UNIT], **changes}


@contextmanager
def participating(platform: str, *options: str, clock: str | None = None, token: str = TOKEN) -> Iterator[Participant]:
    """`python -m examples.participant` on a free port until the end of the block.

    It follows the platform's clock, unless `clock` is the address of another world, or WALL.
    """
    command = [sys.executable, "-m", "examples.participant", "--platform", platform, "--token", token, "--unit", UNIT,
               "--port", "0", "--poll", "0.05", *([] if clock == WALL else ["--clock", clock or platform]), *options]
    with tempfile.TemporaryDirectory(prefix="participant-test-") as folder:
        written = Path(folder) / "output.txt"
        with written.open("wb") as sink:
            process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                       cwd=ROOT, env=clean_environment())
        participant = Participant(process, written)
        try:
            participant.url = eventually(lambda: _greeted_url(participant), "the participant's greeting")
            yield participant
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(PATIENCE_SECONDS)


def _greeted_url(participant: Participant) -> str | None:
    match = re.search(r"^participant listens at (http://\S+)$", participant.output(), re.MULTILINE)
    if match is None and participant.process.poll() is not None:
        raise AssertionError(f"it ended with {participant.process.returncode}: {participant.output()}")
    return match and match[1]


def accepted_batches(world: WorldClient) -> list[list[dict[str, Any]]]:
    """The bodies of all messages of readings that the platform took, from its journal, oldest first."""
    caused = {entry["causedBy"] for entry in world.journal("readings.accepted")}
    return [json.loads(entry["data"]["request_body"]) for entry in world.journal("http.in") if entry["id"] in caused]


def reported(world: WorldClient, until: str) -> dict[str, float]:
    """Every reading that the platform took, `17:01` -> kW, once the minute that ends at `until` (17:30) is there."""
    def look() -> dict[str, float] | None:
        found = {reading["timestamp"]: reading["powerKw"] for batch in accepted_batches(world) for reading in batch}
        return found if f"2026-11-02T{until}:00Z" in found else None

    found = eventually(look, f"the reading of the minute that ends at {until}")
    return {re.fullmatch(r"2026-11-02T(\d\d:\d\d):00Z", stamp)[1]: power_kw for stamp, power_kw in found.items()}
