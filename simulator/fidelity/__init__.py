"""The fidelity ledger: every route, field, word, number, rule, e-mail and page with its label, source and proofs.

It is built, never written by hand: from the contracts in force, the market's rules and numbers, the settings, the
letters and the menu; the proofs are those tests of the simulator's own that exercised an entry and passed. Parts of a
contract are exercised where they are seen in a message; all else where the test's author says so, by a marker.
"""

from simulator.fidelity.building import KeptLedger, ledger
from simulator.fidelity.entries import KINDS, Ledger, LedgerEntry

__all__ = ["KINDS", "KeptLedger", "Ledger", "LedgerEntry", "ledger"]
