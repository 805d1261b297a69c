"""Fifty worlds driven at once by eight clients, with clocks, fixtures, faults and endpoints of their own (ours).

The same run for a minute: `make soak`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.parallel_worlds import MarkedWorld
from bench.soak import MOST_MEGABYTES_KEPT, Figures, run

SECONDS = 5


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Figures]:
    """What came of a short run, against a server in a process of its own."""
    yield run(tmp_path_factory.mktemp("soak"), SECONDS)


def test_nothing_crosses_from_one_world_to_another(figures: Figures) -> None:
    """Ours: no entry, mail, reading or id crosses; and what was acknowledged is there, no more and no less."""
    assert figures.problems == []


def test_every_kind_of_thing_was_done(figures: Figures) -> None:
    """A run in which nothing happens proves nothing."""
    assert (figures.worlds, figures.clients) == (50, 8)
    assert set(figures.done) == {"send_readings", "invite", "plan_dispatch", "register_assets", "move_clock",
                                 "try_foreign_token", "look"}
    assert min(figures.held.values()) > 20, figures.held
    assert figures.done.total() > 150


def test_the_memory_comes_back_when_the_worlds_are_deleted(figures: Figures) -> None:
    """Ours: afterwards memory is back to within 20 MB."""
    assert figures.kept_mb <= MOST_MEGABYTES_KEPT, figures.lines()


@pytest.mark.parametrize("text", ["soak-08", '"W08-12"', "desk-3@world-08.example", "http://127.0.0.1:9/m08/dispatch"])
def test_a_mark_of_another_world_is_seen(text: str) -> None:
    """The comparison is no good if it sees nothing."""
    assert MarkedWorld(7, "http://x").foreign_marks(text) and not MarkedWorld(8, "http://x").foreign_marks(text)


def test_worlds_differ_in_what_could_cross() -> None:
    """Different clocks, fixtures and faults."""
    worlds = [MarkedWorld(number, "http://x") for number in range(1, 51)]
    assert len({world.starts_at for world in worlds}) == 50
    assert {world.clock for world in worlds} == {"frozen", "moved", "scaled", "real"}
    assert {world.fixture for world in worlds} == {"demo", "quiet"}
    assert len({str(world.fault) for world in worlds}) == 5
