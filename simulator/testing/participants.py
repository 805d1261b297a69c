"""A participant (FSP) as the platform's participant API sees it, and its settings in the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simulator.testing.calls import Answer, ControlCalls, HttpClient
from simulator.testing.contracts import Contracts
from simulator.testing.identities import Identity


def reading(unit: str, timestamp: datetime | str, power_kw: float | None = None, energy_kwh: float | None = None
            ) -> dict[str, Any]:
    """A reading as the default contract wants it. `timestamp` is the END of the minute or half-hour, UTC.

    Generation is positive, demand negative (public: the portal's FAQ page).
    """
    stamp = timestamp.isoformat() if isinstance(timestamp, datetime) else timestamp
    values = {"powerKw": power_kw, "energyKwh": energy_kwh}
    return {"meterableUnitId": unit, "timestamp": stamp,
            **{name: value for name, value in values.items() if value is not None}}


class Participant:
    """One participant of a world, with its API access token.

        participant.send_readings(reading("MU-1001", clock.now, power_kw=12.5))
        participant.take_messages_at(endpoint.url)
    """

    def __init__(self, identity: Identity, http: HttpClient, control: ControlCalls, contracts: Contracts) -> None:
        self.id = identity.participant
        self.identity = identity
        self.token = identity.api_token
        self._http = http
        self._control = control
        self._contracts = contracts

    def send_readings(self, *readings: Mapping[str, Any]) -> dict[str, int]:
        """Post readings; the receipt: `accepted`, `created`, `updated`, `late`. Raises Refused with every error."""
        path = self._contracts.path("participant", "postReadings")
        receipt: dict[str, int] = self.post(path, list(readings)).must_be().json()
        return receipt

    def post(self, path: str, json: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """POST JSON with the token; the answer as it is, also when it refuses. `headers` may replace the token."""
        return self.request("POST", path, json=json, headers=headers)

    def request(self, method: str, path: str, **options: Any) -> Answer:
        """Any call with the token; options as `HttpClient.request` takes them."""
        headers = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **(
            options.pop("headers", None) or {})}
        return self._http.request(method, path, headers=headers, **options)

    def take_messages_at(self, base_url: str, auth: str = "none", secret: str | None = None) -> None:
        """Set the "Participant endpoint base url"; `auth` is `none`, `bearer` or `hmac`, the last two with a secret."""
        self.change(dispatch={"baseUrl": base_url, "auth": auth, **({"secret": secret} if secret else {})})

    def take_no_messages(self) -> None:
        """Forget the base url."""
        self.change(dispatch={"baseUrl": None})

    def code(self) -> str:
        """The six digits that its authenticator shows now. Raises Refused while it has none."""
        return str(self._control.get(f"/participants/{self.id}/totp")["code"])

    def details(self) -> dict[str, Any]:
        """What the simulator knows of it: name, portal account, units, dispatch settings, SMP connection."""
        found: dict[str, Any] = self._control.get(f"/participants/{self.id}")
        return found

    def change(self, **parts: Any) -> dict[str, Any]:
        """Change parts of it, as `PATCH /_sim/participants/{id}` takes them."""
        changed: dict[str, Any] = self._control.patch(f"/participants/{self.id}", parts)
        return changed
