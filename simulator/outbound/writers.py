"""All that writes messages of the outbox: one writer for dispatches, one for batch returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.market.outbox import Message, MessageKind, Rendered
from simulator.market.signing_keys import SigningKey
from simulator.operations.delivering import Claimed
from simulator.operations.signing_keys import platform_keys, signing_key
from simulator.outbound.dispatch_writer import DispatchWriter
from simulator.outbound.return_writer import ReturnWriter
from simulator.store.work import View
from simulator.world import World

_SIGNED_WRONGLY = frozenset({"badSignature", "unknownKid"})
"""Effects of faults on batch returns that need whoever signs them."""


@dataclass(frozen=True, slots=True)
class Writers:
    """A writer for each kind of message."""

    dispatches: DispatchWriter
    returns: ReturnWriter

    def of(self, world: World) -> WorldWriter:
        """What writes the messages of one world, signed with its key."""
        return WorldWriter(self, world)


@dataclass(frozen=True, slots=True)
class WorldWriter:
    """Writes the messages of one world, each by its kind."""

    writers: Writers
    world: World

    def write(self, view: View, message: Message) -> Rendered:
        """The message on the wire, without its base url. Raises CannotSay for what its contract has no way to say."""
        if message.kind is MessageKind.BATCH_RETURN:
            return self.writers.returns.write(message, self.world.name, self._key(view))
        return self.writers.dispatches.write(message)

    def renew(self, view: View, message: Message, rendered: Rendered) -> Rendered:
        """A message that was written before, as it is to go out now: nobody could verify what a retired key signed."""
        if message.kind is not MessageKind.BATCH_RETURN:
            return rendered
        keys = [each.key for each in platform_keys(view, self.world.server_key())]
        return self.writers.returns.renew(rendered, {key.kid for key in keys}, keys[-1])

    def for_attempt(self, view: View, claimed: Claimed) -> Rendered:
        """What goes out with an attempt: a batch return has its number, and the signature that faults give it."""
        if claimed.message.kind is not MessageKind.BATCH_RETURN:
            return claimed.rendered
        rendered = self.writers.returns.number(claimed.rendered, claimed.number)
        if claimed.effects.keys() & _SIGNED_WRONGLY:
            rendered = self.writers.returns.spoil(rendered, claimed.effects, self._key(view))
        return rendered

    def _key(self, view: View) -> SigningKey:
        return signing_key(view, self.world.server_key())


def left_for_transport(message: Message, effects: Mapping[str, object]) -> dict[str, object]:
    """The effects of faults that are not in the message already."""
    done = _SIGNED_WRONGLY if message.kind is MessageKind.BATCH_RETURN else frozenset()
    return {name: value for name, value in effects.items() if name not in done}
