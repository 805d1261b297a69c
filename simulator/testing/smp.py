"""A participant as the Single Markets Platform sees it: token, assets, units and what becomes of batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.testing.calls import Answer, ControlCalls, HttpClient, Refused
from simulator.testing.contracts import Contracts
from simulator.testing.identities import Identity
from simulator.testing.waiting import NotSeen, wait_until

PATIENCE_SECONDS = 10.0
"""How long `wait_for` waits for the end of a batch, unless told otherwise."""

ENDED = ("SUCCEEDED", "FAILED")
"""The statuses with which a batch ends."""

_MPAN = "1800021679848"
_GSP_GROUP = "_N"
"""The distributor of that MPAN, 18, lies in this GSP Group (public)."""


def asset(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An asset that is registered without complaint, with the reference `ASSET-number`; None leaves a field out."""
    fields = {"externalReference": f"ASSET-{number}", "name": f"Battery {number}", "mpan": _MPAN,
              "postcode": "EH1 1AA", "technologyType": "Batteries", "connectionType": "DISTRIBUTION",
              "gspGroupId": _GSP_GROUP, "maxImportMw": 0.5, "maxExportMw": 0.5, "startDate": "2026-11-02", **changes}
    return {name: value for name, value in fields.items() if value is not None}


def unit(*assets: str, **changes: Any) -> dict[str, Any]:
    """A unit of assets, by id or reference, that is registered without complaint; None leaves a field out."""
    fields = {"name": "Unit 1", "unitType": "AGGREGATED", "services": ["Response"], "startDate": "2026-11-02",
              "assets": list(assets), **changes}
    return {name: value for name, value in fields.items() if value is not None}


class BatchFailed(AssertionError):
    """A batch that should have been registered has failed; `transaction` is how it ended."""

    def __init__(self, transaction: Mapping[str, Any]) -> None:
        self.transaction = transaction
        self.codes: list[str] = [str(error.get("code")) for error in transaction.get("errors", ())]
        lines = [f"  {error.get('pointer')} {error.get('code')}: {error.get('message')}"
                 for error in transaction.get("errors", ())]
        super().__init__("\n".join([f"{transaction.get('type')} {transaction.get('transactionId')} ended as "
                                    f"{transaction.get('status')}:", *lines]))


class Smp:
    """One participant's client of the SMP; the token is fetched with the first call, and again when it has run out.

        ids = smp.register_assets(asset(1), asset(2))
        unit_id = smp.register_unit(unit(*ids))

    A batch ends two seconds of market time after it was sent (setting `smp_progress`). With a clock that stands,
    advance it, or take `smp_progress="immediate"`.
    """

    def __init__(self, identity: Identity, http: HttpClient, control: ControlCalls, contracts: Contracts) -> None:
        self.id = identity.participant
        self.identity = identity
        self._http = http
        self._control = control
        self._contracts = contracts
        self._token: str | None = None

    @property
    def token(self) -> str:
        """The access token; fetched if there is none yet. Raises Refused."""
        if self._token is None:
            self._token = self.authenticate()
        return self._token

    def authenticate(self) -> str:
        """Fetch a new token, and use it from now on. Raises Refused, and LookupError without a password."""
        who = self.identity
        if who.smp_username is None or who.smp_password is None:
            raise LookupError(f"the SMP password of {self.id!r} is not known; give an Identity with it")
        answer = self._http.post(self._contracts.path("smp", "authenticate"),
                                 {"username": who.smp_username, "password": who.smp_password})
        self._token = str(answer.must_be().json()["access_token"])
        return self._token

    def call(self, operation: str, json: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """Call an operation of the contract, such as `createAssets`; the answer as it is, also when it refuses."""
        return self.post(self._contracts.path("smp", operation), json, headers)

    def post(self, path: str, json: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """POST JSON with the token; the answer as it is. `headers` may replace the token."""
        sent = {"Authorization": f"Bearer {self.token}"} if "Authorization" not in (headers or {}) else {}
        return self._http.post(path, json, {**sent, **(headers or {})})

    def send_assets(self, *assets: Mapping[str, Any]) -> str:
        """Hand in assets; the id of their transaction. Raises Refused for what is refused at once."""
        return self._received("createAssets", {"assets": list(assets)})

    def send_unit(self, unit: Mapping[str, Any]) -> str:
        """Hand in a unit; the id of its transaction. Raises Refused for what is refused at once."""
        return self._received("createUnit", {"unit": unit})

    def status(self, transaction: str) -> dict[str, Any]:
        """A transaction as the status call tells it now. Raises Refused."""
        found: dict[str, Any] = self._again("getTransactionStatus", {"transactionId": transaction}).json()
        return found

    def wait_for(self, transaction: str, within: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """A transaction when it has ended, well or not; `within` counts real seconds. Raises NotSeen, Refused."""
        __tracebackhide__ = True
        seen: dict[str, Any] = {}

        def look() -> dict[str, Any] | None:
            seen.update(self.status(transaction))
            return seen if seen["status"] in ENDED else None

        found = wait_until(look, within)
        if found is None:
            clock = self._control.get("/clock")
            hint = (" The clock stands still: advance it, for a batch ends in market time."
                    if clock["mode"] == "frozen" else "")
            raise NotSeen(f"{transaction} is still {seen.get('status')} after {within:g} s.{hint}")
        return found

    def register_assets(self, *assets: Mapping[str, Any], within: float = PATIENCE_SECONDS) -> list[str]:
        """Hand in assets and wait for the end; their ids, in order. Raises BatchFailed, Refused, NotSeen."""
        ended = self._succeeded(self.send_assets(*assets), within)
        return [each["assetId"] for each in ended["result"]["assets"]]

    def register_unit(self, unit: Mapping[str, Any], within: float = PATIENCE_SECONDS) -> str:
        """Hand in a unit and wait for the end; its id. Raises BatchFailed, Refused, NotSeen."""
        return str(self._succeeded(self.send_unit(unit), within)["result"]["unit"]["unitId"])

    def return_batches_to(self, url: str | None) -> None:
        """Set the callback URL for batch returns; None has none."""
        self._control.patch(f"/participants/{self.id}", {"smp": {"callbackUrl": url}})

    def _received(self, operation: str, message: Any) -> str:
        return str(self._again(operation, message).json()["transactionId"])

    def _again(self, operation: str, message: Any) -> Answer:
        """Call; with a new token if the old one has run out. What was refused for its token was not carried out."""
        answer = self.call(operation, message)
        if answer.status == 401 and "invalid_token" in answer.headers.get("WWW-Authenticate", ""):
            self.authenticate()
            answer = self.call(operation, message)
        if not answer.ok:
            raise Refused(answer)
        return answer

    def _succeeded(self, transaction: str, within: float) -> dict[str, Any]:
        ended = self.wait_for(transaction, within)
        if ended["status"] != "SUCCEEDED":
            raise BatchFailed(ended)
        return ended
