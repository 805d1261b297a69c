"""What is final stays as it is, even for someone who opens the file of a world with another program."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from simulator.market.errors import Refused
from simulator.operations import deciding, declarations
from tests.builders import instant
from tests.markets import wish
from tests.month_worlds import HALF_HOURLY, MonthWorld, month_world

FINAL = ("events", "event_periods", "invoices", "availability_payments", "finalised_months", "decided_weeks",
         "decisions")


@pytest.fixture(scope="module")
def final() -> Iterator[MonthWorld]:
    """A month with a paid event and paid availability, final since 15 November."""
    with month_world("2026-10-05 09:00") as month:
        with month.world.work() as work:
            declarations.declare(work, "acme", wish(
                week=date(2026, 10, 12), unit_id=HALF_HOURLY, programme="SAOU", availability_price=Decimal(10)),
                month.policy)
        month.advance("2026-10-08 12:00")
        month.dispatch("2026-10-12 16:00")
        month.advance("2026-10-12 17:00")
        month.read("2026-10-12 16:00", 0.0, 0.0)
        month.settle()
        month.advance("2026-11-15 12:00")
        yield month


@pytest.fixture
def raw(final: MonthWorld) -> Iterator[sqlite3.Connection]:
    """The world's file, opened as any program would; what it does is rolled back."""
    with final.world.view() as view:
        file = Path(view.connection.exec_driver_sql("PRAGMA database_list").first()[2])
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.execute("ROLLBACK")
    connection.close()


@pytest.mark.parametrize("table", FINAL)
@pytest.mark.parametrize("change", [
    "INSERT OR REPLACE INTO {0} SELECT * FROM {0}", "REPLACE INTO {0} SELECT * FROM {0} LIMIT 1", "DELETE FROM {0}",
    "UPDATE {0} SET {1} = {1}", "UPDATE OR REPLACE {0} SET {1} = {1}"], ids=lambda change: change[:17].strip())
def test_no_final_row_is_changed_deleted_or_replaced(raw: sqlite3.Connection, table: str, change: str) -> None:
    """Design, 9: finalised rows cannot change, by a trigger and not by convention. REPLACE fires no DELETE trigger."""
    column = raw.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchone()[0]
    assert raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    with pytest.raises(sqlite3.IntegrityError, match="final cannot change"):
        raw.execute(change.format(table, column))


def test_no_other_row_takes_the_place_of_a_final_one(raw: sqlite3.Connection) -> None:
    """Design, 9: UPDATE OR REPLACE would delete the row whose key it takes."""
    columns = [row[0] for row in raw.execute("SELECT name FROM pragma_table_info('events')")]
    changed = {"number": "99", "id": "'D-other'", "state": "'provisional'"}
    raw.execute(f"INSERT INTO events SELECT {', '.join(changed.get(name, name) for name in columns)} FROM events")
    with pytest.raises(sqlite3.IntegrityError, match="final cannot change"):
        raw.execute("UPDATE OR REPLACE events SET id = (SELECT id FROM events WHERE state = 'final') WHERE number = 99")


def test_a_week_of_a_final_month_is_not_decided_anew(final: MonthWorld) -> None:
    """Ours: also not when the clock was set back before the week."""
    with pytest.raises(Refused) as refusal, final.world.work(now=instant("2026-10-09 12:00")) as work:
        deciding.decide_by_hand(work, date(2026, 10, 12), [], final.policy)
    assert [breach.code for breach in refusal.value.breaches] == ["month_final"]
