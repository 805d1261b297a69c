"""The participant API of the Flexible Power Portal: its routes, names and limits come from the contract in force."""

from __future__ import annotations

from flask import Blueprint

from simulator.contracts import Contract
from simulator.participant_api.calls import bind
from simulator.participant_api.readings import post_readings
from simulator.web import Surface

OPERATIONS = {"postReadings": post_readings}
"""operationId of the contract -> what it does."""


def surface(contract: Contract) -> Surface:
    """The participant API as a surface. Each call checks its bearer token in the transaction of the call itself."""
    blueprint = Blueprint("participant", __name__)
    for operation_id, perform in OPERATIONS.items():
        bind(blueprint, contract.operations[operation_id], perform)
    return Surface("participant", blueprint, guard=None)
