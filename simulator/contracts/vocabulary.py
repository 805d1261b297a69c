"""What the simulator needs from a contract, as data: platforms, operations, their fields and their outcomes.

A contract file says how a message is written; this file says what must be in it. Adding a platform or an operation
means adding rows here and a YAML file beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

LABELS = ("documented", "public", "inferred", "assumed")

POWER_UNITS = {"W": -3, "kW": 0, "MW": 3}
"""Wire unit of power -> power of ten that turns it into kW."""

ENERGY_UNITS = {"Wh": -3, "kWh": 0, "MWh": 3}
"""Wire unit of energy -> power of ten that turns it into kWh."""

VOLTAGE_UNITS = {"V": -3, "kV": 0}
"""Wire unit of voltage -> power of ten that turns it into kV."""

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
    "invalid_grant": "credentials sent as an OAuth 2 form are wrong, or the form is",
    "forbidden": "the token is good, but not for this",
    "not_found": "what the message names does not exist",
    "too_many": "more records than one message may carry",
    "wrong_content_type": "a content type the operation does not take",
    "invalid": "at least one field breaks a rule",
}
"""Every word x-outcome may have -> its meaning."""


@dataclass(frozen=True)
class Field:
    """One canonical field.

    `kind` is text, texts (a list), time, date, power, energy, voltage, number, word or words (a list); `words` are
    those of the last two. An amount that is not `signed` is a size, such as a capacity, and has no direction.
    """

    name: str
    kind: str
    meaning: str
    words: tuple[str, ...] = ()
    signed: bool = True


@dataclass(frozen=True)
class ExactlyOne:
    """A rule: exactly one of `fields` is in every record, else a problem with this code and message."""

    fields: tuple[str, ...]
    code: str
    message: str


@dataclass(frozen=True)
class Counted:
    """How a message with too many records is refused: what it does with how many of what.

    `id_field` is the field that several ids may stand in by mistake, where a message asks for one.
    """

    verb: str
    noun: str
    id_field: str | None = None

    def refuse(self, most: int, sent: int) -> str:
        """The sentence for `sent` where at most `most` fit."""
        if most == 1:
            return f"One message {self.verb} 1 {self.noun}; this one has {sent:,}: send one message for each."
        return (f"One message {self.verb} at most {most:,} {self.noun}s; this one has {sent:,}: "
                "send the rest in another.")


@dataclass(frozen=True)
class OperationNeeds:
    """What one operation needs of its route, or one message of the platform of its webhook.

    `record` is the word of x-record; `required` and `exactly_one` hold for every record; `signed_by` names the
    word field that gives amounts their sign. `counted` says how too many records are refused, with an error of their
    own; without it the refusal has a sentence only. `answer_words` are the words of ours that answers say, by name.
    `carried` are headers that are no part of the record: canonical name -> meaning. `outcomes` map each outcome to a
    sample of what its answer says, in canonical names; `meanings` are what outcomes mean here, where OUTCOMES would
    say too much. `success` is the outcome a contract has to declare itself; the
    others fall back to the default.
    An operation that `may_be_absent` is then the default's, as a whole. `report` is for a message that says what an
    answer could say: a sample of it; its body is rendered as an answer's.
    """

    operation_id: str
    record: str
    fields: Mapping[str, Field]
    required: tuple[str, ...]
    exactly_one: tuple[ExactlyOne, ...]
    outcomes: Mapping[str, Mapping[str, Any]]
    meanings: Mapping[str, str] = field(default_factory=dict)
    success: str = "accepted"
    signed_by: str | None = None
    may_be_absent: bool = False
    counted: Counted | None = None
    answer_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    carried: Mapping[str, str] = field(default_factory=dict)
    report: Mapping[str, Any] | None = None


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

TRANSACTION_TYPES = ("asset_create", "unit_create")
TRANSACTION_STATES = ("received", "processing", "succeeded", "failed")
UNIT_TYPES = ("bmu", "secondary_bmu", "non_bmu", "aggregated")
SERVICES = ("response", "quick_reserve", "slow_reserve", "balancing_reserve")
"""The four service types of public pages of NESO."""

TRANSACTION = {
    "transaction_id": "TX-20261102-000001",
    "type": "asset_create",
    "status": "failed",
    "submitted_at": datetime(2026, 11, 2, 16, tzinfo=UTC),
    "completed_at": datetime(2026, 11, 2, 16, 0, 2, tzinfo=UTC),
    "result": {
        "assets": [{"external_reference": "BESS-0001", "asset_id": "AST-000001"}],
        "unit": {"unit_id": "AG-BRIN01", "name": "Ashgrove batteries"},
    },
    "errors": [{"index": 0, "pointer": "/assets/0/mpan", "code": "mpan_check_digit", "message": "The digit is wrong."}],
}
"""All that can be said of a transaction, as a sample. A result has either assets or a unit."""

SMP_PROBLEM = {**PROBLEM, "errors": [{"index": 0, **PROBLEM["errors"][0]}]}
"""A refusal of the SMP: `index` is the asset's, from 0, or None when it is about no single one. Assumed."""

_TRANSACTION_WORDS = {"type": TRANSACTION_TYPES, "status": TRANSACTION_STATES}
_SIGNATURE = {"signature": "the detached JWS of the body"}
_SMP_REFUSALS = ("broken_json", "unauthorised", "forbidden", "too_many", "wrong_content_type", "invalid")

AUTHENTICATE = OperationNeeds(
    operation_id="authenticate",
    record="credentials",
    fields=_named(
        Field("username", "text", "the user of the participant"),
        Field("password", "text", "the password of that user"),
        Field("grant_type", "text", "what an OAuth 2 client asks for"),
    ),
    required=("username", "password"),
    exactly_one=(),
    outcomes={
        "accepted": {"access_token": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "token_type": "Bearer", "expires_in": 3600},
        "invalid_grant": {"error": "invalid_grant", "error_description": "The username or the password is wrong."},
        **dict.fromkeys(("broken_json", "unauthorised", "forbidden", "wrong_content_type", "invalid"), SMP_PROBLEM),
    },
    meanings={"unauthorised": "the username or the password is wrong, or a signature does not fit",
              "forbidden": "the username and the password are right, and the connection is not ready"},
)  # fmt: skip

_MEANINGS = {"unauthorised": "the token is missing, wrong or expired, or the signature is missing or does not fit",
             "forbidden": "the token is good, and the connection is not ready"}  # fmt: skip

_SUBMITTED = {"accepted": TRANSACTION, **dict.fromkeys(_SMP_REFUSALS, SMP_PROBLEM)}

CREATE_ASSETS = OperationNeeds(
    operation_id="createAssets",
    record="asset",
    fields=_named(
        Field("external_reference", "text", "the participant's own reference of the asset"),
        Field("name", "text", "the name of the asset"),
        Field("mpan", "text", "the MPAN of its import"),
        Field("export_mpan", "text", "the MPAN of its export"),
        Field("postcode", "text", "where it is"),
        Field("latitude", "number", "where it is, in degrees north"),
        Field("longitude", "number", "where it is, in degrees east"),
        Field("technology_type", "text", "what it is, in a word of the contract"),
        Field("connection_type", "word", "what it is connected to", ("distribution", "transmission")),
        Field("connection_voltage_kv", "voltage", "the voltage of its connection", signed=False),
        Field("gsp_group_id", "text", "its GSP Group"),
        Field("max_import_kw", "power", "the largest power it takes", signed=False),
        Field("max_export_kw", "power", "the largest power it gives", signed=False),
        Field("energy_capacity_kwh", "energy", "the energy it stores", signed=False),
        Field("start_date", "date", "the first day it takes part"),
        Field("end_date", "date", "the last day it takes part"),
    ),
    required=("external_reference", "name", "mpan", "technology_type", "connection_type", "gsp_group_id",
              "max_import_kw", "max_export_kw", "start_date"),
    exactly_one=(),
    outcomes=_SUBMITTED,
    meanings=_MEANINGS,
    counted=Counted("creates", "asset"),
    answer_words=_TRANSACTION_WORDS,
    carried=_SIGNATURE,
)  # fmt: skip
"""Source: SMP overview, The SMP APIs: at most 1000 assets a message, documented; the fields are assumed."""

CREATE_UNIT = OperationNeeds(
    operation_id="createUnit",
    record="unit",
    fields=_named(
        Field("name", "text", "the name of the unit"),
        Field("unit_type", "word", "what kind of unit it is", UNIT_TYPES),
        Field("services", "words", "the services it is to provide", SERVICES),
        Field("start_date", "date", "the first day it takes part"),
        Field("end_date", "date", "the last day it takes part"),
        Field("assets", "texts", "the assets that are aligned to it"),
    ),
    required=("name", "unit_type", "services", "start_date", "assets"),
    exactly_one=(),
    outcomes=_SUBMITTED,
    meanings=_MEANINGS,
    counted=Counted("creates", "unit"),
    answer_words=_TRANSACTION_WORDS,
    carried=_SIGNATURE,
)
"""Source: SMP overview, The SMP APIs: 1 unit and 1000 aligned assets a message, documented; the fields are assumed."""

GET_TRANSACTION_STATUS = OperationNeeds(
    operation_id="getTransactionStatus",
    record="inquiry",
    fields=_named(Field("transaction_id", "text", "the transaction that is asked for")),
    required=("transaction_id",),
    exactly_one=(),
    outcomes={**_SUBMITTED, "not_found": SMP_PROBLEM},
    meanings=_MEANINGS,
    counted=Counted("asks for", "transaction", "transaction_id"),
    answer_words=_TRANSACTION_WORDS,
    carried=_SIGNATURE,
)
"""Source: SMP overview, The SMP APIs: JSON payload with 1 transaction id, its status at once, documented."""

GET_KEYS = OperationNeeds(
    operation_id="getKeys",
    record="inquiry",
    fields={},
    required=(),
    exactly_one=(),
    outcomes={"accepted": {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1", "n": "0w", "e": "AQAB"}]}},
    may_be_absent=True,
)
"""The public keys of the platform, as a JWKS (RFC 7517). Assumed: how messages are signed is not public."""

SEND_BATCH_RETURN = OperationNeeds(
    operation_id="sendBatchReturn",
    record="transaction",
    fields=_named(
        Field("transaction_id", "text", "the transaction that has ended"),
        Field("type", "word", "what it created", TRANSACTION_TYPES),
        Field("status", "word", "how it ended", TRANSACTION_STATES),
    ),
    required=("transaction_id", "status"),
    exactly_one=(),
    outcomes={},
    answer_words=_TRANSACTION_WORDS,
    carried={
        **_SIGNATURE,
        "delivery_id": "the delivery, the same on every attempt",
        "attempt": "the number of the attempt, from 1",
    },
    report=TRANSACTION,
)
"""Source: SMP overview, The SMP APIs, Batch Return: a success notification or a list of errors, documented."""

PLATFORMS = {
    "participant": PlatformNeeds(
        name="participant",
        file="participant.yaml",
        operations={POST_READINGS.operation_id: POST_READINGS},
        csv_fields=("meterable_unit_id", "timestamp", "power_kw", "energy_kwh"),
        outbound={SEND_DISPATCH.operation_id: SEND_DISPATCH},
    ),
    "smp": PlatformNeeds(
        name="smp",
        file="smp.yaml",
        operations={
            needs.operation_id: needs
            for needs in (AUTHENTICATE, CREATE_ASSETS, CREATE_UNIT, GET_TRANSACTION_STATUS, GET_KEYS)
        },
        outbound={SEND_BATCH_RETURN.operation_id: SEND_BATCH_RETURN},
    ),
}
"""Platform name -> what it needs. `flexsim serve --contract NAME=FILE` takes these names."""
