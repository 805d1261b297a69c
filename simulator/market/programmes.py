"""The programmes of the market: their names, and what each implies under a policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from simulator.market.dispatches import PROGRAMMES

if TYPE_CHECKING:
    from simulator.market.policy import MarketPolicy

LEGACY_SOURCE = "The brand's older public pages"
"""Source of what is said of Secure, Dynamic and Restore."""


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme under a policy. `label` and `source` say how far its name can be trusted."""

    code: str
    name: str
    is_auction: bool
    is_scheduled: bool
    is_always_accepted: bool
    pays_availability: bool
    is_legacy: bool
    notice: timedelta
    label: str
    source: str

    @property
    def words(self) -> str:
        """What it implies, in one sentence for people."""
        traits = ["its acceptances become dispatches" if self.is_scheduled else "the control room dispatches it",
                  "every declaration is accepted" if self.is_always_accepted else
                  "bids compete by price" if self.is_auction else "declarations are decided without a bid"]
        if self.pays_availability:
            traits.append("accepted availability is paid")
        return f"{self.name}: {', '.join(traits)}."


def programme_of(code: str, policy: MarketPolicy) -> Programme:
    """The programme of that code. Raises KeyError for a code that does not exist."""
    legacy = code in ("Secure", "Dynamic", "Restore")
    return Programme(
        code, PROGRAMMES[code], code in policy.auction_programmes, code in policy.scheduled_programmes,
        code in policy.always_accepted_programmes, code in policy.availability_programmes, legacy,
        timedelta(minutes=policy.notice_minutes.get(code, 15)), "public",
        LEGACY_SOURCE if legacy else "The operator's public list of products")


def programmes_of(policy: MarketPolicy) -> list[Programme]:
    """All programmes, today's first."""
    return [programme_of(code, policy) for code in PROGRAMMES]
