"""What the simulator needs from a contract, as data: platforms, operations, their fields and their outcomes.

A contract file says how a message is written; this file says what must be in it. Adding a platform or an operation
means adding rows here and a YAML file beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LABELS = ("documented", "public", "inferred", "assumed")

POWER_UNITS = {"W": -3, "kW": 0, "MW": 3}
"""Wire unit of power -> power of ten that turns it into kW."""

ENERGY_UNITS = {"Wh": -3, "kWh": 0, "MWh": 3}
"""Wire unit of energy -> power of ten that turns it into kWh."""

SIGNS = {"generation-positive": 1, "demand-positive": -1}
"""Word of x-sign -> factor that makes generation positive. Source: portal FAQ page, public."""

TIME_FORMS = ("rfc3339", "utc-without-offset", "epoch-seconds", "epoch-milliseconds")

OUR_EXTENSIONS = (
    "x-canonical", "x-record", "x-unit", "x-sign", "x-time", "x-words", "x-outcome", "x-code", "x-message",
    "x-provenance", "x-error-codes", "x-csv", "x-path",
)  # fmt: skip

RESERVED_PREFIXES = ("/_sim", "/console", "/w/", "/static")
"""Paths of the simulator itself, which no contract may use. Known to the simulator only."""

OUTCOMES = {
    "accepted": "the message was taken",
    "broken_json": "the body cannot be parsed",
    "unauthorised": "the token is missing, wrong or revoked",
    "forbidden": "the token is good, but not for this",
    "not_found": "what the message names does not exist",
    "too_many": "more records than one message may carry",
    "wrong_content_type": "a content type the operation does not take",
    "invalid": "at least one field breaks a rule",
}
"""Every word x-outcome may have -> its meaning."""


@dataclass(frozen=True)
class Field:
    """One canonical field. `kind` is text, texts (a list), time, power, energy or word; `words` are those of a word."""

    name: str
    kind: str
    meaning: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExactlyOne:
    """A rule: exactly one of `fields` is in every record, else a problem with this code and message."""

    fields: tuple[str, ...]
    code: str
    message: str


@dataclass(frozen=True)
class OperationNeeds:
    """What one operation needs of its route, or one message of the platform of its webhook.

    `record` is the word of x-record; `required` and `exactly_one` hold for every record; `signed_by` names the
    word field that gives amounts their sign. `outcomes` map each outcome to a sample of what its answer says, in
    canonical names. `success` is the outcome a contract has to declare itself; the others fall back to the default.
    """

    operation_id: str
    record: str
    fields: Mapping[str, Field]
    required: tuple[str, ...]
    exactly_one: tuple[ExactlyOne, ...]
    outcomes: Mapping[str, Mapping[str, Any]]
    success: str = "accepted"
    signed_by: str | None = None
    may_be_absent: bool = False


@dataclass(frozen=True)
class PlatformNeeds:
    """One simulated platform: its name, its default contract's file name, its operations and its CSV fields.

    `outbound` are the messages that the platform sends, by the operationId of their webhook.
    """

    name: str
    file: str
    operations: Mapping[str, OperationNeeds]
    csv_fields: tuple[str, ...] = ()
    outbound: Mapping[str, OperationNeeds] = field(default_factory=dict)


def _named(*fields: Field) -> dict[str, Field]:
    return {one.name: one for one in fields}


PROBLEM = {
    "type": "about:blank",
    "title": "Unprocessable Content",
    "status": 422,
    "detail": "1 error; nothing was stored.",
    "errors": [{"pointer": "/0/timestamp", "code": "required", "message": "timestamp is missing: add it."}],
}
"""What a refusal can say, as a sample. Source: RFC 9457; assumed."""

_REFUSALS = ("broken_json", "unauthorised", "too_many", "wrong_content_type", "invalid")

_DIRECTION = ("generation", "demand")

POST_READINGS = OperationNeeds(
    operation_id="postReadings",
    record="reading",
    fields=_named(
        Field("meterable_unit_id", "text", "the Meterable Unit the reading belongs to"),
        Field("timestamp", "time", "the end of the minute or half-hour the reading covers"),
        Field("power_kw", "power", "average power of the period"),
        Field("energy_kwh", "energy", "energy of the period"),
        Field("direction", "word", "whether the amount is generation or demand", _DIRECTION),
    ),
    required=("meterable_unit_id", "timestamp"),
    exactly_one=(
        ExactlyOne(
            ("power_kw", "energy_kwh"),
            "power_or_energy",
            "A reading has either a power or an energy, never both and never neither.",
        ),
    ),
    outcomes={
        "accepted": {"accepted": 1, "created": 1, "updated": 0, "late": 0},
        **dict.fromkeys(_REFUSALS, PROBLEM),
    },
    signed_by="direction",
)

SEND_DISPATCH = OperationNeeds(
    operation_id="sendDispatch",
    record="dispatch",
    fields=_named(
        Field("dispatch_id", "text", "the id of the dispatch"),
        Field("instruction", "word", "what to do", ("start", "stop", "emergency_stop")),
        Field("start_time", "time", "the begin of the dispatch"),
        Field("end_time", "time", "the end of the dispatch"),
        Field("power_change_kw", "power", "the change of power"),
        Field("meterable_unit_ids", "texts", "the Meterable Units that are dispatched"),
        Field("direction", "word", "whether the change is more generation or more demand", _DIRECTION),
    ),
    required=("dispatch_id", "instruction", "start_time", "end_time", "power_change_kw", "meterable_unit_ids"),
    exactly_one=(),
    outcomes={},
    signed_by="direction",
)
"""Source: portal guide §3.1, Dispatch Testing: the parameters of a message, documented; direction is the override's."""

PLATFORMS = {
    "participant": PlatformNeeds(
        name="participant",
        file="participant.yaml",
        operations={POST_READINGS.operation_id: POST_READINGS},
        csv_fields=("meterable_unit_id", "timestamp", "power_kw", "energy_kwh"),
        outbound={SEND_DISPATCH.operation_id: SEND_DISPATCH},
    ),
}
"""Platform name -> what it needs. `flexsim serve --contract NAME=FILE` takes these names."""
