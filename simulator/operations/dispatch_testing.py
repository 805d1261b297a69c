"""Where a participant takes dispatch messages, and trying that out (portal guide §3.1, Dispatch Settings and Testing).

A test message and a check of the connection are messages of the outbox that are sent once.
"""

from __future__ import annotations

from typing import Any

from simulator.market.errors import NotFound, Refused, RuleBreach
from simulator.market.facts import EndpointChanged
from simulator.market.outbox import OUTBOX_TOPIC, Attempt, Endpoint, Message, MessageKind
from simulator.market.provenance import Rule
from simulator.operations.history import entry_by_id
from simulator.store import dispatches, outbox
from simulator.store.work import View, Work

RULES = (
    Rule("dispatch_tests.once",
         "A test message goes to the endpoint at once, and once; the result shows url, parameters, and success or "
         "not.",
         "documented", "Portal guide §3.1, Dispatch Testing. That it is sent once is ours."),
)


def endpoint_of(view: View, organisation_id: str) -> Endpoint | None:
    """Where an organisation takes messages; None until it has said so."""
    return dispatches.endpoint_of(view, organisation_id)


def set_endpoint(work: Work, endpoint: Endpoint) -> None:
    """Set where an organisation takes messages, and how the platform proves who it is. It was judged before."""
    dispatches.set_endpoint(work, endpoint)
    work.record(EndpointChanged(endpoint.organisation_id, endpoint.base_url, endpoint.auth))


def remove_endpoint(work: Work, organisation_id: str) -> None:
    """Forget where an organisation takes messages, its secret included: what is sent to it fails from now on."""
    if dispatches.remove_endpoint(work, organisation_id):
        work.record(EndpointChanged(organisation_id, "", "none"))


def send_test(work: Work, organisation_id: str, content: dict[str, Any]) -> int:
    """Send a test message, once; its id. `content` is as `dispatching.content_of` makes it.

    The base url of now is kept with it, to be shown with the result. Raises Refused when there is none.
    """
    endpoint = _endpoint(work, organisation_id)
    return _send(work, MessageKind.TEST, organisation_id, {**content, "base_url": endpoint.base_url})


def check_connection(work: Work, organisation_id: str) -> int:
    """Send a plain GET to the base url, once; the message's id. Raises Refused when there is no base url."""
    endpoint = _endpoint(work, organisation_id)
    return _send(work, MessageKind.CHECK, organisation_id, {"base_url": endpoint.base_url})


def _endpoint(view: View, organisation_id: str) -> Endpoint:
    endpoint = dispatches.endpoint_of(view, organisation_id)
    if endpoint is None:
        raise Refused([RuleBreach(None, None, "no_endpoint", "There is no Participant endpoint base url to send to. "
                                  "Enter it in Dispatch Settings first.")])
    return endpoint


def _send(work: Work, kind: MessageKind, organisation_id: str, content: dict[str, Any]) -> int:
    last = next(iter(outbox.messages_of(work, organisation_id, kind, 1)), None)
    # A lane of its own: nothing waits for it, and it makes nothing pointless.
    lane = f"{kind.value}/{organisation_id}/{0 if last is None else last.id}"
    message_id = outbox.add_message(work, kind, organisation_id, lane, content, work.now)
    work.announce(OUTBOX_TOPIC)
    return message_id


def test_messages(view: View, organisation_id: str, limit: int) -> list[tuple[Message, Attempt | None]]:
    """An organisation's latest test messages, the newest first, each with its one attempt if it was begun."""
    return _with_attempts(view, outbox.messages_of(view, organisation_id, MessageKind.TEST, limit))


def latest_check(view: View, organisation_id: str) -> tuple[Message, Attempt | None] | None:
    """The latest check of the connection, if there was one."""
    return next(iter(_with_attempts(view, outbox.messages_of(view, organisation_id, MessageKind.CHECK, 1))), None)


def message_of(view: View, organisation_id: str, message_id: int, kind: MessageKind
               ) -> tuple[Message, Attempt | None]:
    """A test message or a check of an organisation. Raises NotFound, for those of others too."""
    message = outbox.message_by_id(view, message_id)
    if message is None or message.organisation_id != organisation_id or message.kind is not kind:
        raise NotFound("message", str(message_id))
    return _with_attempts(view, [message])[0]


def exchange_of(view: View, attempt: Attempt) -> dict[str, Any] | None:
    """What the journal keeps of an attempt, secrets masked; None when the journal has forgotten it."""
    try:
        return entry_by_id(view, attempt.journal_entry).data
    except NotFound:
        return None


def _with_attempts(view: View, messages: list[Message]) -> list[tuple[Message, Attempt | None]]:
    attempts = outbox.attempts_of(view, [message.id for message in messages])
    return [(message, next(iter(reversed(attempts[message.id])), None)) for message in messages]
