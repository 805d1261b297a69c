"""Times on the wire: RFC 3339, UTC without an offset, and seconds or milliseconds since 1970. Days: 2026-11-02.

Canonical times are aware datetimes in UTC. The wire form is assumed, UTC is public.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from .problems import CannotWrite, Findings, Path, Unfit
from .schemas import find_trait, find_types
from .translations import Translation
from .vocabulary import TIME_FORMS

_CLOCK = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
_RFC3339 = re.compile(rf"{_CLOCK}(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])").fullmatch
_NAIVE = re.compile(_CLOCK).fullmatch
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE = re.compile(r"-?[0-9]{1,18}").fullmatch

_COUNTS = {
    "epoch-seconds": (timedelta(seconds=1), "seconds"),
    "epoch-milliseconds": (timedelta(milliseconds=1), "milliseconds"),
}
"""Words of x-time that count since 1970: what they count, and what that is called."""

_EXAMPLE = "2026-11-02T16:30:00Z"


def read_rfc3339(value: Any) -> datetime:
    """An RFC 3339 time as UTC. Raises Unfit: `naive_time` without an offset, else `format` (leap seconds too)."""
    if type(value) is not str:
        raise Unfit("type", f'is not text: write a time such as "{_EXAMPLE}".')
    if len(value) == 20 and value[19] == "Z" and value[7] == "-" and value[10] == "T" and value[13] == ":":
        # Almost every time is written like this, and then fromisoformat is as strict as the pattern, at half the cost.
        try:
            if value[11:13] != "24":  # which later Pythons take for the next midnight
                return datetime.fromisoformat(value)
        except ValueError:
            pass
    if not _RFC3339(value):
        if _NAIVE(value):
            raise Unfit("naive_time", f"has no offset: write {_EXAMPLE}, not {_EXAMPLE[:-1]}.")
        raise Unfit("format", f"is not an RFC 3339 time: write it like {_EXAMPLE} or 2026-11-02T16:30:00+00:00.")
    return _to_utc(value.upper())


def read_naive_utc(value: Any) -> datetime:
    """A time that carries no offset and is UTC by the contract. Raises Unfit `type` or `format`."""
    if type(value) is not str:
        raise Unfit("type", f'is not text: write a time such as "{_EXAMPLE[:-1]}".')
    if not _NAIVE(value):
        raise Unfit("format", f"is not a time without offset: write UTC like {_EXAMPLE[:-1]}.")
    return _to_utc(value.upper() + "Z")


def _to_utc(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        # 30 February, second 60, or an offset that leaves the years 1 to 9999.
        raise Unfit("format", "is not a time on the calendar: check day, hour, minute and second.") from None


def write_rfc3339(moment: datetime) -> str:
    """UTC with a Z, microseconds only when there are any."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _write_naive_utc(moment: datetime) -> str:
    return write_rfc3339(moment)[:-1]


def _epoch_translation(unit: timedelta, unit_name: str, types: tuple[str, ...]) -> Translation:
    as_text = "string" in types and not {"integer", "number"} & set(types)
    mend = f"write the {unit_name} since 1970-01-01 00:00 UTC as a whole number"

    def read(value: Any) -> datetime:
        if as_text:
            if type(value) is not str or not _WHOLE(value):
                raise Unfit("format", f"is not a count of {unit_name}: {mend}.")
            value = int(value)
        if type(value) is not int and type(value) is not float:
            raise Unfit("type", f"is not a number: {mend}.")
        try:
            return _EPOCH + value * unit
        except (OverflowError, ValueError):
            raise Unfit("format", f"lies outside the years 1 to 9999: {mend}.") from None

    def write(moment: datetime) -> int | float | str:
        whole, rest = divmod(moment - _EPOCH, unit)
        if not rest:
            return str(whole) if as_text else whole
        if as_text or "number" not in types:
            raise CannotWrite(
                f"{write_rfc3339(moment)} is no whole number of {unit_name}, and the contract takes no others."
            )
        return (moment - _EPOCH) / unit

    return Translation(read, write)


def cut_to_unit(moment: datetime, form: Any) -> datetime:
    """A time without what an x-time that counts whole units cannot say; the same time for every other form."""
    if not isinstance(form, str) or form not in _COUNTS:
        return moment
    micros = _COUNTS[form][0] // timedelta(microseconds=1)
    return moment.replace(microsecond=moment.microsecond // micros * micros)


def translate_time(schema: dict[str, Any], path: Path, findings: Findings) -> Translation:
    """How a time field is read and written. Notes an unknown x-time, or a number without x-time."""
    types = find_types(schema)
    form = find_trait(schema, "x-time")
    if form is None:
        form = "rfc3339"
        if types and "string" not in types:
            findings.add(
                path,
                "This time is a number, and the contract does not say of what.",
                "Add x-time: epoch-seconds or x-time: epoch-milliseconds.",
            )
    if isinstance(form, str) and form in _COUNTS:
        return _epoch_translation(*_COUNTS[form], types)
    if form == "utc-without-offset":
        return Translation(read_naive_utc, _write_naive_utc)
    if form != "rfc3339":
        findings.add(
            (*path, "x-time"),
            f"x-time: {form} is not a word we know.",
            f"Use one of {', '.join(TIME_FORMS)}.",
        )
    return Translation(read_rfc3339, write_rfc3339)


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch


@lru_cache(4096)
def _read_day(text: str) -> date:
    # Thousands of assets begin on the same few days.
    if not _DAY(text):
        raise Unfit("format", 'is not a date: write year, month and day like "2026-11-02".')
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unfit("format", "is not a day on the calendar: check month and day.") from None


def read_date(value: Any) -> date:
    """A day such as 2026-11-02 (RFC 3339, full-date). Raises Unfit `type` or `format`."""
    if type(value) is not str:
        raise Unfit("type", 'is not text: write a date such as "2026-11-02".')
    return _read_day(value)


def translate_date(schema: dict[str, Any], path: Path, findings: Findings) -> Translation:
    """How a day is read and written. Notes a schema that takes no text."""
    types = find_types(schema)
    if types and "string" not in types:
        findings.add(path, "This is a date, and the contract takes no text here.", "Write type: string, format: date.")
    return Translation(read_date, date.isoformat)
