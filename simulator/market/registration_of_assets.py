"""The rules for assets that a batch is to create. Codes and limits: wire format, assumed; MPANs and GSP Groups: public.

A record maps canonical names to the values that the contract read: text, `datetime.date`, power in kW. A field that the
contract in force does not have is not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from simulator.market.batches import BatchError
from simulator.market.mpan import gsp_group_of, mpan_problem
from simulator.market.registered_texts import text_findings

PointerOf = Callable[[int, str], str]
"""Where a field of a record stood in what was sent."""

_Finding = tuple[str, str, str]
"""Canonical field, code, message."""


def judge_assets(records: Sequence[Mapping[str, Any]], registered: Mapping[str, str], pointer: PointerOf
                 ) -> list[BatchError]:
    """Everything wrong with the assets of a batch, ordered by asset and then by field.

    `registered` are the participant's references that are taken already -> asset id.
    """
    errors = []
    first: dict[str, int] = {}
    for index, record in enumerate(records):
        reference = record["external_reference"]
        earlier = first.setdefault(reference, index)
        findings = [*_reference_findings(reference, registered.get(reference), None if earlier == index else earlier),
                    *text_findings(record), *_supply_findings(record), *_capacity_findings(record),
                    *date_findings(record)]
        errors += [BatchError(index, pointer(index, field), code, message) for field, code, message in findings]
    return errors


def _reference_findings(reference: str, asset_id: str | None, earlier: int | None) -> Iterator[_Finding]:
    if asset_id is not None:
        yield ("external_reference", "duplicate_reference",
               f"You have registered an asset with the reference {reference!r} before: {asset_id}. Give each asset a "
               "reference of its own.")
    if earlier is not None:
        yield ("external_reference", "duplicate_in_batch",
               f"The reference {reference!r} stands in this batch already, at asset {earlier} (counted from 0). Give "
               "each asset a reference of its own.")


def _supply_findings(record: Mapping[str, Any]) -> Iterator[_Finding]:
    """An MPAN that is mistyped is compared with the group all the same: both may be wrong, and all errors are told."""
    mpan, export_mpan, group = record.get("mpan"), record.get("export_mpan"), record.get("gsp_group_id")
    for field, value in (("mpan", mpan), ("export_mpan", export_mpan)):
        problem = None if value is None else mpan_problem(value)
        if problem is not None:
            yield field, "mpan_check_digit", problem
    right = None if mpan is None else gsp_group_of(mpan)
    export_right = None if export_mpan is None else gsp_group_of(export_mpan)
    if group is None:
        return
    if right not in (None, group):
        yield "gsp_group_id", "gsp_group_mismatch", _mismatch(mpan, right, group)
    if export_right not in (None, group, right):
        yield "gsp_group_id", "gsp_group_mismatch", _mismatch(export_mpan, export_right, group)


def _mismatch(mpan: str, right: str, group: str) -> str:
    return (f"The MPAN {mpan} is of distributor {mpan[:2]}, whose GSP Group is {right}; this asset says {group}. Send "
            f"{right}, or the right MPAN.")


def _capacity_findings(record: Mapping[str, Any]) -> Iterator[_Finding]:
    powers = [record[field] for field in ("max_import_kw", "max_export_kw") if record.get(field) is not None]
    if powers and not any(powers):
        yield ("max_import_kw", "capacity_missing",
               "The greatest import and the greatest export are both 0. An asset can do at least one of them: send "
               "what it can.")


def date_findings(record: Mapping[str, Any]) -> Iterator[_Finding]:
    """An end before the start, in the words of an asset or unit. Both may be the same day."""
    start, end = record.get("start_date"), record.get("end_date")
    if isinstance(start, date) and isinstance(end, date) and end < start:
        yield ("end_date", "dates_inverted",
               f"It ends on {end.isoformat()}, before it starts on {start.isoformat()}. Send an end on or after the "
               "start, or none.")
