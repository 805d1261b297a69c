"""Ids of units on the SMP, styled after public examples: `AG-GEDF02` (aggregated), `ARBRB-1` behind a prefix (BMU).

The prefixes T_, E_ and V_ and the two examples are public; that the letters are those of the participant, and the ids
of other units, are assumed.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.market.provenance import SMP, Rule
from simulator.market.registrations import RegisteredAsset

RULES = (
    Rule("units.ids",
         "Ids of aggregated units look like AG-GEDF02, those of BMUs like ARBRB-1 behind a prefix.",
         "public", "Published lists of units. That the letters are the participant's is ours.", SMP),
)

_LETTERS = 4


def unit_stem(unit_type: str, organisation_id: str, assets: Sequence[RegisteredAsset]) -> str:
    """How the id of a unit begins: `AG-BRIN`, `T_BRIN-`. It ends with a number, see `unit_tail`.

    A BMU all of whose assets are connected to the transmission network is a T_, any other an E_; a Secondary BMU
    carries the letter of its GSP Group.
    """
    letters = "".join(letter for letter in organisation_id.upper() if "A" <= letter <= "Z")
    letters = letters[:_LETTERS].ljust(_LETTERS, "X")
    if unit_type == "bmu":
        on_transmission = all(asset.details.get("connection_type") == "transmission" for asset in assets)
        return f"{'T' if on_transmission else 'E'}_{letters}-"
    if unit_type == "secondary_bmu":
        return f"V__{assets[0].gsp_group_id.strip('_')}{letters}"
    return f"{'AG' if unit_type == 'aggregated' else 'NB'}-{letters}"


def unit_tail(unit_type: str, number: int) -> str:
    """How the id of the `number`th unit with the same stem ends."""
    return {"bmu": f"{number}", "secondary_bmu": f"{number:03}"}.get(unit_type, f"{number:02}")
