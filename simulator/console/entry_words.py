"""Journal entries in words: one line for each kind of thing that can happen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from simulator import exchanges
from simulator.console import month_words
from simulator.console.month_words import counted
from simulator.market import journal_kinds
from simulator.outbound import envelopes
from simulator.timekeeping.london import london_time

GROUPS: dict[str, tuple[str, ...]] = {
    "HTTP": (exchanges.KIND, envelopes.KIND),
    "Dispatches": ("dispatch.", "message.", "endpoint."),
    "Readings": ("readings.", "upload.", "month."),
    **month_words.GROUPS,
    "Mails": ("mail.", "mailbox."),
    "Accounts": ("sign_in.", "sign_out", "authenticator.", "api_token.", "participant.", "password.",
                 "email_preference."),
    "SMP": ("connection.", "flow.", "smp_token.", "signing_key.", "signature.", "batch.", "assets.", "unit."),
    "Faults": ("faults.", "fault."),
    "Time": ("clock.", "job", "world.", "snapshot."),
}
"""What is asked for together: kinds, or beginnings of kinds with a dot at their end."""

_OTHERS = "Others"
_NAMES_SHOWN = 3

_Data = Mapping[str, Any]
_Words = Callable[[_Data], str]


def kinds() -> dict[str, str]:
    """Every kind of entry there can be -> what it says."""
    meanings = {exchanges.KIND: exchanges.MEANING, envelopes.KIND: envelopes.MEANING, **journal_kinds.kinds()}
    return {kind: meaning.replace("`", "") for kind, meaning in meanings.items()}


def group_of(kind: str) -> str:
    """The group that a kind is in."""
    return next((group for group, members in GROUPS.items()
                 if any(kind == each or (each.endswith(".") and kind.startswith(each)) for each in members)), _OTHERS)


def label_of(kind: str) -> str:
    """A kind as people read it: `dispatch.stop_asked` is Dispatch: stop asked."""
    if kind in _LABELS:
        return _LABELS[kind]
    topic, dot, event = kind.replace("_", " ").partition(".")
    return f"{topic.capitalize()}: {event}" if dot else topic.capitalize()


_LABELS = {exchanges.KIND: "HTTP in", envelopes.KIND: "HTTP out"}


def line_of(kind: str, data: _Data) -> str:
    """An entry in one line. What it lacks, because another version wrote it, makes it plainer, never an error."""
    words = _LINES.get(kind)
    if words is not None:
        try:
            line = words(data)
            return line[:1].upper() + line[1:]
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
    return f"{label_of(kind)} ({', '.join(f'{name} {value}' for name, value in data.items())})"[:300]


def _names(values: list[str]) -> str:
    more = len(values) - _NAMES_SHOWN
    return ", ".join(values[:_NAMES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _at(text: str) -> str:
    return london_time(datetime.fromisoformat(text), "%a %d %b %H:%M:%S")


def _who(account: str | None) -> str:
    return account or "an unknown account"


def _exchange(data: _Data) -> str:
    asked = data.get("url") or data["path"]
    if data.get("query"):
        asked += "?" + "&".join(f"{name}={value}" for name, value in data["query"].items())
    return f"{data['method']} {asked} → {_outcome(data)}"


def _outcome(data: _Data) -> str:
    took = f" ({data['ms']:,g} ms)" if data.get("ms") is not None else ""
    if data.get("reason"):
        return f"{data['reason']}{took}"
    return f"{data['status']}{took}" if data.get("status") is not None else "no answer noted"


def _accepted(data: _Data) -> str:
    how = {"api": "sent by API", "csv": "uploaded as CSV"}.get(data["source"], data["source"])
    kinds_of_reading = [f"{data[name]:,} {word}" for name, word in (
        ("created", "new"), ("updated", "replaced"), ("late", "late")) if data[name]]
    return (f"{counted(data['accepted'], 'reading')} of {_names(data['units']) or 'no unit'} accepted from "
            f"{data['organisation']}, {how}: {', '.join(kinds_of_reading) or 'nothing new'}")


def _planned(data: _Data) -> str:
    return (f"dispatch {data['dispatch']} planned for {_names(data['units'])} of {data['organisation']}: "
            f"{_at(data['start_at'])} to {_at(data['end_at'])}; the start message goes out "
            f"{_at(data['start_message_at'])}")


def _fault(data: _Data) -> str:
    return ", ".join(name if value is True else f"{name} {value}" for name, value in (data["effect"] or {}).items())


def _faults_changed(data: _Data) -> str:
    if data["fault"] is None:
        return "all faults switched off"
    effect = f" for {data['surface']}: {_fault(data)}" if data["effect"] else ""
    return f"fault {data['fault']} switched {data['switched']}{effect}"


def _message(data: _Data) -> str:
    return f"message {data['message']} of {data['lane'].replace('/', ' ')}"


def _plain(word: str) -> str:
    return word.replace("_", " ").replace("pro forma", "pro-forma")


def _batch_moved(data: _Data) -> str:
    errors = f", {counted(data['errors'], 'error')}" if data["errors"] else ""
    return f"batch {data['transaction']} {data['before']} → {data['after']}{errors}"


def _assets_created(data: _Data) -> str:
    ids = data["first"] if data["first"] == data["last"] else f"{data['first']} to {data['last']}"
    return f"{counted(data['assets'], 'asset')} of {data['organisation']} created by batch {data['transaction']}: {ids}"


_LINES: dict[str, _Words] = {
    exchanges.KIND: _exchange,
    envelopes.KIND: _exchange,
    "readings.accepted": _accepted,
    "upload.refused": lambda data: f"upload {data['upload']} of {data['organisation']} refused: {data['reason']}, "
                                   f"{counted(data['errors'], 'error')}",
    "month.finalised": lambda data: f"the month {data['month']} is final; readings of it are late from now on",
    "sign_in.password_accepted": lambda data: f"password of {_who(data['account'])} accepted; the code comes next",
    "sign_in.completed": lambda data: f"{_who(data['account'])} signed in",
    "sign_in.refused": lambda data: f"sign-in of {_who(data['account'])} refused: {data['reason'].replace('_', ' ')}",
    "sign_out": lambda data: f"{_who(data['account'])} signed out",
    "authenticator.enrolled": lambda data: f"{_who(data['account'])} set up an authenticator",
    "authenticator.reset": lambda data: f"authenticator of {_who(data['account'])} reset",
    "api_token.created": lambda data: f"new API access token for {data['organisation']}",
    "participant.invited": lambda data: f"{data['organisation']} invited{' again' if data['again'] else ''} as "
                                        f"{data['account']}",
    "participant.changed": lambda data: f"{data['organisation']} changed: {', '.join(data['changed'])}",
    "password.reset_requested": lambda data: f"password link asked for by {_who(data['account'])}",
    "password.link_refused": lambda data: f"password link of {_who(data['account'])} refused: {data['reason']}",
    "password.set": lambda data: f"password of {_who(data['account'])} set ({data['purpose']}), "
                                 f"{counted(data['sessions_ended'], 'session')} ended",
    "email_preference.changed": lambda data: f"{_who(data['account'])} opted "
                                             f"{'in to' if data['opted_in'] else 'out of'} "
                                             f"{data['email'].replace('_', ' ')}",
    "mail.sent": lambda data: f"mail to {data['to']}: {data['subject']}",
    "mail.relayed": lambda data: f"mail {data['mail']} sent on to {data['server']}",
    "mail.relay_failed": lambda data: f"mail {data['mail']} not taken by {data['server']}: {data['reason']}",
    "mailbox.emptied": lambda data: f"mailbox emptied: {counted(data['mails'], 'mail')} deleted",
    "endpoint.changed": lambda data: f"endpoint of {data['organisation']} is {data['base_url'] or 'none'}, "
                                     f"{'without authorization' if data['auth'] == 'none' else data['auth']}",
    "dispatch.planned": _planned,
    "dispatch.stop_asked": lambda data: f"{'emergency stop' if data['emergency'] else 'stop'} of dispatch "
                                        f"{data['dispatch']} asked for",
    "dispatch.moved": lambda data: f"dispatch {data['dispatch']} {data['before']} → {data['after']}: {data['because']}",
    "message.delivered": lambda data: f"{_message(data)} acknowledged at attempt {data['attempts']}",
    "message.waits": lambda data: f"{_message(data)} waits after attempt {data['attempts']}: {data['reason']} Next "
                                  f"attempt {_at(data['next_at'])}",
    "message.failed": lambda data: f"{_message(data)} given up after attempt {data['attempts']}: {data['reason']}",
    "message.superseded": lambda data: f"{_message(data)} not sent any more: message {data['by']} takes its place",
    "connection.moved": lambda data: f"SMP connection of {data['organisation']} {_plain(data['before'])} → "
                                     f"{_plain(data['after'])}",
    "connection.changed": lambda data: f"SMP connection of {data['organisation']} changed: "
                                       f"{', '.join(map(_plain, data['changed']))}",
    "flow.seen": lambda data: f"flow “{_plain(data['flow'])}” seen from {data['organisation']} for the first time",
    "smp_token.issued": lambda data: f"token {data['token_id']} of the SMP issued to {data['organisation']}, good "
                                     f"until {_at(data['expires_at'])}",
    "smp_token.refused": lambda data: f"authentication of {data['organisation'] or 'an unknown SMP user'} refused: "
                                      f"{data['reason']}",
    "signing_key.made": lambda data: f"the SMP signs with the new key {data['key']}"
                                     f"{' instead of ' + data['before'] if data['before'] else ''}",
    "signing_key.retired": lambda data: f"key {data['key']} retired: what it signed no longer verifies",
    "signature.refused": lambda data: f"signature of a request of {data['organisation']} refused: {data['reason']}",
    "batch.received": lambda data: f"batch {data['transaction']} of {data['organisation']} received: "
                                   f"{_plain(data['type'])}, {counted(data['items'], 'asset')}",
    "batch.moved": _batch_moved,
    "assets.created": _assets_created,
    "unit.created": lambda data: f"unit {data['unit']} “{data['name']}” of {data['organisation']} created by batch "
                                 f"{data['transaction']}, with {counted(data['assets'], 'asset')}",
    "batch.return_queued": lambda data: f"batch return of {data['transaction']} "
                                        + (f"goes to {data['sent_to']}" if data["sent_to"] else
                                           f"goes nowhere: {data['organisation']} has no callback URL"),
    "faults.changed": _faults_changed,
    "fault.applied": lambda data: f"fault {data['fault']} touched an exchange of {data['surface']}: {_fault(data)}",
    "clock.changed": lambda data: f"clock set to {_at(data['now'])}, {data['mode']}"
                                  f"{' × {:g}'.format(data['rate']) if data['mode'] == 'scaled' else ''}",
    "job": lambda data: f"job “{data['job'].replace('_', ' ')}” due {_at(data['due_at'])}: {data['outcome']}"
                        f"{', ' + data['error'] if data.get('error') else ''}",
    **month_words.LINES,
    "world.started": lambda data: f"world {data['reason']} from the fixture {data['fixture']}",
    "snapshot.taken": lambda data: f"snapshot “{data['name']}” taken",
    "snapshot.restored": lambda data: f"world went back to the snapshot “{data['name']}”",
}
