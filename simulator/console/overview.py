"""The console's first page: where the world stands, what is due, what happened last, and the way to everything else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, url_for
from flask_wtf import FlaskForm

from simulator.console.clock_words import STEPS, clock_words, job_words, places
from simulator.console.faults import words_of
from simulator.console.journal import line
from simulator.console.one_dispatch import INSTRUCTION_WORDS
from simulator.market.dispatches import ENDED, Dispatch, State
from simulator.market.outbox import MessageState
from simulator.operations import history
from simulator.operations.dispatching import dispatches_of, messages_of_dispatch
from simulator.operations.faulting import faults_on
from simulator.operations.history import entries_so_far
from simulator.operations.mails import count_mails
from simulator.operations.participants import participants
from simulator.settings import LAST_YEAR
from simulator.timekeeping.london import to_london
from simulator.web import current_world, current_worlds, market_now
from simulator.world_addresses import path_of_world

EXCHANGES_SHOWN = 10
_PROBLEMS_SHOWN = 3
_FAULTS_SHOWN = 5
_DUE_SHOWN = 8
_DISPATCHES_LOOKED_AT = 10


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is due: when, what in words, and the page that tells more, if one does."""

    at: datetime
    words: str
    address: str | None = None


def add_routes(blueprint: Blueprint) -> None:
    """The overview."""
    blueprint.add_url_rule("", "overview_page", overview_page)


def overview_page() -> Any:
    """The world in numbers, its clock, what comes and what was, and the other worlds."""
    now = market_now()
    jobs = [Due(at, job_words(name)) for at, name in current_world.time.coming_jobs(now)]
    with current_world.view() as view:
        everybody = participants(view)
        dispatches = dispatches_of(view)
        faults = faults_on(view)
        still_open = [each for each in dispatches if each.state not in ENDED | {State.FAILED}]
        exchanges = history.search_entries(view, history.EXCHANGES, limit=EXCHANGES_SHOWN).entries
        problems = history.recent_problems(view, _PROBLEMS_SHOWN)
        counts = {"mails": count_mails(view), "entries": entries_so_far(view), "faults": len(faults),
                  "dispatches": len(dispatches), "open_dispatches": len(still_open)}
        due = sorted([*jobs, *_messages(view, still_open)], key=lambda each: each.at)[:_DUE_SHOWN]
    return render_template(
        "console/overview.html", everybody=everybody, counts=counts, clock=clock_words(current_world.clock), due=due,
        mode=current_world.clock.mode, steps=STEPS, places=places(now, most=1) if now.year < LAST_YEAR else [],
        exchanges=[line(entry) for entry in exchanges], problems=[line(entry) for entry in problems],
        faults=[words_of(fault) for fault in faults[:_FAULTS_SHOWN]], today=f"{to_london(now):%A %d %B %Y}",
        fixture=current_world.fixture, others=_other_worlds(), form=FlaskForm(),
        is_moving=current_world.time.is_moving, under_way=current_world.time.last_move)


def _messages(view: Any, dispatches: list[Dispatch]) -> list[Due]:
    """What goes out next for the dispatches that are on, those that begin first."""
    found = []
    for dispatch in sorted(dispatches, key=lambda each: each.start_at)[:_DISPATCHES_LOOKED_AT]:
        waiting = [message for message, _ in messages_of_dispatch(view, dispatch.id)
                   if message.state is MessageState.WAITING]
        if waiting:
            message = min(waiting, key=lambda each: each.due_at)
            words = INSTRUCTION_WORDS.get(message.content["instruction"], "Message")
            found.append(Due(message.due_at, f"{words} of {dispatch.id}",
                             url_for("console.dispatch_page", dispatch_id=dispatch.id)))
    return found


def _other_worlds() -> list[tuple[str, str]]:
    """The name and the console's address of every other world."""
    return [(name, console_of(name)) for name in current_worlds.names() if name != current_world.name]


def console_of(world: str) -> str:
    """The address of a world's console, on this server."""
    return f"{path_of_world(world)}/console"
