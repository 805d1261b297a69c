"""HTTP exchanges as the journal keeps them: what was asked, what was answered, how long it took, secrets masked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from simulator.secret_names import SECRET_NAME
from simulator.timekeeping.clock import stopwatch
from simulator.world import Work, World

KIND = "http.in"
MEANING = "A request that reached the simulator, and its answer."

MASK = "***"
_SECRET_IN_TEXT = re.compile(r"(token(?:=|%3D))[^&;/\s]+", re.I)
_SECRET_IN_JSON = re.compile(
    r'("[^"]*(?:token|secret|password|passwd|api[-_]?key)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"?', re.I)


def mask_values(values: Mapping[str, str]) -> dict[str, str]:
    """The same names, with the values of secret ones masked. An authorization keeps its scheme."""
    return {name: _masked(name, value) for name, value in values.items()}


def mask_body(body: bytes, characters: int) -> str:
    """The first `characters` of a body as text, with the values of secret JSON properties masked."""
    # One scan reaches a little further than what is kept, so that a secret cut in two is masked as well.
    text = body[:characters * 4 + 400].decode("utf-8", "replace")
    if not SECRET_NAME.search(text):
        return text[:characters]
    return _SECRET_IN_JSON.sub(rf'\1"{MASK}"', text)[:characters]


@lru_cache(1_000)
def _is_secret(name: str) -> bool:
    return SECRET_NAME.search(name) is not None


def _masked(name: str, value: str) -> str:
    if name.lower() == "referer":
        # The address of the page before; what its query says may be secret there.
        return value.partition("?")[0]
    # Headers and parameters can have any name; only short ones are worth remembering.
    if "token" in value:
        # A page's address inside another one's: where a visitor wanted to go, and is sent.
        value = _SECRET_IN_TEXT.sub(rf"\1{MASK}", value)
    if not (_is_secret(name) if len(name) < 30 else SECRET_NAME.search(name)):
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space and name.lower().endswith("authorization") else MASK


class Exchange:
    """One request to a world. Its journal entry is the cause of all that the request brings about.

    `entry_id` is the entry's id where it was reserved before, because something happened to the request already.
    """

    def __init__(self, world: World, surface: str, method: str, path: str, query: Mapping[str, str],
                 headers: Mapping[str, str], entry_id: int | None = None) -> None:
        self._reserved = entry_id
        self.entry_id = entry_id
        self._world = world
        self._saved = False
        self._finished = False
        self._began = stopwatch()
        self._data: dict[str, Any] = {
            "surface": surface, "method": method, "path": _SECRET_IN_TEXT.sub(rf"\1{MASK}", path),
            "query": mask_values(query),
            "request_headers": mask_values(headers),
        }

    def note(self, **details: Any) -> None:
        """Add details, such as the participant or the request's body."""
        self._data.update(details)

    @contextmanager
    def work(self) -> Iterator[Work]:
        """A write transaction caused by this exchange."""
        with self._world.work() as work:
            is_first = not self._saved
            entry_id = work.reserve_entry() if self.entry_id is None else self.entry_id
            self.entry_id = work.cause = entry_id
            try:
                yield work
                if is_first and not self._finished:
                    work.add_entry(entry_id, KIND, dict(self._data))
                self._saved = True
            except BaseException:
                if is_first:
                    self.entry_id = self._reserved
                    self._finished = False
                raise

    def finish(self, work: Work, status: int | None, answer_headers: Mapping[str, str], body: str | None) -> None:
        """Note the answer, as the last thing of a transaction of this exchange."""
        self._data |= {"status": status, "answer_headers": mask_values(answer_headers),
                       "ms": round((stopwatch() - self._began) * 1_000, 2)}
        if body is not None:
            self._data["answer_body"] = body
        if self._saved:
            work.complete_entry(self.entry_id, self._data)
        else:
            work.add_entry(self.entry_id, KIND, self._data)
        self._finished = True

    @property
    def finished(self) -> bool:
        """Whether the answer is noted."""
        return self._finished

    @property
    def request_id(self) -> str:
        """What the header X-Request-Id says: the id of the journal entry."""
        return "not-recorded" if self.entry_id is None else str(self.entry_id)
