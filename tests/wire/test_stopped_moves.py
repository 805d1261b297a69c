"""A move of the clock that is stopped on the way: what has happened stays, and everybody who asks is told so (wire
format, assumed).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from simulator.timekeeping.london import to_london
from tests.commands import Flexsim
from tests.pages import PageClient
from tests.servers import NOW, WorldClient, eventually

FAR = {"to": "2036-09-01T17:00:00Z"}
FAR_WORDS = "Mon 01 Sep 2036 18:00 BST"
PLACE = "/console/clock"


@pytest.fixture
def frozen(world: WorldClient) -> WorldClient:
    """A quiet demo world whose clock stands on Monday, 2 November 2026, 17:00."""
    world.freeze(NOW)
    return world


def begun(ask: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Ask in the background."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(ask()))
    thread.start()
    return thread, found


def advancing(world: WorldClient) -> tuple[threading.Thread, list[Any]]:
    """Begin a long advance by a call; the thread that waits for its answer, and where the answer will be."""
    return begun(lambda: WorldClient(world.url, world.name).post("/_sim/clock/advance", FAR))


def stop(world: WorldClient, thread: threading.Thread) -> None:
    """Press Stop here once some jobs ran, until it is heard."""
    eventually(lambda: world.now() > "2026-11-20", "the clock on its way")
    console = PageClient(world.url)
    console.submit(console.get(PLACE), "Stop here", to=PLACE)
    thread.join(30)
    assert not thread.is_alive()


def test_a_stopped_advance_says_what_it_did(frozen: WorldClient) -> None:
    """Ours: the jobs that ran are told, and where the clock stands."""
    thread, answers = advancing(frozen)
    stop(frozen, thread)
    answer, = answers
    said = answer.json()
    assert (answer.status_code, said["stopped"], said["because"]) == (200, True, "somebody stopped it")
    assert said["now"] == frozen.now() < "2036"
    assert [job["dueAt"] for job in said["jobs"]] == [entry["at"] for entry in frozen.journal("job")]


def test_an_advance_that_arrives_says_nothing_of_a_stop(frozen: WorldClient) -> None:
    """Ours."""
    assert set(frozen.post("/_sim/clock/advance", {"by": "P1D"}).json()) == {"now", "jobs"}


def test_a_clock_that_is_stopped_while_it_is_set_says_so(frozen: WorldClient) -> None:
    """Ours: PUT /_sim/clock goes forward through all that is due, as advance does."""
    wanted = {"mode": "real", "now": "2036-01-01T00:00:00Z"}
    thread, answers = begun(lambda: WorldClient(frozen.url, frozen.name).put("/_sim/clock", wanted))
    stop(frozen, thread)
    said = answers[0].json()
    assert (answers[0].status_code, said["stopped"], said["mode"], said["now"]) == (200, True, "frozen", frozen.now())


def test_the_clock_page_tells_of_a_stopped_advance_that_a_call_began(frozen: WorldClient) -> None:
    """Ours: whoever began it, with the jobs that ran, in London words."""
    thread, answers = advancing(frozen)
    stop(frozen, thread)
    jobs = answers[0].json()["jobs"]
    page = PageClient(frozen.url).get(PLACE)
    words = f"The clock was stopped on the way to {FAR_WORDS}: somebody stopped it. All that it brought about"
    assert words in page.content.text
    assert len(page.rows()) == min(len(jobs), 100)


def test_the_jobs_that_ran_so_far_are_shown_on_the_way(frozen: WorldClient) -> None:
    """Ours: also of an advance that a call began."""
    thread, _ = advancing(frozen)
    console = PageClient(frozen.url)
    page = eventually(lambda: (found := console.get(PLACE)).tree.find_all("tbody") and found, "the jobs")
    assert "On the way from Mon 02 Nov 2026 17:00 GMT to " in page.content.text and "so far:" in page.content.text
    stop(frozen, thread)


def test_a_second_move_is_told_that_nothing_was_added(frozen: WorldClient) -> None:
    """Ours: from a page that was opened before the first one began; the first goes on."""
    console = PageClient(frozen.url)
    overview, clock = console.get("/console"), console.get(PLACE)
    thread, _ = advancing(frozen)
    eventually(lambda: frozen.now() > "2026-11-03", "the clock on its way")
    for page, button in ((overview, "+ 1 day"), (clock, "+ 1 week"), (clock, "Let it run")):
        answer = console.submit(page, button, to=f"{PLACE}?refused=moving")
        assert f"Nothing was added: the clock is being moved, until {FAR_WORDS}." in answer.alerts[0]
    stop(frozen, thread)


def test_the_overview_offers_no_clock_while_it_is_moved(frozen: WorldClient) -> None:
    """Ours: what cannot be done now is not offered."""
    thread, _ = advancing(frozen)
    eventually(lambda: frozen.now() > "2026-11-03", "the clock on its way")
    page = PageClient(frozen.url).get("/console")
    assert f"It goes to {FAR_WORDS}, and cannot be moved or set meanwhile." in page.content.text
    assert "+ 1 day" not in page.content.text
    stop(frozen, thread)


def test_a_page_tells_one_instant_while_the_clock_is_moved(frozen: WorldClient) -> None:
    """Ours: the bar, London time, UTC, and what is due after it go by one look at the clock."""
    thread, _ = advancing(frozen)
    eventually(lambda: frozen.now() > "2026-11-03", "the clock on its way")
    console = PageClient(frozen.url)
    for _ in range(10):
        page = console.get("/console")
        panel = page.tree.find(class_="clock-panel")
        now = datetime.fromisoformat(panel.find("code").text)
        local = to_london(now)
        assert panel.find(class_="tile-number").text == f"{local:%H:%M:%S} {local.tzname()}"
        assert f"{local:%A %d %B %Y}, in UTC" in panel.text
        assert f"{local:%a %d %b %Y %H:%M} {local.tzname()}" in page.tree.find(class_="console-world").text
        first_due = page.tree.find(class_="due").find_all("time")[0].attributes["datetime"]
        assert datetime.fromisoformat(first_due) > now
    stop(frozen, thread)


def test_the_command_tells_of_a_stop(frozen: WorldClient) -> None:
    """Ours: what ran, where it stopped in London time, and exit code 1."""
    thread, found = begun(lambda: Flexsim(frozen)("clock", "advance", "--to", "2036-09-01T17:00:00Z"))
    stop(frozen, thread)
    ran, = found
    local = to_london(datetime.fromisoformat(frozen.now()))
    assert ran.code == 1 and "send_daily_schedules" in ran.out
    assert f"stopped on the way at {local:%a %d %b %Y %H:%M:%S} {local.tzname()}" in ran.err
