"""The tables that a saved world has row by row, in the words of fixtures (`fixtures/world.schema.yaml`, `record`)."""

from __future__ import annotations

from simulator.store import month_tables, smp_tables, tables
from simulator.store.saved_rows import (
    DECIMAL,
    DIRECTION,
    INSTANT,
    JSON,
    POWER,
    SAME,
    WEEK,
    WINDOWS,
    Saved,
)

_DECLARED = {
    "id": ("id", SAME), "organisation": ("organisation_id", SAME), "unit": ("unit_id", SAME),
    "programme": ("programme", SAME), "windows": ("windows", WINDOWS), "power_kw": ("milliwatts", POWER),
    "direction": ("direction", DIRECTION), "bid_price": ("bid_price", DECIMAL),
    "availability_price": ("availability_price", DECIMAL), "made_at": ("made_at", INSTANT),
}

STATIC_DECLARATIONS = Saved(month_tables.static_declarations, {
    **_DECLARED, "first_week": ("first_week", WEEK), "last_week": ("last_week", WEEK)}, "number")

DECLARATIONS = Saved(month_tables.declarations, {
    **_DECLARED, "week": ("week", WEEK), "static": ("static_id", SAME), "withdrawn_at": ("withdrawn_at", INSTANT),
}, "number")

WEEKS = Saved(month_tables.decided_weeks, {
    "week": ("week", WEEK), "decided_at": ("decided_at", INSTANT), "rule": ("rule_words", SAME)}, "week")

DECISIONS = Saved(month_tables.decisions, {
    "declaration": ("declaration_id", SAME), "window": ("window", SAME), "verdict": ("verdict", SAME),
    "start": ("acceptance_start", INSTANT), "end": ("acceptance_end", INSTANT), "power_kw": ("milliwatts", POWER),
    "bid_price": ("bid_price", DECIMAL), "awarded_price": ("awarded_price", DECIMAL),
    "dispatch": ("dispatch_id", SAME), "because": ("because", SAME)}, "number")

DISPATCHES = Saved(tables.dispatches, {
    "id": ("id", SAME), "organisation": ("organisation_id", SAME), "programme": ("programme", SAME),
    "units": ("unit_ids", JSON), "start": ("start_at", INSTANT), "end": ("end_at", INSTANT),
    "power_kw": ("milliwatts", POWER), "notice_seconds": ("notice_seconds", SAME), "state": ("state", SAME),
    "made_at": ("created_at", INSTANT), "stopped_at": ("stopped_at", INSTANT)}, "number")

FINAL_MONTHS = Saved(tables.finalised_months, {
    "month": ("month", SAME), "final_at": ("finalised_at", INSTANT)}, "month")

INVOICES = Saved(month_tables.invoices, {
    "number": ("number", SAME), "organisation": ("organisation_id", SAME), "name": ("organisation_name", SAME),
    "month": ("month", SAME), "zone": ("zone", SAME), "zone_name": ("zone_name", SAME), "as_of": ("as_of", INSTANT),
    "events": ("event_count", SAME), "utilisation_pence": ("utilisation_pence", SAME),
    "availability_pence": ("availability_pence", SAME)}, "number")

PAYMENTS = Saved(month_tables.availability_payments, {
    "zone": ("zone", SAME), "zone_name": ("zone_name", SAME), "unit": ("unit_id", SAME),
    "programme": ("programme", SAME), "start": ("start_at", INSTANT), "end": ("end_at", INSTANT)}, "number")

FAULTS = Saved(tables.faults, {
    "surface": ("surface", SAME), "route": ("route", SAME), "participant": ("participant", SAME),
    "effect": ("effect", JSON), "nth": ("nth", SAME), "times": ("times", SAME), "probability": ("probability", SAME),
    "seed": ("seed", SAME), "seen": ("seen", SAME), "applied": ("applied", SAME)}, "id")

FLOWS = Saved(smp_tables.flows, {"flow": ("flow", SAME), "at": ("at", INSTANT)}, "flow")

SMP_UNITS = Saved(smp_tables.units, {
    "id": ("id", SAME), "organisation": ("organisation_id", SAME), "name": ("name", SAME),
    "type": ("unit_type", SAME), "made_at": ("created_at", INSTANT), "details": ("details", JSON)}, "number")

SMP_ASSETS = Saved(smp_tables.assets, {
    "id": ("id", SAME), "organisation": ("organisation_id", SAME), "made_at": ("created_at", INSTANT),
    "details": ("details", JSON)}, "number")
