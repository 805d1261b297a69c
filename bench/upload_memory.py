"""Memory over idle while the Readings page takes a CSV of 1,000,000 rows."""

from __future__ import annotations

import http.client
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from bench.exchanges import LOOPBACK, Answer
from bench.problems import InvalidMeasurement
from bench.processes import Memory, Running, memory_of

ROWS = 1_000_000
_HEADER = "meterable_unit_id,timestamp,power_kw\n"
_LONGEST_UPLOAD = 300.0  # seconds
_BETWEEN_LOOKS = 0.05  # seconds
_BOUNDARY = "bench-7f3d1c"
_PIECE = 1 << 16


@dataclass(frozen=True)
class UploadFigures:
    """The highest sums over the process tree during the upload, less those when idle, in MB."""

    pss_over_idle: float
    rss_over_idle: float
    seconds: float
    megabytes_sent: float


def send_to_readings_page(running: Running, csv: Path) -> None:
    """Sign in, upload the file on the Readings page and return when its rows are stored.

    Raises InvalidMeasurement when it is refused or stores another number of rows than ROWS.
    """
    server = f"http://{LOOPBACK}:{running.port}"
    with requests.Session() as browser:
        browser.trust_env = False
        page = browser.get(f"{server}/sign-in")
        page = browser.post(f"{server}/sign-in", data={
            "csrf_token": _form_token(page.text), "email": "operations@brindle.example",
            "password": "Brindle-demo-2026"})
        code = browser.get(f"{server}/_sim/participants/brindle/totp").json()["code"]
        page = browser.post(f"{server}/sign-in/code", data={"csrf_token": _form_token(page.text), "code": code})
        page = browser.get(f"{server}/api-testing/readings")
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
        answer = post_file(
            running.port, "/api-testing/readings/uploads", csv, field="file", headers={"Cookie": cookies},
            values={"csrf_token": _form_token(page.text), "quantity": "power"})
        where = re.search(rb'href="([^"]*/uploads/[0-9]+)"', answer.body)
        if answer.status != 302 or where is None:
            raise InvalidMeasurement(f"upload: INVALID, answered {answer.status} {answer.body[:200]!r}")
        _wait_until_stored(browser, server + where[1].decode())


def _form_token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    if found is None:
        raise InvalidMeasurement("upload: INVALID, a page has no form where one was expected")
    return found[1]


def _wait_until_stored(browser: requests.Session, upload: str) -> None:
    deadline = time.monotonic() + _LONGEST_UPLOAD
    while True:
        progress = browser.get(f"{upload}/progress").json()
        if progress["state"] != "running":
            break
        if time.monotonic() > deadline:
            raise InvalidMeasurement("upload: INVALID, it did not end in time")
        time.sleep(_BETWEEN_LOOKS)
    if progress["state"] != "stored" or progress["rows"] != ROWS:
        raise InvalidMeasurement(f"upload: INVALID, it ended as {progress}")


def measure_upload(running: Running, idle: Memory) -> UploadFigures:
    """Upload ROWS rows to a server that was idle with `idle` memory, and watch its memory meanwhile."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        csv = Path(folder) / "readings.csv"
        write_csv(csv, ROWS)
        watch = _Watch(running.pid)
        began = time.perf_counter()
        with watch:
            send_to_readings_page(running, csv)
        took = time.perf_counter() - began
        size = csv.stat().st_size / 1e6
    return UploadFigures(watch.highest_pss - idle.pss, watch.highest_rss - idle.rss, took, size)


def write_csv(file: Path, rows: int) -> None:
    """A CSV of minute readings of MU-1001, oldest first, all in the past and no minute twice."""
    first = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1, minutes=rows)
    with file.open("w", encoding="ascii") as output:
        output.write(_HEADER)
        for number in range(rows):
            at = first + timedelta(minutes=number)
            output.write(f"MU-1001,{at:%Y-%m-%dT%H:%M:00Z},{-(number % 500) / 2}\n")


def post_file(
    port: int, path: str, file: Path, *, field: str, values: dict[str, str], headers: dict[str, str]
) -> Answer:
    """Send a form with one file, in pieces, as a browser does; `values` are the form's other fields."""
    before = "".join(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in values.items()
    )
    before += (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{file.name}"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    )
    after = f"\r\n--{_BOUNDARY}--\r\n"

    def pieces() -> Iterator[bytes]:
        yield before.encode()
        with file.open("rb") as source:
            while piece := source.read(_PIECE):
                yield piece
        yield after.encode()

    length = len(before.encode()) + file.stat().st_size + len(after)
    all_headers = {
        **headers,
        "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        "Content-Length": str(length),
    }
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_LONGEST_UPLOAD)
    try:
        connection.request("POST", path, body=pieces(), headers=all_headers)
        response = connection.getresponse()
        return Answer(response.status, response.read())
    except (OSError, http.client.HTTPException) as broken:
        raise InvalidMeasurement(f"upload: INVALID, {broken!r}") from broken
    finally:
        connection.close()


class _Watch:
    """Looks at the memory of a process tree twenty times a second and keeps the highest sums."""

    def __init__(self, pid: int) -> None:
        self.highest_pss = 0.0
        self.highest_rss = 0.0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            memory = memory_of(self._pid)
            self.highest_pss = max(self.highest_pss, memory.pss)
            self.highest_rss = max(self.highest_rss, memory.rss)
            if self._over.wait(_BETWEEN_LOOKS):
                return
