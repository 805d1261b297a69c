"""Batches kept until they are worked through, and read again then through the contract in force."""

from __future__ import annotations

import base64

import orjson

from simulator.contracts import BoundOperation, Contract, NotReadable, WireRequest
from simulator.market.batches import TransactionType
from simulator.operations.ports import CannotRead, ReadBatch

_OPERATIONS = {TransactionType.ASSET_CREATE: "createAssets", TransactionType.UNIT_CREATE: "createUnit"}

_WHOLE_REQUEST = "application/vnd.flexsim.request+json"
"""Our own: a request whose fields stand outside its body as well, as a contract of a user may want them."""


def pack_request(operation: BoundOperation, request: WireRequest) -> tuple[str, bytes]:
    """Content type and bytes to keep of a request, so that `ContractReader` can read it again."""
    values = operation.outside_body(request)
    if not any(values.values()):
        return request.media_type, request.body
    return _WHOLE_REQUEST, orjson.dumps({**values, "media_type": request.media_type,
                                         "body": base64.b64encode(request.body).decode()})


class ContractReader:
    """Reads batches as a contract has them."""

    def __init__(self, contract: Contract) -> None:
        self._operations = {type: contract.operations[name] for type, name in _OPERATIONS.items()}

    def read(self, type: TransactionType, media_type: str, body: bytes) -> ReadBatch:
        """The assets, or the one unit, of what `pack_request` gave. Raises CannotRead."""
        operation = self._operations[type]
        try:
            message = operation.read(_unpack(operation, media_type, body))
        except NotReadable as error:
            raise CannotRead(f"The contract in force now cannot read it: {error.detail}") from error
        if message.problems:
            raise CannotRead(f"The contract in force now refuses it: {message.problems[0].message}")
        return ReadBatch(message.records, message.pointer)


def _unpack(operation: BoundOperation, media_type: str, body: bytes) -> WireRequest:
    if media_type != _WHOLE_REQUEST:
        return WireRequest(operation.method, media_type=media_type, body=body)
    kept = orjson.loads(body)
    return WireRequest(operation.method, kept["path_params"], kept["query"], kept["headers"], kept["media_type"],
                       base64.b64decode(kept["body"]))
