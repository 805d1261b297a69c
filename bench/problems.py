"""What can go wrong in a benchmark, and the lines that tell what runs now."""

from __future__ import annotations

import sys
import time

_began = time.monotonic()


class BenchProblem(Exception):
    """The benchmark cannot go on as asked; the text says why and what to do."""


class PeerSkipped(BenchProblem):
    """A peer cannot be measured on this machine, for instance without Java. Not a failure."""


class InvalidMeasurement(BenchProblem):
    """A figure was taken that means nothing, for instance one full of error answers."""


def tell(text: str) -> None:
    """Write one line of progress to standard error, with the seconds since the benchmark began."""
    print(f"[{time.monotonic() - _began:6.1f} s] {text}", file=sys.stderr, flush=True)
