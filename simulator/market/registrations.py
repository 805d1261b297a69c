"""What is registered on the SMP: assets, and the units that they are aligned to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class RegisteredAsset:
    """An asset. `unit_id` is the unit that it is aligned to, None when it is to none yet.

    `details` are all its fields in canonical names, as they were sent; dates are text such as 2026-11-02, power is kW.
    """

    number: int
    id: str
    organisation_id: str
    external_reference: str
    name: str
    mpan: str
    gsp_group_id: str
    unit_id: str | None
    details: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RegisteredUnit:
    """A unit. `unit_type` is bmu, secondary_bmu, non_bmu or aggregated; `assets` counts those aligned to it.

    `details` are its other fields in canonical names, as they were sent; dates are text such as 2026-11-02.
    """

    number: int
    id: str
    organisation_id: str
    name: str
    unit_type: str
    assets: int
    details: dict[str, Any]
    created_at: datetime
