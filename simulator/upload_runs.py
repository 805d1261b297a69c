"""Uploads under way: one thread each, so that the page can show progress, and what their progress is."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from typing import IO

from simulator.documents.csv_files import CsvUnreadable, ReadingColumns, Rows, TimeReader, read_reading_rows
from simulator.operations import uploads
from simulator.operations.uploads import Findings, UploadRules
from simulator.store.uploads import UploadError
from simulator.world import World

_log = logging.getLogger("flexsim")


class Interrupted(Exception):
    """The world is wanted for something else: a reset, or the end of the server."""


class UploadRun:
    """One upload under way. `rows` have been read, `share` of the file, 0 to 1; `step` says so in words for people.

    `done` is set at the end.
    """

    def __init__(self, world: World, organisation_id: str, upload_id: int, cause: int | None) -> None:
        self.rows = 0
        self.share = 0.0
        self.step = "rows read"
        self.done = threading.Event()
        self._world = world
        self._organisation_id = organisation_id
        self._upload_id = upload_id
        self._cause = cause

    def start(self, file: IO[bytes], columns: ReadingColumns, read_time: TimeReader) -> None:
        """Begin in the background. Takes over the file and closes it; holds the world until the end."""
        self._world.gate.enter()
        threading.Thread(target=self._run, args=(file, columns, read_time), name=f"upload-{self._upload_id}").start()

    def _run(self, file: IO[bytes], columns: ReadingColumns, read_time: TimeReader) -> None:
        findings = Findings(self._world.settings.upload_error_limit)
        try:
            with file:
                self._take(file, columns, read_time, findings)
        except Interrupted:
            self._end_early(findings, failed=False)
        except Exception:
            _log.exception("world %s: upload %s failed", self._world.name, self._upload_id)
            self._end_early(findings, failed=True)
        finally:
            self._world.gate.leave()
            self.done.set()

    def _end_early(self, findings: Findings, failed: bool) -> None:
        with self._world.work(self._cause) as work:
            uploads.end_upload_early(work, self._organisation_id, self._upload_id, findings, failed)

    def _take(self, file: IO[bytes], columns: ReadingColumns, read_time: TimeReader, findings: Findings) -> None:
        size = os.fstat(file.fileno()).st_size or 1
        names = {"meterable_unit_id": columns.unit, "timestamp": columns.timestamp,
                 columns.amount_field: columns.amount, None: None}
        with self._world.view() as view:
            rules = uploads.rules_of_upload(view, self._organisation_id, self._world.now(),
                                            self._world.settings.future_tolerance_seconds, names)
        with self._world.staging() as (staging, open_work):
            try:
                for rows in uploads.stage_rows(staging, self._watched(file, columns, read_time), rules, findings):
                    self.rows = rows
                    self.share = min(os.lseek(file.fileno(), 0, os.SEEK_CUR) / size, 1.0)
            except CsvUnreadable as error:
                findings.add(UploadError(error.line, error.column, error.code, str(error)))
            with open_work(self._cause) as work:
                self._conclude(work, rules, findings)

    def _conclude(self, work, rules: UploadRules, findings: Findings) -> None:
        if findings.error_count:
            uploads.refuse_upload(work, self._organisation_id, self._upload_id, findings)
        else:
            uploads.take_over(work, self._organisation_id, self._upload_id, rules, findings)

    def _watched(self, file: IO[bytes], columns: ReadingColumns, read_time: TimeReader) -> Iterator[Rows]:
        for rows in read_reading_rows(file, columns, read_time):
            if self._world.gate.wanted_alone:
                raise Interrupted
            yield rows
        self.step = "rows read, now looking for periods given twice and storing"


class UploadRuns:
    """The uploads under way in all worlds, by world and number."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, int], UploadRun] = {}

    def begin(self, world: World, organisation_id: str, upload_id: int, cause: int | None) -> UploadRun:
        """A run for an upload that was noted in the store."""
        self._runs = {key: run for key, run in self._runs.items() if not run.done.is_set()}
        run = self._runs[world.name, upload_id] = UploadRun(world, organisation_id, upload_id, cause)
        return run

    def find(self, world: World, upload_id: int) -> UploadRun | None:
        """The run of an upload, while it is under way."""
        run = self._runs.get((world.name, upload_id))
        return None if run is None or run.done.is_set() else run
