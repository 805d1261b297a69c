"""The platform's calls: authenticate, create assets, create a unit, ask for a transaction's status."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

import requests

from examples.smp_client.keys import KeysUnknown, NotTheirs, OwnKey, PlatformKeys

BASE = "/smp/api/v1"
KEYS = "/smp/.well-known/jwks.json"
JOSE = "application/jose"
"""Content type of a body that is a signed message itself."""

_LEEWAY_SECONDS = 30
"""A token is replaced this long before it expires, so that it does not do so on the way."""


class Refused(Exception):
    """The platform refuses a call; the text says why, in its own words."""


class Platform:
    """The SMP for one participant. It fetches a token when it needs one, and a new one in good time."""

    def __init__(self, url: str, username: str, password: str, own_key: OwnKey | None = None) -> None:
        self.url = url.rstrip("/")
        self.keys = PlatformKeys(f"{self.url}{KEYS}")
        self.session = requests.Session()
        self._credentials = {"username": username, "password": password}
        self._own_key = own_key
        self._token = ""
        self._good_until = 0.0

    def authenticate(self) -> int:
        """Fetch a token; the seconds that it is good for. Raises Refused."""
        answer = self.session.post(f"{self.url}{BASE}/authenticate", json=self._credentials, timeout=10)
        said = self._good(answer)
        self._token = said["access_token"]
        self._good_until = time.monotonic() + said["expires_in"] - _LEEWAY_SECONDS
        return said["expires_in"]

    def create_assets(self, assets: list[dict[str, Any]]) -> str:
        """Hand in at most 1,000 assets; the transaction's id, which says nothing yet about success. Raises Refused."""
        return self._call("/assets", {"assets": assets})["transactionId"]

    def create_unit(self, unit: dict[str, Any]) -> str:
        """Hand in one unit; the transaction's id. Raises Refused."""
        return self._call("/units", {"unit": unit})["transactionId"]

    def status(self, transaction_id: str) -> dict[str, Any]:
        """A transaction as it stands now. Raises Refused."""
        return self._call("/transactions/status", {"transactionId": transaction_id})

    def _call(self, path: str, message: dict[str, Any]) -> dict[str, Any]:
        # The signature is over bytes, so the bytes are made once and sent as they are.
        body = json.dumps(message).encode()
        answer = self._send(path, body)
        if answer.status_code == 401 and "invalid_token" in answer.headers.get("WWW-Authenticate", ""):
            # It ended early, such as after a change of keys. A new one, once; what was refused was not carried out.
            self._good_until = 0.0
            answer = self._send(path, body)
        return self._good(answer)

    def _send(self, path: str, body: bytes) -> requests.Response:
        if time.monotonic() >= self._good_until:
            self.authenticate()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        if self._own_key is not None:
            headers["X-JWS-Signature"] = self._own_key.sign(body)
        return self.session.post(f"{self.url}{BASE}{path}", data=body, headers=headers, timeout=30)

    def _good(self, answer: requests.Response) -> dict[str, Any]:
        """What an answer says, if it is no refusal; what was signed is believed only if the platform signed it."""
        where = f"{answer.request.method} {answer.request.path_url} answered {answer.status_code}"
        try:
            body = self._verified(answer)
        except (NotTheirs, KeysUnknown) as error:
            raise Refused(f"{where}, but it cannot be believed: {error}") from error
        if answer.ok:
            return json.loads(body)
        try:
            problem = json.loads(body)
            said = "\n".join([str(problem.get("detail") or problem), in_words(problem.get("errors") or ())]).rstrip()
        except ValueError:
            said = answer.text[:300]
        raise Refused(f"{where}: {said}")

    def _verified(self, answer: requests.Response) -> bytes:
        """The body of an answer, taken out of its signature if it came in one. Not every platform signs its answers."""
        signature = answer.headers.get("X-JWS-Signature")
        if signature is not None:
            self.keys.verify_detached(answer.content, signature)
        is_signed_message = answer.headers.get("Content-Type", "").partition(";")[0].strip() == JOSE
        return self.keys.open_compact(answer.content) if is_signed_message else answer.content


def in_words(errors: Iterable[dict[str, Any]], most: int = 5) -> str:
    """The first errors of a refusal or of a failed transaction, a line each."""
    lines = [f"    {error['pointer']} {error['code']}: {error['message']}" for error in errors]
    return "\n".join([*lines[:most], *([f"    and {len(lines) - most:,} more"] if len(lines) > most else [])])
