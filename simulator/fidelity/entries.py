"""What the fidelity ledger holds: one entry for each thing whose truth a user may want to know about."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from simulator.market.provenance import BOTH, LABELS, PORTAL, SMP

KINDS = ("route", "parameter", "field", "enum word", "answer", "header", "rule", "number", "email", "page")
"""What an entry can be, in the order in which they are shown."""

PLATFORMS = (PORTAL, SMP)
"""What an entry can be about; some are about both."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One entry. `id` is stable and for programs; `name` is for people.

    `label` is one of the four, or empty where a contract of the user's own gives none. `proofs` are the node ids of
    tests that exercised it and passed, at most a few; `unproven` says why there can be none. `where` is the place it
    comes from: a JSON Pointer into a contract, a setting, or a rule of the market. `platform` is portal, smp or both.
    `essence` is what else makes it what it is: JSON values.
    """

    id: str
    kind: str
    name: str
    label: str
    source: str
    proofs: tuple[str, ...] = ()
    where: str = ""
    platform: str = BOTH
    unproven: str = ""
    essence: Any = field(default=None, compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """What is told of it to programs."""
        return {"id": self.id, "kind": self.kind, "name": self.name, "label": self.label, "source": self.source,
                "proofs": list(self.proofs), "where": self.where, "platform": self.platform, "unproven": self.unproven}

    @property
    def digest(self) -> str:
        """Another one when its words, its value or its label are others: a test of the old entry proves little then."""
        said = orjson.dumps([self.kind, self.name, self.label, self.essence], default=str,
                            option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
        return hashlib.sha256(said).hexdigest()[:12]


@dataclass(frozen=True)
class Ledger:
    """All entries, by platform and in the order of their contracts."""

    entries: list[LedgerEntry] = field(default_factory=list)

    def select(self, label: str = "", kind: str = "", platform: str = "", q: str = "") -> list[LedgerEntry]:
        """The entries with that label, kind and platform, in whose id, name, source or place every word of `q` stands.

        The empty text means all. What is about both platforms is about each of them.
        """
        words = q.lower().split()
        return [entry for entry in self.entries
                if (not label or entry.label == label) and (not kind or entry.kind == kind)
                and (not platform or entry.platform in (platform, BOTH)) and _has(entry, words)]


def summary_of(entries: Iterable[LedgerEntry]) -> dict[str, object]:
    """`{"entries", "proven", "unlabelled", "labels": {label: count}, "kinds": {kind: count}}` of some entries."""
    entries = list(entries)
    labels = Counter(entry.label for entry in entries)
    kinds = Counter(entry.kind for entry in entries)
    return {"entries": len(entries), "proven": sum(bool(entry.proofs) for entry in entries),
            "unlabelled": sum(count for label, count in labels.items() if label not in LABELS),
            "labels": {label: labels[label] for label in LABELS}, "kinds": {kind: kinds[kind] for kind in KINDS}}


def _has(entry: LedgerEntry, words: list[str]) -> bool:
    if not words:
        return True
    text = f"{entry.id} {entry.name} {entry.source} {entry.where}".lower()
    return all(word in text for word in words)
