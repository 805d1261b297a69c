"""The contracts: how each platform's messages are written, held as data in one OpenAPI 3.1 file per platform.

The real formats are known to contracted participants only, so the files here are defaults. A user copies one, edits
it and starts with `flexsim serve --contract participant=my.yaml`; README.md in this folder explains every extension.
This package imports nothing else of the simulator.
"""

from .binding import BoundOperation
from .credentials import BEARER, Credential
from .loading import Contract, load_contract
from .messages import Message, WireAnswer, WireRequest
from .outbound import OutboundMessage, OutboundRequest, ValueFault, Word
from .problems import (
    CannotWrite,
    ContractProblem,
    ContractUnusable,
    FieldProblem,
    Given,
    NotReadable,
    Unfit,
    UnknownOutcome,
)
from .provenance import unlabelled
from .times import read_rfc3339

__all__ = [
    "BEARER",
    "BoundOperation",
    "CannotWrite",
    "Contract",
    "ContractProblem",
    "ContractUnusable",
    "Credential",
    "FieldProblem",
    "Given",
    "Message",
    "NotReadable",
    "OutboundMessage",
    "OutboundRequest",
    "Unfit",
    "UnknownOutcome",
    "ValueFault",
    "WireAnswer",
    "WireRequest",
    "Word",
    "load_contract",
    "read_rfc3339",
    "unlabelled",
]
