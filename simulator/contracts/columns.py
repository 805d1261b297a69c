"""Columns of the CSV upload, from the contract's x-csv section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .problems import Findings
from .vocabulary import PlatformNeeds

_NOT_FOR_COLUMNS = ("x-unit", "x-sign", "x-time", "x-words")


def read_columns(
    document: Mapping[str, Any], needs: PlatformNeeds, default: Mapping[str, str], findings: Findings
) -> dict[str, str]:
    """CSV column -> canonical name. What x-csv does not name keeps its `default` column.

    Notes unknown and double names, and extensions that do nothing on a column.
    """
    section = document.get("x-csv", {})
    columns = section.get("columns", {}) if isinstance(section, dict) else None
    if not isinstance(columns, dict):
        findings.add(("x-csv",), "x-csv has no columns.", "Write columns: and under it one line per column.")
        return {}
    known = ", ".join(needs.csv_fields)
    found: dict[str, str] = {}
    for column, about in columns.items():
        about = about if isinstance(about, dict) else {}
        path = ("x-csv", "columns", column)
        canonical = about.get("x-canonical", column)
        if canonical not in needs.csv_fields:
            what = f"The column {column} stands for {canonical}, which we do not know."
            findings.add(path, what, f"Write x-canonical with one of {known}.")
        elif canonical in found.values():
            findings.add(path, f"Two columns stand for {canonical}.", "Keep one.")
        else:
            found[column] = canonical
        for word in _NOT_FOR_COLUMNS:
            if word in about:
                mend = "Remove it: the CSV upload takes kW, kWh and RFC 3339 times."
                findings.add((*path, word), f"{word} does nothing on a CSV column.", mend)
    for column, canonical in default.items():
        if canonical in found.values():
            continue
        if column in found:
            what = f"The column {column} stands for {found[column]}, so none is left for {canonical}."
            findings.add(("x-csv", "columns"), what, f"Name a column for {canonical}.")
        else:
            found[column] = canonical
    return found
