"""What goes in and out of an operation: requests, answers, and a message that has been read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from .problems import FieldProblem


@dataclass(frozen=True)
class WireRequest:
    """A request as it stands on the wire.

    `path_params` are the values of the template's braces, decoded. `media_type` is the Content-Type header and may
    carry parameters. `path` is filled by `BoundOperation.write` (expanded and percent-encoded); `read` ignores it.
    """

    method: str
    path_params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = ""
    body: bytes = b""
    path: str = ""

    @property
    def target(self) -> str:
        """The path with the query, as it stands in a request line."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def header(self, name: str) -> str | None:
        """Value of the header, whatever its letter case, or None."""
        value = self.headers.get(name)
        if value is None:
            wanted = name.lower()
            for key, candidate in self.headers.items():
                if key.lower() == wanted:
                    return candidate
        return value


@dataclass(frozen=True)
class WireAnswer:
    """An answer ready to send. `media_type` is empty when there is no body. `signature_header` is where the contract
    wants a signature of the body, if it says so; it is not among the `headers` until somebody has signed.
    """

    status: int
    media_type: str
    headers: dict[str, str]
    body: bytes
    signature_header: str | None = None


@dataclass(frozen=True)
class RecordPlaces:
    """Where one record and each of its fields stand in what was sent, as pointers.

    `items` has the fields that are lists: what a pointer to one of their values has after its index.
    """

    record: str
    fields: Mapping[str, str]
    items: Mapping[str, str]


@dataclass(frozen=True)
class Message:
    """A request read through the contract.

    `records` map canonical names to canonical values: text as str, times as aware UTC datetimes, power in kW and
    energy in kWh with generation positive. A field that was sent but is unusable holds `Given.BROKEN`. `problems`
    are all shape errors; with any problem nothing of the message may be stored.
    """

    records: list[dict[str, Any]]
    problems: list[FieldProblem]
    _find_places: Callable[[], list[RecordPlaces]] = field(repr=False, compare=False)

    @cached_property
    def _places(self) -> list[RecordPlaces]:
        # Only a refused message asks where its fields stood, so the accepted ones never pay for knowing it.
        return self._find_places()

    def pointer(self, index: int, field: str) -> str:
        """Where record `index`'s canonical `field` stands; the record itself when the field was not sent.

        A JSON Pointer for the body ("/3/timestamp"), otherwise "query kw", "header X-Unit" or "path unit". "assets/3"
        is the fourth value of the list `assets`, or the list where its values have no pointers of their own.
        Raises IndexError for a record that does not exist.
        """
        places = self._places[index]
        name, _, item = field.partition("/")
        pointer = places.fields.get(name, places.record)
        return f"{pointer}/{item}{places.items[name]}" if item and name in places.items else pointer
