"""POST of meter readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from simulator.contracts import Message
from simulator.market.organisations import Organisation
from simulator.operations.readings import accept_readings
from simulator.participant_api.errors import breaches_of_shape
from simulator.web import current_world
from simulator.world import Work


def post_readings(work: Work, organisation: Organisation, message: Message) -> Mapping[str, Any]:
    """Accept the readings of a message; the receipt."""
    return asdict(accept_readings(
        work, organisation.id, message.records, current_world.settings.future_tolerance_seconds,
        breaches_of_shape(message)))
