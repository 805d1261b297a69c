"""The console's first page: where the world stands, and the way to everything else."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from simulator.market.dispatches import ENDED, State
from simulator.operations.dispatching import dispatches_of
from simulator.operations.faulting import faults_on
from simulator.operations.history import entries_so_far
from simulator.operations.mails import count_mails
from simulator.operations.participants import participants
from simulator.settings import DEFAULT_WORLD
from simulator.timekeeping.clock import FROZEN, REAL, Clock
from simulator.timekeeping.london import to_london
from simulator.web import current_world, current_worlds


def add_routes(blueprint: Blueprint) -> None:
    """The overview."""
    blueprint.add_url_rule("", "overview_page", overview_page)


def overview_page() -> Any:
    """The world in numbers, its clock, and the other worlds."""
    with current_world.view() as view:
        everybody = participants(view)
        dispatches = dispatches_of(view)
        counts = {"mails": count_mails(view), "entries": entries_so_far(view), "faults": len(faults_on(view)),
                  "dispatches": len(dispatches),
                  "open_dispatches": sum(each.state not in ENDED | {State.FAILED} for each in dispatches)}
    due = current_world.time.next_jobs()
    return render_template(
        "console/overview.html", everybody=everybody, counts=counts, clock=_clock_words(current_world.clock),
        next_job=None if due is None else {
            "at": due[0], "names": [name.replace("_", " ").capitalize() for name in due[1]]},
        today=f"{to_london(current_world.now()):%A %d %B %Y}", fixture=current_world.fixture, others=_other_worlds())


def _clock_words(clock: Clock) -> str:
    if clock.mode == REAL:
        return "runs with real time"
    return "is frozen" if clock.mode == FROZEN else f"runs {clock.rate:g} times as fast as real time"


def _other_worlds() -> list[tuple[str, str]]:
    """The name and the console's address of every other world."""
    return [(name, "/console" if name == DEFAULT_WORLD else f"/w/{name}/console")
            for name in current_worlds.names() if name != current_world.name]
