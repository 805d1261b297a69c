"""The entries that no test of ours can prove, each with the reason; the gate of the tests accepts no others.

All are words of our contract that the simulator never sends, or only by chance: the contract has them because the
platform may.
"""

from __future__ import annotations

_SUBMITTED = "The simulator answers a submission with RECEIVED, always."
_RETURNED = "The simulator returns batches that have ended, so that no return says this."
_FOR_A_MOMENT = ("A batch is taken up at once: only a status call within that moment is answered so, and no test can "
                 "count on it.")

UNPROVEN = {
    "smp/Transaction/status=RECEIVED": _FOR_A_MOMENT,
    "smp/Submitted/status=PROCESSING": _SUBMITTED,
    "smp/Submitted/status=SUCCEEDED": _SUBMITTED,
    "smp/Submitted/status=FAILED": _SUBMITTED,
    "smp/sendBatchReturn/message/status=RECEIVED": _RETURNED,
    "smp/sendBatchReturn/message/status=PROCESSING": _RETURNED,
}
"""Entry id -> why."""

SEEN_BY_CHANCE = frozenset({"smp/Transaction/status=RECEIVED"})
"""Those that a test may happen to see; the others are never seen, or the reason is wrong."""
