"""The settings that stand in for a rule of a platform, as entries; those without a label are the simulator's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from simulator.fidelity.entries import LedgerEntry
from simulator.market.provenance import BOTH, PORTAL, SMP
from simulator.settings import Settings

_BOTH = frozenset({"retry_seconds", "dispatch_timeout_seconds", "max_body_bytes"})


def setting_entries(settings: Settings) -> Iterator[LedgerEntry]:
    """A number (or choice) for each setting with a label."""
    for field in dataclasses.fields(Settings):
        if field.metadata["label"]:
            platform = SMP if field.name.startswith("smp_") else BOTH if field.name in _BOTH else PORTAL
            yield LedgerEntry(
                f"setting/{field.name}", "number", f"{field.metadata['help']} {_words(getattr(settings, field.name))}",
                field.metadata["label"], field.metadata["source"], where=f"FLEXSIM_{field.name.upper()}",
                platform=platform)


def differs(entry_id: str, settings: Settings) -> bool:
    """Whether an entry is of a setting, or of a number of the market month, that was set to something else."""
    kind, _, name = entry_id.partition("/")
    if kind == "setting":
        return getattr(settings, name) != next(
            field.default for field in dataclasses.fields(Settings) if field.name == name)
    return kind == "policy" and getattr(settings.market, name) != getattr(Settings().market, name)


def _words(value: Any) -> str:
    return f"({', '.join(map(str, value)) if isinstance(value, tuple) else str(value).replace('_', ' ')})"
