"""Uploading readings as CSV: the same rules as the API, for a million rows in little memory.

Rows are judged in portions and put aside in a temporary table. Only when all are good does one short transaction take
them over; so an upload that fails, or a server that is killed, stores nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from simulator.market.errors import RuleBreach
from simulator.market.facts import UploadRefused
from simulator.market.organisations import MeterableUnit
from simulator.market.readings import ReadingRules, ReadingsReceipt, duplicate_breach
from simulator.operations.readings import late_until, record_acceptance
from simulator.store import organisations, readings, uploads
from simulator.store.uploads import Upload, UploadError
from simulator.store.work import View, Work

LATEST_UPLOADS = 10
ERRORS_A_PAGE = 100


class RowsOfFile(Protocol):
    """Rows as `documents.csv_files` reads them."""

    lines: list[int]
    drafts: list[dict[str, Any]]
    breaches: list[RuleBreach]


class Staging(Protocol):
    """A connection for temporary tables."""

    connection: Connection

    def filling(self) -> AbstractContextManager[Connection]:
        """A transaction on temporary tables."""
        ...


@dataclass
class Findings:
    """What an upload held: rows seen, and its errors, of which at most `limit` are kept and all are counted."""

    limit: int
    rows: int = 0
    error_count: int = 0
    errors: list[UploadError] = field(default_factory=list)

    def add(self, error: UploadError) -> None:
        """Note an error."""
        self.error_count += 1
        if len(self.errors) < self.limit:
            self.errors.append(error)


@dataclass(frozen=True)
class UploadRules:
    """What the rows of an upload are judged by."""

    units: Mapping[str, MeterableUnit]
    now: datetime
    tolerance_seconds: int
    column_names: Mapping[str | None, str | None]


def begin_upload(work: Work, organisation_id: str, filename: str) -> int:
    """Note that an upload has begun; its number."""
    return uploads.add_upload(work, organisation_id, filename)


def rules_of_upload(view: View, organisation_id: str, now: datetime, tolerance_seconds: int,
                    column_names: Mapping[str | None, str | None]) -> UploadRules:
    """The rules for an organisation's upload that begins now; `column_names` maps our field names to the file's."""
    return UploadRules(organisations.units_of(view, organisation_id), now, tolerance_seconds, column_names)


def stage_rows(staging: Staging, rows: Iterable[RowsOfFile], rules: UploadRules, findings: Findings) -> Iterator[int]:
    """Judge rows and put them aside; yields how many were seen so far, for a progress display."""
    places = {name: place for place, name in enumerate(rules.column_names.values())}
    judge = ReadingRules(rules.units, rules.now, rules.tolerance_seconds)
    readings.create_staging(staging.connection)
    for portion in rows:
        accepted, breaches = judge.judge(portion.drafts)
        findings.rows += len(portion.drafts)
        errors = [UploadError(portion.lines[breach.index or 0], rules.column_names.get(breach.field, breach.field),
                              breach.code, breach.message) for breach in (*portion.breaches, *breaches)]
        for error in sorted(errors, key=lambda error: (error.line, places.get(error.column, len(places)))):
            findings.add(error)
        with staging.filling() as connection:
            readings.stage(connection, _periods_of(portion, rules) if errors else [
                (line, *reading) for line, reading in zip(portion.lines, accepted, strict=True)])
        yield findings.rows
    _note_duplicates(staging, rules, findings)


def _periods_of(portion: RowsOfFile, rules: UploadRules) -> list[tuple[int, int, int, int]]:
    """Rows to find duplicates among, for a portion that has errors and so will not be stored."""
    return [
        (line, rules.units[draft["meterable_unit_id"]].number, int(draft["timestamp"].timestamp()), 0)
        for line, draft in zip(portion.lines, portion.drafts, strict=True)
        if draft.get("meterable_unit_id") in rules.units and isinstance(draft.get("timestamp"), datetime)]


def _note_duplicates(staging: Staging, rules: UploadRules, findings: Findings) -> None:
    ids = {unit.number: unit.id for unit in rules.units.values()}
    with staging.filling() as connection:
        count, rows = readings.staged_duplicates(connection, findings.limit)
    found = []
    for line, unit, end in rows:
        breach = duplicate_breach(0, ids[unit], end)
        found.append(UploadError(line, rules.column_names.get(breach.field), breach.code, breach.message))
    findings.error_count += count
    findings.errors = sorted([*findings.errors, *found], key=lambda error: error.line)[:findings.limit]


def take_over(work: Work, organisation_id: str, upload_id: int, rules: UploadRules, findings: Findings) -> None:
    """Store all staged rows, and note the success."""
    limit = late_until(work)
    total, late, numbers, first, last = readings.staged_summary(work.connection, limit)
    created = readings.take_over_staged(work)
    receipt = ReadingsReceipt(accepted=total, created=created, updated=total - created, late=late)
    record_acceptance(work, organisation_id, "csv", receipt, rules.units, set(numbers), first, last)
    uploads.finish_upload(work, upload_id, uploads.STORED, findings.rows, receipt=receipt)


def refuse_upload(work: Work, organisation_id: str, upload_id: int, findings: Findings) -> None:
    """Note that an upload broke rules; nothing of it is stored."""
    uploads.finish_upload(work, upload_id, uploads.REFUSED, findings.rows, findings.error_count,
                          errors=findings.errors)
    work.record(UploadRefused(organisation_id, upload_id, "errors", findings.error_count))


def end_upload_early(work: Work, organisation_id: str, upload_id: int, findings: Findings, failed: bool) -> None:
    """Note that an upload was interrupted, or that the simulator failed at it; nothing of it is stored."""
    state = uploads.FAILED if failed else uploads.INTERRUPTED
    uploads.finish_upload(work, upload_id, state, findings.rows)
    work.record(UploadRefused(organisation_id, upload_id, state, 0))


def upload_of(view: View, organisation_id: str, upload_id: int) -> Upload | None:
    """One upload of an organisation."""
    return uploads.upload_of(view, organisation_id, upload_id)


def latest_uploads(view: View, organisation_id: str) -> list[Upload]:
    """The newest uploads of an organisation."""
    return uploads.latest_uploads(view, organisation_id, LATEST_UPLOADS)


def errors_of(view: View, upload_id: int, start: int = 0, count: int | None = None) -> list[UploadError]:
    """Errors of an upload, in order of lines."""
    return uploads.errors_of(view, upload_id, start, count)


def error_codes_of(view: View, upload_id: int) -> list[tuple[str, int]]:
    """How often each code occurs among the listed errors."""
    return uploads.error_codes_of(view, upload_id)
