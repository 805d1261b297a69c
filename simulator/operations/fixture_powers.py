"""Powers as fixtures write them: kW one after the other, `-20 -18.5 0*30 -`.

`0*30` is thirty times 0, and `-` a period without a reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby

from simulator.market.quantities import LARGEST_MILLIWATTS, MILLIWATTS_PER_KW

MOST_POWERS = 5_000_000
"""How many powers one fixture may have."""

_LONGEST_WORD = 32
_MISSING = "-"
_RUN = 4
_POWER = re.compile(r"(?P<kw>-?[0-9]{1,9}(\.(?P<decimals>[0-9]{1,6}))?|-)(\*(?P<times>[1-9][0-9]{0,6}))?\Z")


def powers_text(milliwatts: Iterable[int | None]) -> str:
    """Powers as text; four equal ones and more are written once."""
    words: list[str] = []
    for power, run in groupby(milliwatts):
        word = _MISSING if power is None else _word(power)
        times = sum(1 for _ in run)
        words += [f"{word}*{times}"] if times >= _RUN else [word] * times
    return " ".join(words)


def read_powers(text: str | float, may_miss: bool = False) -> list[int | None]:
    """Powers in milliwatts from text, or a single number. Raises ValueError in plain words."""
    found: list[int | None] = []
    for word in str(text).split():
        power, times = _read_word(word)
        if power is None and not may_miss:
            raise _no_power(word)
        found += [power] * times
        if len(found) > MOST_POWERS:
            raise ValueError(f"there are more than {MOST_POWERS:,} powers")
    return found


def count_powers(text: str | float, may_miss: bool = False) -> int:
    """How many powers `read_powers` finds, without making a list of them. Raises ValueError in plain words."""
    count = 0
    for word in str(text).split():
        power, times = _read_word(word)
        if power is None and not may_miss:
            raise _no_power(word)
        count += times
        if count > MOST_POWERS:
            raise ValueError(f"there are more than {MOST_POWERS:,} powers")
    return count


def weigh_powers(text: str | float) -> int:
    """How many powers a text stands for, or would if what is wrong in it were mended; at least what its length costs.

    Counts no further than it takes to know that they are more than a fixture may have.
    """
    said = str(text)
    count = len(said) // _LONGEST_WORD
    if count <= MOST_POWERS:
        counted = 0
        for word in said.split():
            match = _POWER.match(word)
            counted += 1 if match is None else int(match["times"] or 1)
            if counted > MOST_POWERS:
                break
        count = max(count, counted)
    return count


def runs_of(ends: Sequence[tuple[int, int]], step: int) -> list[tuple[int, list[int]]]:
    """Readings (period end in epoch seconds, milliwatts), by end, as runs without a gap: start of the first, powers."""
    runs: list[tuple[int, list[int]]] = []
    expected = None
    for end, milliwatts in ends:
        if end != expected:
            runs.append((end - step, []))
        runs[-1][1].append(milliwatts)
        expected = end + step
    return runs


def _word(milliwatts: int) -> str:
    """kW, as `kw_text` gives it, for a million of them."""
    whole, rest = divmod(abs(milliwatts), MILLIWATTS_PER_KW)
    sign = "-" if milliwatts < 0 else ""
    return f"{sign}{whole}.{rest:06}".rstrip("0") if rest else f"{sign}{whole}"


@lru_cache(10_000)
def _read_word(word: str) -> tuple[int | None, int]:
    """A power, None for none, and how many times it stands there. Raises ValueError."""
    match = _POWER.match(word)
    if match is None:
        raise _no_power(word)
    power = None if match["kw"] == _MISSING else _milliwatts(match["kw"], match["decimals"])
    if power is not None and abs(power) > LARGEST_MILLIWATTS:
        raise ValueError(f"{word[:40]!r} is more than any unit has")
    return power, int(match["times"] or 1)


def _no_power(word: str) -> ValueError:
    return ValueError(f"{word[:40]!r} is not a power in kW: write -20, 18.5 or 0*30, with at most six decimals")


def _milliwatts(text: str, decimals: str | None) -> int:
    whole = text.partition(".")[0]
    size = abs(int(whole)) * MILLIWATTS_PER_KW + int((decimals or "").ljust(6, "0"))
    return -size if text.startswith("-") else size
