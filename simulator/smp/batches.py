"""Manage Asset: Create, and Manage Unit: Create. Immediate return: a transaction id (SMP overview, documented)."""

from __future__ import annotations

from simulator.contracts import BoundOperation, Message, NotReadable, WireAnswer, WireRequest
from simulator.market.batches import TransactionType, transaction_values
from simulator.operations.batches import submit_batch
from simulator.operations.ports import ReadBatch
from simulator.smp.admission import NotAdmitted, admit
from simulator.smp.errors import refuse_message
from simulator.smp.reader import pack_request
from simulator.world import Work, World


def create_assets(world: World, work: Work, operation: BoundOperation, request: WireRequest,
                  message: Message | NotReadable) -> WireAnswer:
    """Accept a batch of assets, at most 1,000 by the default contract (documented)."""
    return _submit(world, work, operation, request, message, TransactionType.ASSET_CREATE)


def create_unit(world: World, work: Work, operation: BoundOperation, request: WireRequest,
                message: Message | NotReadable) -> WireAnswer:
    """Accept a unit with the assets that are aligned to it, at most 1,000 by the default contract (documented)."""
    return _submit(world, work, operation, request, message, TransactionType.UNIT_CREATE)


def _submit(world: World, work: Work, operation: BoundOperation, request: WireRequest, message: Message | NotReadable,
            type: TransactionType) -> WireAnswer:
    try:
        connection = admit(world, work, operation, request)
    except NotAdmitted as refused:
        return refused.answer
    of_assets = type is TransactionType.ASSET_CREATE
    refusal = refuse_message(operation, message, of_assets)
    if refusal is not None:
        return refusal
    items = len(message.records) if of_assets else len(message.records[0]["assets"])
    transaction = submit_batch(work, world.batch_rules, connection.organisation_id, type, items,
                               ReadBatch(message.records, message.pointer), request.path,
                               *pack_request(operation, request))
    return operation.answer("accepted", transaction_values(transaction))
