"""Organisations (FSPs), their one account each (portal guide §1.4), and their Meterable Units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from simulator.market.intervals import Granularity


@dataclass(frozen=True, slots=True)
class Organisation:
    """A Flexibility Service Provider."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Account:
    """The one portal account of an organisation."""

    id: int
    organisation: Organisation
    email: str
    password_hash: str | None
    authenticator_secret: str | None
    authenticator_enrolled: bool
    last_code_step: int

    @property
    def state(self) -> str:
        """`invited` until a password is set, then `active`."""
        return "active" if self.password_hash else "invited"


@dataclass(frozen=True, slots=True)
class ApiToken:
    """The API access token of an organisation; there is one at a time (portal guide §3.1)."""

    organisation: Organisation
    token: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Zone:
    """A Constraint Managed Zone (CMZ)."""

    code: str
    name: str
    licence_area: str


@dataclass(frozen=True, slots=True)
class MeterableUnit:
    """A Meterable Unit. `number` is its key in the store, `id` is what people and messages call it."""

    number: int
    id: str
    organisation_id: str
    description: str
    technology: str
    capacity_kw: int
    granularity: Granularity
    zone: str
    zone_name: str
    licence_area: str
