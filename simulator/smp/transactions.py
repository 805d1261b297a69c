"""Get Transaction Status: one transaction id in, its status at once (SMP overview, The SMP APIs, documented)."""

from __future__ import annotations

from simulator.contracts import BoundOperation, Message, NotReadable, WireAnswer, WireRequest
from simulator.market.batches import transaction_values
from simulator.market.errors import NotFound
from simulator.operations.batches import poll_transaction
from simulator.smp.admission import NotAdmitted, admit
from simulator.smp.errors import one_error, refuse_message
from simulator.wire import refuse
from simulator.world import Work, World


def tell_status(world: World, work: Work, operation: BoundOperation, request: WireRequest,
                message: Message | NotReadable) -> WireAnswer:
    """The transaction as it stands; an unknown one and another participant's look the same."""
    try:
        connection = admit(world, work, operation, request)
    except NotAdmitted as refused:
        return refused.answer
    refusal = refuse_message(operation, message)
    if refusal is not None:
        return refusal
    wanted = message.records[0]["transaction_id"]
    try:
        transaction = poll_transaction(work, world.batch_rules, connection.organisation_id, wanted)
    except NotFound:
        detail = f"You have no transaction {wanted[:80]!r}. Its id was in the answer to the batch that you submitted."
        return refuse(operation, "not_found", detail,
                      one_error(message.pointer(0, "transaction_id"), "unknown_transaction", detail))
    return operation.answer("accepted", transaction_values(transaction))
