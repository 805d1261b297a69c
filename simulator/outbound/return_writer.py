"""Writes batch returns as the contract in force wants them, and signs them (that they are signed JSON is documented:
SMP overview, The SMP APIs; form and algorithm are assumed).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from simulator import signing
from simulator.contracts import CannotWrite, OutboundMessage
from simulator.ids import new_unique_part
from simulator.market.outbox import Message, Rendered
from simulator.market.signing_keys import SigningKey
from simulator.operations.ports import CannotSay

UNKNOWN_KID = "a-key-that-nobody-published"
"""The key id under which the fault `unknownKid` lets sign; the key is the right one all the same."""


class ReturnWriter:
    """Transactions in our own names in, signed requests out. `form` is `detached` (a header) or `compact` (the body).

    The signature is over exactly the bytes of the body, which are the same on every attempt; so is the signature, as
    long as its key is published.
    """

    def __init__(self, message: OutboundMessage, form: str) -> None:
        self._message = message
        self._is_compact = form == "compact"

    def write(self, message: Message, world: str, key: SigningKey) -> Rendered:
        """The message on the wire, signed with a key. Raises CannotSay for what the contract has no way to say.

        The id of the delivery is like no other: not in another `world`, nor in this one after a reset.
        """
        try:
            request = self._message.write(message.content["transaction"])
        except CannotWrite as error:
            raise CannotSay(error.reason) from error
        headers = self._carry(request.headers, "delivery_id", f"{world}-{message.lane}-{new_unique_part()}")
        return self._signed(Rendered(request.method, request.target, headers, request.body.decode()), request.body, key)

    def renew(self, rendered: Rendered, published: Collection[str], key: SigningKey) -> Rendered:
        """The message signed anew if the key that signed it is not among the `published` kids (any more).

        It is told by the message itself in which form it was signed: the server may have been set otherwise since.
        """
        headers = {name.lower(): value for name, value in rendered.headers}
        if headers.get("content-type") == signing.JOSE:
            sent = rendered.body.encode()
            if signing.kid_of(rendered.body) in published:
                return rendered
            return replace(rendered, body=signing.sign_compact(key, signing.open_compact(sent)).decode())
        header = self._message.signature_header
        signature = None if header is None else headers.get(header.lower())
        if header is None or signature is None or signing.kid_of(signature) in published:
            return rendered
        return replace(rendered, headers=_with(rendered.headers, header,
                                               signing.sign_detached(key, rendered.body.encode())))

    def number(self, rendered: Rendered, attempt: int) -> Rendered:
        """The message with the number of the attempt, from 1: all that tells one attempt from another."""
        return replace(rendered, headers=self._carry(rendered.headers, "attempt", str(attempt)))

    def _carry(self, headers: tuple[tuple[str, str], ...], what: str, value: str) -> tuple[tuple[str, str], ...]:
        """The headers with one more, under the contract's name for it; as they are if the contract has none."""
        name = self._message.carried.get(what)
        return headers if name is None else _with(headers, name, value)

    def _signed(self, plain: Rendered, body: bytes, key: SigningKey) -> Rendered:
        header = self._message.signature_header
        if self._is_compact:
            headers = _with(plain.headers, "Content-Type", signing.JOSE)
            return replace(plain, headers=headers, body=signing.sign_compact(key, body).decode())
        if header is None:
            # The contract in force has no place for a signature.
            return plain
        return replace(plain, headers=_with(plain.headers, header, signing.sign_detached(key, body)))

    def spoil(self, rendered: Rendered, effects: Mapping[str, object], key: SigningKey) -> Rendered:
        """The message with a wrong signature (`badSignature`), or one under a key id nobody knows (`unknownKid`)."""
        if "unknownKid" in effects:
            sent = rendered.body.encode()
            body = signing.open_compact(sent) if self._is_compact else sent
            rendered = self._signed(rendered, body, replace(key, kid=UNKNOWN_KID))
        if "badSignature" in effects and self._is_compact:
            return replace(rendered, body=_broken(rendered.body))
        header = self._message.signature_header
        if "badSignature" in effects and header is not None:
            signature = next(value for name, value in rendered.headers if name.lower() == header.lower())
            return replace(rendered, headers=_with(rendered.headers, header, _broken(signature)))
        return rendered


def _with(headers: tuple[tuple[str, str], ...], name: str, value: str) -> tuple[tuple[str, str], ...]:
    """The headers with one of them set, whatever it was before."""
    return (*(pair for pair in headers if pair[0].lower() != name.lower()), (name, value))


def _broken(jws: str) -> str:
    """A JWS whose signature has the right form and length, and is wrong from its first letter on."""
    before, dot, seal = jws.rpartition(".")
    return f"{before}{dot}{'B' if seal[:1] == 'A' else 'A'}{seal[1:]}"
