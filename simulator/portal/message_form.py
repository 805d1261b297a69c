"""The form of Dispatch V2 Testing (portal guide §3.1): what is typed, judged by our rules and by the contract's."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, StringField

from simulator.contracts import CannotWrite, OutboundMessage
from simulator.market.quantities import LARGEST_KW, MILLIWATTS_PER_KW, kw_text
from simulator.outbound.dispatch_writer import canonical_values
from simulator.settings import FIRST_YEAR, LAST_YEAR
from simulator.timekeeping.london import from_london, to_london

LONGEST_ID = 100
_MOST_UNITS = 1_000
_KW = re.compile(r"[+-]?([0-9]{1,12})(\.([0-9]*))?", re.ASCII)
_HALF_HOUR = timedelta(minutes=30)

_SAMPLE: dict[str, Any] = {
    "dispatch_id": "1001", "instruction": "start", "start_time": "2026-11-02T16:00:00+00:00",
    "end_time": "2026-11-02T18:00:00+00:00", "power_milliwatts": 1_000 * MILLIWATTS_PER_KW,
    "meterable_unit_ids": ["1001", "1002"]}
"""A message that any usable contract can say; one field of it is replaced to find what is wrong with that field."""

_CONTENT = {"power_change_kw": "power_milliwatts"}
_FIELDS = {"direction": "power_change_kw"}


class _Wrong(Exception):
    """What was typed cannot be used; the text says why, and how to mend it."""

    def __init__(self, *messages: str) -> None:
        super().__init__(*messages)
        self.messages = messages


def _typed(text: str | None) -> str:
    return (text or "").strip()


class MessageForm(FlaskForm):
    """A test message; fields have the simulator's own names."""

    dispatch_id = StringField("Dispatch ID", filters=[_typed])
    instruction = SelectField("Instruction", validate_choice=False, choices=[])
    start_time = StringField("Start", filters=[_typed])
    end_time = StringField("End", filters=[_typed])
    power_change_kw = StringField("Power change", filters=[_typed])
    meterable_unit_ids = StringField("MU IDs", filters=[_typed])


def form_for(message: OutboundMessage, now: datetime, content: dict[str, Any] | None = None) -> MessageForm:
    """The form with the contract's words: as it was sent, filled in with `content`, or with times to begin with."""
    if content is None:
        half_hours = (now - datetime(1970, 1, 1, tzinfo=UTC)) // _HALF_HOUR + 1
        start = datetime(1970, 1, 1, tzinfo=UTC) + half_hours * _HALF_HOUR
        given = {"start_time": _local(start), "end_time": _local(start + 2 * _HALF_HOUR)}
    else:
        given = {"dispatch_id": content["dispatch_id"], "instruction": content["instruction"],
                 "start_time": _local(datetime.fromisoformat(content["start_time"])),
                 "end_time": _local(datetime.fromisoformat(content["end_time"])),
                 "power_change_kw": kw_text(content["power_milliwatts"]),
                 "meterable_unit_ids": ", ".join(content["meterable_unit_ids"])}
    form = MessageForm(**given)
    form.instruction.choices = [SelectChoice(word.name, word.wire) for word in message.words_of("instruction")]
    return form


def _local(instant: datetime) -> str:
    return to_london(instant).strftime("%Y-%m-%dT%H:%M")


def read_form(form: MessageForm, message: OutboundMessage, own_units: Collection[str]) -> dict[str, Any] | None:
    """What the message says, in our own names; None when something is wrong, which is then told at each field."""
    words = {word.name for word in message.words_of("instruction")}
    readers: dict[str, Callable[[str], Any]] = {
        "dispatch_id": _read_id,
        "instruction": lambda text: text if text in words else _refuse("Choose an instruction."),
        "start_time": lambda text: _read_time(text, "start"),
        "end_time": lambda text: _read_time(text, "end"),
        "power_change_kw": _read_power,
        "meterable_unit_ids": lambda text: _read_units(text, own_units)}
    content: dict[str, Any] = {}
    for name, read in readers.items():
        try:
            value = read(form[name].data or "")
            _judge_alone(message, name, value)
            content[_CONTENT.get(name, name)] = value
        except _Wrong as wrong:
            form[name].errors = list(wrong.messages)
    if {"start_time", "end_time"} <= content.keys() and content["end_time"] <= content["start_time"]:
        form.end_time.errors = ["The end must be later than the start."]
    if not any(field.errors for field in form):
        _judge_whole(form, message, content)
    return None if form.errors or form.form_errors else content


def _refuse(message: str) -> Any:
    raise _Wrong(message)


def _read_id(text: str) -> str:
    if not text:
        raise _Wrong("Enter a Dispatch ID, such as TEST-1.")
    if not text.isprintable():
        raise _Wrong("Take out the characters that cannot be seen.")
    if len(text) > LONGEST_ID:
        raise _Wrong(f"A Dispatch ID has at most {LONGEST_ID} characters here; this one has {len(text):,}.")
    return text


def _read_time(text: str, which: str) -> str:
    """A London wall-clock time as RFC 3339, UTC."""
    if not text:
        raise _Wrong(f"Enter the {which} time.")
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        local = None
    if local is None or local.tzinfo is not None or len(text) < len("2026-11-02T16:00"):
        raise _Wrong("Enter a date and a time, such as 2026-11-02T16:00, without an offset: it is London time.")
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise _Wrong(f"Enter a year from {FIRST_YEAR} to {LAST_YEAR}.")
    instant = from_london(local.date(), local.time())
    if to_london(instant).replace(tzinfo=None) != local:
        raise _Wrong(f"There is no {local:%H:%M} on that day in London: the clocks go forward past it.")
    return instant.isoformat()


def _read_power(text: str) -> int:
    """kW as whole milliwatts."""
    plain = text.replace("\N{MINUS SIGN}", "-")
    if not plain:
        raise _Wrong("Enter the power change in kW, such as 150 or -12.5.")
    match = _KW.fullmatch(plain)
    if match is None:
        raise _Wrong("Enter a number of kW without a unit, such as 150 or -12.5.")
    if len((match[3] or "").rstrip("0")) > 6:
        raise _Wrong("At most six decimals of a kW.")
    kw = Decimal(plain)
    if abs(kw) > LARGEST_KW:
        raise _Wrong(f"The power change is up to {LARGEST_KW:,} kW either way.")
    return int(kw * MILLIWATTS_PER_KW)


def _read_units(text: str, own_units: Collection[str]) -> list[str]:
    named = [part.strip() for part in text.split(",") if part.strip()]
    if not named:
        raise _Wrong("Enter at least one ID of your Meterable Units.")
    if len(named) > _MOST_UNITS:
        raise _Wrong(f"At most {_MOST_UNITS:,} IDs.")
    once = list(dict.fromkeys(named))
    wrong = [f"{name[:80]} is not one of your Meterable Units." for name in once if name not in own_units]
    wrong += [f"{name[:80]} is named {named.count(name)} times." for name in once if named.count(name) > 1]
    if wrong:
        raise _Wrong(*wrong)
    return named


def _judge_alone(message: OutboundMessage, name: str, value: Any) -> None:
    """The contract's rules for one field, whatever the others say."""
    values = canonical_values({**_SAMPLE, _CONTENT.get(name, name): value})
    try:
        faults = message.find_faults(values)
        # A header, for one, can carry less than the schema allows.
        message.write(values)
    except CannotWrite as error:
        raise _Wrong(error.reason) from None
    messages = [fault.message for fault in faults if fault.field and _FIELDS.get(fault.field, fault.field) == name]
    if messages:
        raise _Wrong(*dict.fromkeys(messages))


def _judge_whole(form: MessageForm, message: OutboundMessage, content: dict[str, Any]) -> None:
    """The contract's rules for the message as a whole."""
    try:
        faults = message.find_faults(canonical_values(content))
        message.write(canonical_values(content))
    except CannotWrite as error:
        form.form_errors.append(error.reason)
        return
    for fault in faults:
        name = _FIELDS.get(fault.field or "", fault.field)
        errors = form[name].errors if name in form else form.form_errors
        if fault.message not in errors:
            if name in form:
                form[name].errors = [*errors, fault.message]
            else:
                form.form_errors.append(fault.message)
