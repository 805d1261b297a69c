"""The rules of a wanted dispatch: all breaches at once, each with its code (ours; programmes: domain)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.market.dispatch_requests import WantedDispatch, breaches_of_dispatch
from simulator.market.dispatches import PROGRAMMES
from tests.builders import instant

NOW = instant("2026-11-02 15:00")
UNITS = ("MU-1", "MU-2")
MINUTE = timedelta(minutes=1)


def breaches(**changes: Any) -> list[tuple[str, str, int | None]]:
    """(field, code, index) of everything wrong with a dispatch that is right but for the changes."""
    wanted = WantedDispatch(**{
        "organisation_id": "brindle", "programme": "OU", "unit_ids": UNITS, "start_at": instant("2026-11-02 16:00"),
        "end_at": instant("2026-11-02 18:00"), "power_milliwatts": 150_000_000, "notice": 15 * MINUTE, **changes})
    found = list(breaches_of_dispatch(wanted, UNITS, NOW))
    assert all(breach.message.endswith(".") for breach in found)
    return [(breach.field, breach.code, breach.index) for breach in found]


@pytest.mark.parametrize("programme", ["SU", "SAOU", "OU", "Secure", "Dynamic", "Restore"])
def test_programmes_have_their_public_names(programme: str) -> None:
    """Domain: SU, SAOU, OU; legacy Secure, Dynamic, Restore: public."""
    assert breaches(programme=programme) == []
    assert len(PROGRAMMES) == 6


@pytest.mark.parametrize("changes", [
    {"power_milliwatts": -1}, {"power_milliwatts": 10_000_000_000_000}, {"power_milliwatts": -10_000_000_000_000},
    {"notice": timedelta(0)}, {"notice": timedelta(days=7)}, {"unit_ids": ("MU-2",)},
    {"start_at": instant("2026-11-02 14:00"), "end_at": instant("2026-11-02 15:01")},
    {"end_at": instant("2026-11-09 16:00")},
], ids=str)
def test_the_limits_themselves_are_allowed(changes: dict[str, Any]) -> None:
    """Ours: a dispatch may have begun already, lasts at most a week, and turns down as well as up."""
    assert breaches(**changes) == []


@pytest.mark.parametrize(("changes", "expected"), [
    ({"programme": "ou"}, [("programme", "unknown_programme", None)]),
    ({"unit_ids": ()}, [("meterable_unit_ids", "required", None)]),
    ({"unit_ids": ("MU-1", "MU-9")}, [("meterable_unit_ids", "unknown_unit", 1)]),
    ({"unit_ids": ("MU-1", "MU-1")}, [("meterable_unit_ids", "duplicate_in_request", 0),
                                      ("meterable_unit_ids", "duplicate_in_request", 1)]),
    ({"end_at": instant("2026-11-02 16:00")}, [("end_time", "end_before_start", None)]),
    ({"end_at": instant("2026-11-09 16:01")}, [("end_time", "too_long", None)]),
    ({"start_at": instant("2026-11-02 14:00"), "end_at": NOW}, [("end_time", "in_the_past", None)]),
    ({"power_milliwatts": 0}, [("power_change_kw", "range", None)]),
    ({"power_milliwatts": 10_000_000_000_001}, [("power_change_kw", "range", None)]),
    ({"power_milliwatts": -10_000_000_000_001}, [("power_change_kw", "range", None)]),
    ({"notice": -MINUTE}, [("notice_minutes", "range", None)]),
    ({"notice": timedelta(days=7) + MINUTE}, [("notice_minutes", "range", None)]),
], ids=lambda value: value[0][1] if isinstance(value, list) else None)
def test_each_breach_has_its_code(changes: dict[str, Any], expected: list[tuple[str, str, int | None]]) -> None:
    """Ours: codes are stable, for programs."""
    assert breaches(**changes) == expected


def test_all_breaches_are_told_at_once() -> None:
    """Wire format, assumed: all errors are listed, not the first."""
    assert breaches(programme="?", unit_ids=("MU-9", "MU-1", "MU-1"), start_at=instant("2026-11-02 14:00"),
                    end_at=instant("2026-11-02 13:00"), power_milliwatts=0, notice=-MINUTE) == [
        ("programme", "unknown_programme", None), ("meterable_unit_ids", "unknown_unit", 0),
        ("meterable_unit_ids", "duplicate_in_request", 1), ("meterable_unit_ids", "duplicate_in_request", 2),
        ("end_time", "end_before_start", None), ("end_time", "in_the_past", None),
        ("power_change_kw", "range", None), ("notice_minutes", "range", None)]
