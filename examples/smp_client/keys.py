"""Signatures: our own on what we send, and the platform's on what it sends us (JWS, RFC 7515; RS256)."""

from __future__ import annotations

import threading

import requests
from joserfc import jws
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, RSAKey

ALGORITHMS = ["RS256"]
"""What we accept. Never take the algorithm from the message alone: `none` and a confusion of key kinds begin there."""


class NotTheirs(Exception):
    """What came was not signed by the platform, or was changed on the way."""


class KeysUnknown(Exception):
    """The platform's keys cannot be fetched now, so nothing can be said about a signature."""


class OwnKey:
    """A key of ours, made now. A real participant keeps one, and hands its public half in with the pro-forma."""

    def __init__(self) -> None:
        self._key = RSAKey.generate_key(2048, auto_kid=True)

    def public(self) -> dict[str, list[dict[str, str]]]:
        """The public half as a JWK Set."""
        return {"keys": [{**self._key.as_dict(private=False), "use": "sig", "alg": ALGORITHMS[0]}]}

    def sign(self, body: bytes) -> str:
        """A detached signature (RFC 7515, appendix F) over exactly these bytes."""
        header = {"alg": ALGORITHMS[0], "kid": self._key.kid}
        return jws.detach_content(jws.serialize_compact(header, body, self._key))


class PlatformKeys:
    """The platform's public keys, from its JWK Set; fetched again when a signature names one we do not know."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._keys: KeySet | None = None

    def verify_detached(self, body: bytes, signature: str) -> None:
        """Raises NotTheirs unless the platform signed exactly these bytes, as they came. Raises KeysUnknown."""
        self._verify(signature, body)

    def open_compact(self, message: bytes) -> bytes:
        """The body inside a signed message. Raises NotTheirs and KeysUnknown."""
        return self._verify(message, None)

    def _verify(self, signature: str | bytes, body: bytes | None) -> bytes:
        for is_last_try in (False, True):
            try:
                return jws.deserialize_compact(signature, self._known(is_last_try), ALGORITHMS, payload=body).payload
            except InvalidKeyIdError as error:
                # Keys are changed: one look at the present ones, then it is somebody else's.
                if is_last_try:
                    raise NotTheirs(f"signed with a key that the platform does not publish: {error}") from error
            except (JoseError, ValueError) as error:
                raise NotTheirs(f"{type(error).__name__}: {error}") from error
        raise AssertionError("not reached")

    def _known(self, fetch_again: bool) -> KeySet:
        with self._lock:
            if self._keys is None or fetch_again:
                try:
                    answer = requests.get(self._address, timeout=5)
                    answer.raise_for_status()
                except requests.RequestException as error:
                    raise KeysUnknown(f"{self._address}: {error}") from error
                self._keys = KeySet.import_key_set(answer.json())
            return self._keys
