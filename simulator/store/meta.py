"""Facts about the database itself: its schema version, its fixture, its key for cookies."""

from __future__ import annotations

from sqlalchemy import select

from simulator.store import month_tables, smp_tables, tables
from simulator.store.engine import create_tables, insert
from simulator.store.work import View, Work


def create_schema(work: Work, **values: str) -> None:
    """Create all tables in an empty database and stamp it with the schema version and `values`."""
    # The modules that define tables add them to one list; naming them here makes sure that they have.
    assert month_tables.metadata is smp_tables.metadata is tables.metadata
    create_tables(work.connection, tables.metadata.sorted_tables)
    work.connection.execute(insert(tables.meta), [
        {"name": name, "value": value}
        for name, value in {"schema_version": str(tables.SCHEMA_VERSION), **values}.items()])


def read_meta(view: View) -> dict[str, str]:
    """All values, by name."""
    return {row.name: row.value for row in view.connection.execute(select(tables.meta))}
