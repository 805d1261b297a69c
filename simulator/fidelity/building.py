"""Building the ledger from everything that carries a label."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from simulator.contracts import Contract, load_contract
from simulator.fidelity.contract_parts import ContractParts
from simulator.fidelity.entries import Ledger, LedgerEntry
from simulator.fidelity.market_entries import market_entries
from simulator.fidelity.proofs import read_proofs
from simulator.fidelity.setting_entries import differs, setting_entries
from simulator.fidelity.unproven import UNPROVEN
from simulator.market.provenance import BOTH, PORTAL, SMP
from simulator.settings import Settings

_PLATFORMS = {"participant": PORTAL, "smp": SMP}


def ledger(contracts: Mapping[str, Contract], settings: Settings) -> Ledger:
    """The ledger of the contracts in force, by platform, and of these settings.

    An entry that is not the simulator's own (another form of a field, another number) has no proofs: the tests were
    made with ours.
    """
    proofs = read_proofs()
    entries = [entry for platform, contract in contracts.items()
               for entry in _contract_entries(platform, contract, settings, proofs)]
    for entry in (*market_entries(settings), *setting_entries(settings)):
        found = () if differs(entry.id, settings) else proofs.get(entry.id, ())
        entries.append(dataclasses.replace(entry, proofs=found))
    return Ledger(entries)


class KeptLedger:
    """The ledger of one server, for those who are asked for it again and again: built when it is first needed."""

    def __init__(self, contracts: Mapping[str, Contract]) -> None:
        self._contracts = contracts
        self._kept: tuple[Settings, Ledger] | None = None

    def of(self, settings: Settings) -> Ledger:
        """The ledger of the contracts and these settings."""
        kept = self._kept
        if kept is None or kept[0] is not settings:
            # Two who come at the same moment both build it: they find the same.
            self._kept = kept = settings, ledger(self._contracts, settings)
        return kept[1]


def _contract_entries(platform: str, contract: Contract, settings: Settings,
                      proofs: Mapping[str, tuple[str, ...]]) -> Iterator[LedgerEntry]:
    ours = _own_essences(platform) if platform in settings.contracts else None
    for part in ContractParts(platform, contract.document).parts.values():
        is_ours = ours is None or (part.id in ours and ours[part.id] == part.essence)
        yield LedgerEntry(part.id, part.kind, part.name, part.label, part.source,
                          proofs.get(part.id, ()) if is_ours else (),
                          f"{platform} contract, {part.pointer}", _PLATFORMS.get(platform, BOTH),
                          UNPROVEN.get(part.id, "") if is_ours else "", part.essence)


@cache
def _own_essences(platform: str) -> dict[str, Any]:
    """What makes each part of the simulator's own contract what it is, by id; loaded where a user's replaces it."""
    own = ContractParts(platform, load_contract(platform).document)
    return {part.id: part.essence for part in own.parts.values()}
