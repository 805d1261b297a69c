"""MPANs: the check digit of the 13 digits, and the GSP Group that a distributor's MPANs lie in (domain: public)."""

from __future__ import annotations

from operator import mul

from simulator.market.provenance import SMP, Rule

RULES = (
    Rule("mpans.check_digit",
         "The 13th digit of an MPAN follows from the other twelve.",
         "public", "The industry's rule for MPANs.", SMP),
    Rule("mpans.gsp_group",
         "The distributor ids 10 to 23 fix the GSP Group; higher ones fix none.",
         "public", "Elexon's list of distributors.", SMP),
)

MPAN_DIGITS = 13
_WEIGHTS = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)

GSP_GROUP_OF_DISTRIBUTOR = {
    "10": "_A", "11": "_B", "12": "_C", "13": "_D", "14": "_E", "15": "_F", "16": "_G", "17": "_P", "18": "_N",
    "19": "_J", "20": "_H", "21": "_K", "22": "_L", "23": "_M",
}
"""Distributor id, the first two digits of an MPAN -> its GSP Group. Ids from 24 are independent networks, which may lie
in any group.
"""


def check_digit(core: str) -> int:
    """The last digit of an MPAN from the twelve digits before it: 8 for `180002167984`."""
    return sum(map(mul, map(int, core), _WEIGHTS)) % 11 % 10


def mpan_problem(mpan: str) -> str | None:
    """What is wrong with an MPAN by itself and what would be right, in a sentence; None when it is sound."""
    if not (mpan.isascii() and mpan.isdigit() and len(mpan) == MPAN_DIGITS):
        return f"{mpan[:40]!r} is no MPAN: it has {MPAN_DIGITS} digits, and nothing else."
    right = check_digit(mpan[:-1])
    if int(mpan[-1]) == right:
        return None
    return f"The check digit of {mpan} is {mpan[-1]}, should be {right}. One of its digits is mistyped."


def gsp_group_of(mpan: str) -> str | None:
    """The GSP Group that an MPAN's distributor fixes; None for independent networks."""
    return GSP_GROUP_OF_DISTRIBUTOR.get(mpan[:2])
