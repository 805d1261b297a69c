"""Facts about the database itself: its schema version, its fixture, its key for cookies."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select

from simulator.store import month_tables, smp_tables, tables
from simulator.store.engine import BulkStatement, Query, create_tables, insert
from simulator.store.work import View, Work


def create_schema(work: Work, **values: str) -> None:
    """Create all tables in an empty database and stamp it with the schema version and `values`."""
    # The modules that define tables add them to one list; naming them here makes sure that they have.
    assert month_tables.metadata is smp_tables.metadata is tables.metadata
    create_tables(work.connection, tables.metadata.sorted_tables)
    work.connection.execute(insert(tables.meta), [
        {"name": name, "value": value}
        for name, value in {"schema_version": str(tables.SCHEMA_VERSION), **values}.items()])


_ALL = Query(select(tables.meta.c.name, tables.meta.c.value))
_insert = insert(tables.meta)
_CHANGE = BulkStatement(_insert.on_conflict_do_update(
    index_elements=[tables.meta.c.name], set_={"value": _insert.excluded.value}), ("name", "value"))
_FORGET = BulkStatement(delete(tables.meta).where(tables.meta.c.name == bindparam("gone")), ("gone",))


def read_meta(view: View) -> dict[str, str]:
    """All values, by name."""
    return dict(_ALL.all(view.connection))


def change_meta(work: Work, **values: str | None) -> None:
    """Replace or add values; those that are None go."""
    _CHANGE.run(work.connection, [(name, value) for name, value in values.items() if value is not None])
    _FORGET.run(work.connection, [(name,) for name, value in values.items() if value is None])
