"""Declarations of availability, and the columns in which a week's decisions are told (portal guide §3.2)."""

from __future__ import annotations

ACCEPTANCE_COLUMNS = (
    "week_commencing", "programme", "zone", "meterable_unit_id", "declaration_start", "declaration_end", "power_kw",
    "decision", "acceptance_start", "acceptance_end", "utilisation_bid_price", "utilisation_awarded_price",
)
"""Of the Acceptance CSV. The last four are documented; the others are assumed."""
