"""The participant API of the Flexible Power Portal: its routes, names and limits come from the contract in force."""

from __future__ import annotations

from simulator.contracts import Contract
from simulator.participant_api.auth import whose
from simulator.participant_api.readings import post_readings
from simulator.wire import WireCall

OPERATIONS = {"postReadings": post_readings}
"""operationId of the contract -> what it does."""


def calls(contract: Contract) -> list[WireCall]:
    """The calls of the participant API."""
    return [WireCall("participant", contract.operations[operation_id], perform, whose)
            for operation_id, perform in OPERATIONS.items()]
