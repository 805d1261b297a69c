"""Judging a whole run of the tests against the fidelity ledger, and choosing the proofs that are committed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from simulator.contracts import load_contract
from simulator.fidelity import LedgerEntry, ledger
from simulator.fidelity.proofs import PROOFS_FILE, read_file
from simulator.fidelity.unproven import SEEN_BY_CHANCE, UNPROVEN
from simulator.market.provenance import LABELS
from simulator.settings import Settings

MOST_PROOFS = 3
"""Tests that are named for an entry."""

_SLOW = 5.0


@dataclass(frozen=True)
class Result:
    """A test that passed: how long it took, the entries that it was seen to exercise, and those its markers name."""

    seconds: float
    seen: frozenset[str] = frozenset()
    marked: frozenset[str] = frozenset()


def own_entries() -> list[LedgerEntry]:
    """The ledger of the simulator's own contracts and settings."""
    return ledger({name: load_contract(name) for name in ("participant", "smp")}, Settings()).entries


def proofs_of(entry: str, passed: Mapping[str, Result], kept: list[str]) -> list[str]:
    """At most three tests that prove an entry: those whose marker names it, else those that were seen to exercise it.

    First come those that do not take long, and among these those that exercise the fewest entries: they are about this
    one. Of equals those stay that are committed already. Of the cases of one test there is one.
    """
    marked = [test for test, result in passed.items() if entry in result.marked]
    found = marked or [test for test, result in passed.items() if entry in result.seen]

    def rank(test: str) -> tuple[bool, int, bool, str]:
        result = passed[test]
        return result.seconds >= _SLOW, len(result.marked if marked else result.seen), test not in kept, test

    best: dict[str, str] = {}
    for test in sorted(found, key=rank):
        best.setdefault(test.partition("[")[0], test)
    return sorted(list(best.values())[:MOST_PROOFS])


def choose(passed: Mapping[str, Result], file: Path = PROOFS_FILE) -> int:
    """Write the proofs of all entries from a whole run; how many entries have some."""
    committed = read_file(file)
    proofs = {}
    for entry in own_entries():
        tests = proofs_of(entry.id, passed, committed.get(entry.id, {}).get("tests", []))
        if tests and not entry.unproven:
            proofs[entry.id] = {"digest": entry.digest, "tests": tests}
    file.write_bytes(orjson.dumps(proofs, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
    return len(proofs)


def judge(passed: Mapping[str, Result], entries: list[LedgerEntry] | None = None,
          committed: Mapping[str, Mapping[str, Any]] | None = None) -> list[str]:
    """What is wrong: entries without label, source or proof, and proofs that do not hold. Empty when all is well.

    `passed` are the tests of a whole run that passed. `committed` are proofs by entry, those of the file by default.
    """
    is_own = entries is None
    entries = own_entries() if entries is None else entries
    committed = read_file() if committed is None else committed
    known = {entry.id: entry for entry in entries}
    proven = {found for result in passed.values() for found in result.seen | result.marked}
    complaints = [] if entries else ["the ledger is empty"]
    complaints += [f"{entry.id}: no label" for entry in entries if entry.label not in LABELS]
    complaints += [f"{entry.id}: no source" for entry in entries if not entry.source.strip()]
    complaints += [f"{entry.id}: no test exercised it; write one, or name it with @pytest.mark.proves"
                   for entry in entries if entry.id not in proven and not entry.unproven]
    complaints += [f"{entry.id}: it is proven; take it out of unproven.py"
                   for entry in entries if entry.id in proven and entry.unproven and entry.id not in SEEN_BY_CHANCE]
    complaints += [f"{name}: unproven.py names it, the ledger does not" for name in sorted(UNPROVEN)
                   if is_own and name not in known]
    complaints += [f"{entry.id}: no committed proof; run make proofs" for entry in entries
                   if entry.id in proven and not entry.unproven and not committed.get(entry.id)]
    for name, kept in committed.items():
        if name not in known:
            complaints.append(f"{name}: proofs.json names it, the ledger does not; run make proofs")
            continue
        if kept["digest"] != known[name].digest:
            complaints.append(f"{name}: its words, value or label changed after its proofs were written; see whether "
                              "its tests still prove it, then run make proofs")
        complaints += [f"{name}: its proof {test} is not there or did not pass"
                       for test in kept["tests"] if test not in passed]
        # Of several proofs one may see the entry at one time and not at another, such as a state that soon passes.
        idle = [test for test in kept["tests"]
                if test in passed and name not in passed[test].seen | passed[test].marked]
        if len(idle) == len(kept["tests"]):
            complaints += [f"{name}: its proof {test} did not exercise it" for test in idle]
    marked = {found for result in passed.values() for found in result.marked}
    complaints += [f"{name}: a marker names it, the ledger does not" for name in sorted(marked - known.keys())]
    return complaints
