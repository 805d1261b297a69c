"""Examples of every call of the SMP, whatever the contract: good ones, refused ones, and batches that fail later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from simulator.console.smp_commands import Caller
from simulator.contract_pages.commands import Example, many_of_one, pretty
from simulator.contract_pages.contract_words import OperationWords
from simulator.contract_pages.telling import Shown
from simulator.contracts import (
    BEARER,
    BoundOperation,
    CannotWrite,
    Contract,
    FieldProblem,
    Message,
    NotReadable,
    WireRequest,
)
from simulator.contracts.bodies import FORM
from simulator.market.batches import BatchError
from simulator.market.mpan import GSP_GROUP_OF_DISTRIBUTOR, check_digit
from simulator.market.registration_of_assets import judge_assets
from simulator.market.registration_of_units import Registry, judge_unit
from simulator.wire import refuse

_NO_TOKEN = "not-a-token"
_NO_PASSWORD = "not-the-password"
_NO_TRANSACTION = "TX-20010101-000000"
_RECEIVED = {"transaction_id": "TX-20261102-000001", "status": "received"}
_SUBMITTED = datetime(2026, 11, 2, 16, tzinfo=UTC)
_TYPES = {"createAssets": "asset_create", "createUnit": "unit_create"}
_INDEPENDENT_NETWORK = "26"  # its MPANs may lie in any GSP Group

Record = dict[str, Any]


class SmpExamples:
    """Examples for one participant's user. Raises CannotWrite when the contract cannot say username and password."""

    def __init__(self, contract: Contract, username: str, password: str, today: date) -> None:
        self._contract = contract
        self._credentials = {"username": username, "password": password}
        self._caller = Caller(contract, username, password)
        self._asset = _example_asset(contract, today)
        self._unit = {"name": f"Ashgrove batteries {today:%d %B %Y}", "unit_type": "aggregated",
                      "services": ("response", "quick_reserve"), "start_date": today,
                      "assets": [self._asset["external_reference"]]}

    def shown(self, status: Record | None) -> dict[str, Shown]:
        """operationId -> its examples. `status` is one of the participant's transactions, in canonical names."""
        assets, unit = self._asset_codes(), self._unit_codes()
        return {
            "authenticate": self._of_authenticate(), "getKeys": self._of_keys(),
            "createAssets": self._of_call("createAssets", self._asset, _RECEIVED, {**unit, **assets}),
            "createUnit": self._of_call("createUnit", self._unit, _RECEIVED, {**assets, **unit}),
            "getTransactionStatus": self._of_status(status)}

    def _of_authenticate(self) -> Shown:
        operation = self._contract.operations["authenticate"]
        wire = operation.write([self._credentials])
        granted = {"access_token": "eyJhbGciOiJSUzI1NiIs…", "token_type": "Bearer", "expires_in": 3600}
        good = self._caller.example(operation, wire, operation.answer("accepted", granted), None)
        wrong = {**self._credentials, "password": _NO_PASSWORD}
        refusals = self._unreadable(operation, wire, None)
        refusals["unauthorised"] = self._caller.example(
            operation, operation.write([wrong]),
            refuse(operation, "unauthorised", "…", _one_error("", "invalid_credentials")), None)
        form = next((name for name in operation.media_types if name == FORM), None)
        if form is not None and form != wire.media_type:
            told = operation.answer("invalid_grant", {"error": "invalid_grant", "error_description": "…"})
            refusals["invalid_grant"] = self._caller.example(
                operation, operation.write([{**wrong, "grant_type": "password"}], form), told, None)
        return Shown(good, refusals)

    def _of_keys(self) -> Shown:
        operation = self._contract.operations["getKeys"]
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "…", "n": "…", "e": "AQAB"}
        return Shown(self._caller.example(operation, operation.write([{}]),
                                          operation.answer("accepted", {"keys": [key]}), None))

    def _of_call(self, operation_id: str, record: Record, answer: Record, codes: dict[str, Example]) -> Shown:
        operation = self._contract.operations[operation_id]
        wire = _write(operation, [record])
        if wire is None:
            return Shown(codes=codes)
        good = self._caller.example(operation, wire, operation.answer("accepted", answer))
        refusals = self._unreadable(operation, wire)
        place = operation.credential or BEARER
        stranger = _one_error(f"{place.where} {place.name}", "token_malformed")
        refused = refuse(operation, "unauthorised", "…", stranger)
        refusals["unauthorised"] = self._caller.example(operation, wire, refused, _NO_TOKEN)
        many = self._too_many(operation, record)
        return Shown(good, refusals if many is None else {**refusals, "too_many": many}, codes)

    def _of_status(self, status: Record | None) -> Shown:
        operation = self._contract.operations["getTransactionStatus"]
        asked = _NO_TRANSACTION if status is None else status["transaction_id"]
        shown = self._of_call("getTransactionStatus", {"transaction_id": asked}, status or {}, {})
        nobodys = _write(operation, [{"transaction_id": _NO_TRANSACTION}])
        refusals = dict(shown.refusals)
        if nobodys is not None:
            unknown = _one_error(operation.read(nobodys).pointer(0, "transaction_id"), "unknown_transaction")
            refusals["not_found"] = self._caller.example(operation, nobodys,
                                                         refuse(operation, "not_found", "…", unknown))
        return Shown(None if status is None else shown.good, refusals)

    def _unreadable(self, operation: BoundOperation, wire: WireRequest, *token: str | None) -> dict[str, Example]:
        """Refusals of what is no message of this call at all, and of one whose shape is wrong."""
        found = {}
        for outcome, bad in (("wrong_content_type", replace(wire, media_type="text/plain")),
                             ("broken_json", replace(wire, body=b"{")), ("invalid", replace(wire, body=b"{}"))):
            told = _foretell(operation, bad)
            if wire.body and told is not None and told[0] == outcome:
                answer = refuse(operation, outcome, told[1], told[2])
                found[outcome] = self._caller.example(operation, bad, answer, *token)
        return found

    def _too_many(self, operation: BoundOperation, record: Record) -> Example | None:
        two, three = _write(operation, [record] * 2), _write(operation, [record] * 3)
        if two is None or three is None or operation.max_items is None:
            return None
        data = many_of_one(two, three, operation.max_items + 1)
        told = data and _foretell(operation, operation.write([record] * (operation.max_items + 1)))
        return told and self._caller.example(operation, two, refuse(operation, *told), data=data)

    def _asset_codes(self) -> dict[str, Example]:
        """Batches of assets that are received, and fail for one reason each."""
        # A reference of its own: the good example may have been run, and then a second fault would hide the first.
        asset = {**self._asset, "external_reference": f"{self._asset['external_reference']}-BAD"}
        other = next(group for group in GSP_GROUP_OF_DISTRIBUTOR.values() if group != asset["gsp_group_id"])
        wrong_digit = f"{asset['mpan'][:-1]}{(int(asset['mpan'][-1]) + 1) % 10}"
        batches = ([{**asset, "mpan": wrong_digit}], [{**asset, "gsp_group_id": other}], [asset, asset],
                   [{**asset, "max_import_kw": 0, "max_export_kw": 0}],
                   [{**asset, "end_date": asset["start_date"] - timedelta(days=1)}])
        return self._later("createAssets", batches, lambda message: judge_assets(message.records, {}, message.pointer))

    def _unit_codes(self) -> dict[str, Example]:
        unit = {**self._unit, "name": f"{self._unit['name']} (bad)", "assets": ["no-such-asset"]}
        units = ([unit], [{**unit, "services": ("balancing_reserve",)}])
        return self._later("createUnit", units, lambda message: judge_unit(
            message.records[0], Registry(False, {}, frozenset()), message.pointer))

    def _later(self, operation_id: str, batches: Sequence[list[Record]], judge: Any) -> dict[str, Example]:
        """Our code of an error -> the batch whose return has it, with the fewest other errors."""
        operation = self._contract.operations[operation_id]
        best: dict[str, tuple[WireRequest, list[BatchError]]] = {}
        for records in batches:
            wire = _write(operation, records)
            message = None if wire is None else operation.read(wire)
            if wire is None or message is None or message.problems:
                continue
            errors = judge(message)
            for error in errors:
                if error.code not in best or len(errors) < len(best[error.code][1]):
                    best[error.code] = (wire, errors)
        received = operation.answer("accepted", _RECEIVED)
        return {code: replace(self._caller.example(operation, wire, received),
                              later=self._return_of(operation_id, errors))
                for code, (wire, errors) in best.items()}

    def _return_of(self, operation_id: str, errors: list[BatchError]) -> str:
        """The batch return as it goes over the wire, with times to look at only."""
        told = [{"index": error.index, "pointer": error.pointer, "code": error.code, "message": error.message}
                for error in errors]
        ended = {**_RECEIVED, "status": "failed", "type": _TYPES[operation_id], "result": None, "errors": told,
                 "submitted_at": _SUBMITTED, "completed_at": _SUBMITTED + timedelta(seconds=2)}
        return pretty(self._contract.outbound["sendBatchReturn"].write(ended).body)


def _foretell(operation: BoundOperation, wire: WireRequest) -> tuple[str, str, list[Record]] | None:
    """Outcome, detail and errors of a request that is refused for its shape; None when it is not."""
    try:
        message: Message | NotReadable = operation.read(wire)
    except NotReadable as fault:
        return fault.outcome, fault.detail, [_as_error(problem) for problem in fault.problems]
    if not message.problems:
        return None
    errors = [_as_error(problem) for problem in message.problems]
    count = len(errors)
    return "invalid", f"{count:,} error{'s' if count > 1 else ''}; nothing of this message was accepted.", errors


def _as_error(problem: FieldProblem) -> Record:
    return {"index": None, "pointer": problem.pointer, "code": problem.code, "message": problem.message}


def _one_error(pointer: str, code: str) -> list[Record]:
    """The one error of a refusal; its sentence is the simulator's, and too long to foretell."""
    return [{"index": None, "pointer": pointer, "code": code, "message": "…"}]


def _write(operation: BoundOperation, records: list[Record]) -> WireRequest | None:
    try:
        return operation.write(records)
    except CannotWrite:
        return None


def _example_asset(contract: Contract, today: date) -> Record:
    """A battery, in words that the contract has, with as many of our fields as it has places for."""
    words = OperationWords(contract, "createAssets")
    groups = [str(group) for group in words.enum_of("gsp_group_id")]
    distributor, group = "21", GSP_GROUP_OF_DISTRIBUTOR["21"]
    if groups and group not in groups:
        distributor, group = _INDEPENDENT_NETWORK, groups[0]
    twelve = f"{distributor}{int(today.strftime('%y%m%d')) * 10:010d}"
    technologies = words.enum_of("technology_type") or ["Batteries"]
    asset = {"external_reference": f"BESS-{today:%y%m%d}-1", "name": "Ashgrove battery 1",
             "mpan": f"{twelve}{check_digit(twelve)}", "postcode": "CF37 1AA", "technology_type": technologies[0],
             "connection_type": "distribution", "gsp_group_id": group, "max_import_kw": 500, "max_export_kw": 500,
             "energy_capacity_kwh": 1_000, "start_date": today}
    operation = contract.operations["createAssets"]
    return next((each for each in _fewer_and_fewer(asset) if _is_good(operation, each)), asset)


def _fewer_and_fewer(asset: Record) -> Iterator[Record]:
    """The record, then without fields that a contract may lack."""
    optional = ("energy_capacity_kwh", "postcode")
    yield asset
    for left_out in (*((name,) for name in optional), optional):
        yield {name: value for name, value in asset.items() if name not in left_out}


def _is_good(operation: BoundOperation, record: Record) -> bool:
    wire = _write(operation, [record])
    return wire is not None and not operation.read(wire).problems
