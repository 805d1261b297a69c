"""CSV uploads and what was wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
from sqlalchemy import Row, bindparam, func, select, update

from simulator.market.readings import ReadingsReceipt
from simulator.store import tables
from simulator.store.engine import BulkStatement, Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work

RUNNING, STORED, REFUSED, INTERRUPTED, FAILED = "running", "stored", "refused", "interrupted", "failed"


@dataclass(frozen=True, slots=True)
class Upload:
    """A CSV upload; `state` is running, stored, refused, interrupted or failed, and `receipt` is there when stored."""

    id: int
    organisation_id: str
    filename: str
    state: str
    started_at: datetime
    row_count: int
    error_count: int
    receipt: ReadingsReceipt | None


@dataclass(frozen=True, slots=True)
class UploadError:
    """One thing wrong with one line of a CSV."""

    line: int
    column: str | None
    code: str
    message: str


_ERRORS = BulkStatement(
    insert(tables.upload_errors), ("upload_id", "number", "line", "column", "code", "message"))


def add_upload(work: Work, organisation_id: str, filename: str) -> int:
    """Note that an upload has begun; its id."""
    result = work.connection.execute(insert(tables.uploads), {
        "organisation_id": organisation_id, "filename": filename, "state": RUNNING,
        "started_at": to_micros(work.now), "row_count": 0, "error_count": 0, "receipt": None})
    return result.inserted_primary_key[0]


def finish_upload(work: Work, upload_id: int, state: str, row_count: int, error_count: int = 0,
                  receipt: ReadingsReceipt | None = None, errors: Sequence[UploadError] = ()) -> None:
    """Note how an upload ended, with its errors in order."""
    work.connection.execute(update(tables.uploads).where(tables.uploads.c.id == upload_id).values(
        state=state, row_count=row_count, error_count=error_count,
        receipt=None if receipt is None else orjson.dumps(asdict(receipt)).decode()))
    _ERRORS.run(work.connection, [
        (upload_id, number, error.line, error.column, error.code, error.message)
        for number, error in enumerate(errors)])


# Asked whenever a world is opened, which has to be quick.
_IN_STATE = Query(select(tables.uploads.c.id).where(tables.uploads.c.state == bindparam("state")))


def interrupt_running_uploads(work: Work) -> None:
    """Uploads that were running when the server ended did not finish, and stored nothing."""
    if _IN_STATE.first(work.connection, RUNNING) is None:
        return
    work.connection.execute(
        update(tables.uploads).where(tables.uploads.c.state == RUNNING).values(state=INTERRUPTED))


def upload_of(view: View, organisation_id: str, upload_id: int) -> Upload | None:
    """One upload of an organisation."""
    columns = tables.uploads.c
    query = select(tables.uploads).where(columns.organisation_id == organisation_id, columns.id == upload_id)
    row = view.connection.execute(query).first()
    return None if row is None else _upload(row)


def latest_uploads(view: View, organisation_id: str, count: int) -> list[Upload]:
    """The newest uploads of an organisation, newest first."""
    columns = tables.uploads.c
    query = (select(tables.uploads).where(columns.organisation_id == organisation_id)
             .order_by(columns.id.desc()).limit(count))
    return [_upload(row) for row in view.connection.execute(query)]


def errors_of(view: View, upload_id: int, start: int = 0, count: int | None = None) -> list[UploadError]:
    """Errors of an upload in order, from number `start` on."""
    columns = tables.upload_errors.c
    query = (select(columns.line, columns.column, columns.code, columns.message)
             .where(columns.upload_id == upload_id, columns.number >= start).order_by(columns.number))
    if count is not None:
        query = query.limit(count)
    return [UploadError(*row) for row in view.connection.execute(query)]


def error_codes_of(view: View, upload_id: int) -> list[tuple[str, int]]:
    """How often each code occurs among the listed errors, most frequent first."""
    columns = tables.upload_errors.c
    number = func.count().label("count")
    query = (select(columns.code, number).where(columns.upload_id == upload_id)
             .group_by(columns.code).order_by(number.desc(), columns.code))
    return [tuple(row) for row in view.connection.execute(query)]


def _upload(row: Row) -> Upload:
    receipt = None if row.receipt is None else ReadingsReceipt(**orjson.loads(row.receipt))
    return Upload(row.id, row.organisation_id, row.filename, row.state, from_micros(row.started_at),
                  row.row_count, row.error_count, receipt)
