"""POST of meter readings."""

from __future__ import annotations

from simulator.contracts import BoundOperation, Message, NotReadable, WireAnswer, WireRequest
from simulator.market.errors import Refused
from simulator.operations.readings import accept_readings
from simulator.operations.tokens import organisation_of_token
from simulator.participant_api.auth import refuse_token, token_of
from simulator.participant_api.errors import breaches_of_shape, describe_refusal
from simulator.wire import refuse
from simulator.world import Work, World


def post_readings(world: World, work: Work, operation: BoundOperation, request: WireRequest,
                  message: Message | NotReadable) -> WireAnswer:
    """Accept the readings of a message: the receipt, or every error."""
    token = token_of(operation, request)
    organisation = None if token is None else organisation_of_token(work, token)
    if organisation is None:
        return refuse_token(operation, token)
    if isinstance(message, NotReadable):
        return refuse(operation, message.outcome, message.detail)
    try:
        receipt = accept_readings(work, organisation.id, message.records, world.settings.future_tolerance_seconds,
                                  breaches_of_shape(message))
    except Refused as refusal:
        errors = describe_refusal(refusal, message)
        return refuse(operation, "invalid", f"{len(errors)} error{'s' if len(errors) != 1 else ''}; nothing of this "
                      "message was stored.", errors)
    return operation.answer("accepted", {"accepted": receipt.accepted, "created": receipt.created,
                                         "updated": receipt.updated, "late": receipt.late})
