"""How far the transfer of a large file is, shown to people: on standard error, if that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import click

_LEAST_BYTES = 500_000
_STEPS = 100


class Source(Protocol):
    """What bytes are read from."""

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...


class _Watched:
    """A source that tells a progress bar how much was read from it."""

    def __init__(self, source: Source, bar: Any) -> None:
        self._source = source
        self._bar = bar

    def read(self, size: int = -1, /) -> bytes:
        found = self._source.read(size)
        self._bar.update(len(found))
        return found


@contextmanager
def progress_shown(source: Source, length: int, label: str) -> Iterator[Source]:
    """The source, to read `length` bytes from; with a progress bar if that is much and a person is looking."""
    if length < _LEAST_BYTES or not sys.stderr.isatty():
        yield source
        return
    with click.progressbar(length=length, label=label, file=sys.stderr, show_pos=False,
                           update_min_steps=max(1, length // _STEPS)) as bar:
        yield _Watched(source, bar)
        bar.finish()
        bar.render_progress()
