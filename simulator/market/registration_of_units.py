"""The rules for a unit that a batch is to create, and for the assets that are to be aligned to it.

Codes: wire format, assumed. That a Secondary BMU lies in one GSP Group: public. Which units a service is open to:
assumed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.market.batches import BatchError
from simulator.market.provenance import SMP, Rule
from simulator.market.registered_texts import text_findings
from simulator.market.registration_of_assets import PointerOf, date_findings
from simulator.market.registrations import RegisteredAsset

RULES = (
    Rule("units.secondary_bmu",
         "The assets of a Secondary BMU lie in one GSP Group.",
         "public", "Published rules of the Balancing Mechanism.", SMP),
    Rule("units.balancing_reserve",
         "Balancing Reserve is for BMUs and Secondary BMUs only; the other services are open to all.",
         "assumed", "Balancing Reserve is bought from units of the Balancing Mechanism; that it is checked "
         "is ours.", SMP),
)

UNIT_TYPES = {"bmu": "BMU", "secondary_bmu": "Secondary BMU", "non_bmu": "non-BMU", "aggregated": "aggregated"}
"""Canonical unit type -> what people call it."""

OFFERED_TO = {"balancing_reserve": ("bmu", "secondary_bmu")}
"""Service -> the only unit types that may offer it; every other service is open to all. Assumed: Balancing Reserve is
bought from units of the Balancing Mechanism.
"""


@dataclass(frozen=True, slots=True)
class Registry:
    """What the judging of a unit has to know of what is registered.

    `name_taken`: a unit of this name is there. `assets` are the participant's own assets that the unit names, by the
    text it names them with; `not_yours` those of the other texts that are the id of another participant's asset.
    """

    name_taken: bool
    assets: Mapping[str, RegisteredAsset]
    not_yours: frozenset[str]


def judge_unit(record: Mapping[str, Any], registry: Registry, pointer: PointerOf) -> list[BatchError]:
    """Everything wrong with a unit: first the unit itself, by field, then its assets in their order.

    `record` maps canonical names to what the contract read.
    """
    findings = [*_name_findings(record, registry.name_taken), *text_findings(record), *_service_findings(record),
                *date_findings(record), *_group_findings(record, registry.assets)]
    errors = [BatchError(None, _place(pointer, field), code, message) for field, code, message in findings]
    errors += [BatchError(index, f"{pointer(0, 'assets')}/{index}", code, message)
               for index, code, message in _asset_findings(record, registry)]
    return errors


def _place(pointer: PointerOf, field: str) -> str:
    """Where a field stood, or an item of one: `services/1`."""
    name, slash, item = field.partition("/")
    return f"{pointer(0, name)}{slash}{item}"


def _name_findings(record: Mapping[str, Any], taken: bool) -> Iterator[tuple[str, str, str]]:
    if taken:
        yield "name", "duplicate_unit_name", f"There is a unit named {record['name']!r} already. Choose another name."


def _service_findings(record: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    unit_type = record["unit_type"]
    for place, service in enumerate(record["services"]):
        open_to = OFFERED_TO.get(service)
        if open_to is not None and unit_type not in open_to:
            kinds = " or ".join(UNIT_TYPES[kind] for kind in open_to)
            yield (f"services/{place}", "service_not_offered",
                   f"{service.replace('_', ' ').title()} is offered by a {kinds} only, and this unit is of the type "
                   f"{UNIT_TYPES.get(unit_type, unit_type)}. Leave the service out, or register the unit as one of "
                   "those.")


def _group_findings(record: Mapping[str, Any], assets: Mapping[str, RegisteredAsset]) -> Iterator[tuple[str, str, str]]:
    if record["unit_type"] != "secondary_bmu":
        return
    groups = Counter(asset.gsp_group_id for asset in {asset.id: asset for asset in assets.values()}.values())
    if len(groups) > 1:
        told = ", ".join(f"{group} ({count})" for group, count in sorted(groups.items()))
        yield ("assets", "mixed_gsp_groups",
               f"The assets of a Secondary BMU lie in one GSP Group; these lie in {told}. Make a unit for each group.")


def _asset_findings(record: Mapping[str, Any], registry: Registry) -> Iterator[tuple[int, str, str]]:
    first: dict[str, int] = {}
    for index, named in enumerate(record["assets"]):
        asset = registry.assets.get(named)
        earlier = first.setdefault(named if asset is None else asset.id, index)
        if asset is None and named in registry.not_yours:
            yield index, "asset_not_yours", f"{named} is another participant's asset. Name assets of your own."
        elif asset is None:
            yield (index, "unknown_asset", f"You have no asset with the id or the reference {named[:64]!r}. Create it "
                   "first, or correct the name.")
        elif asset.unit_id is not None:
            yield (index, "asset_already_aligned", f"{_named(asset, named)} is aligned to the unit {asset.unit_id}. An "
                   "asset belongs to one unit: leave it out here.")
        if earlier != index:
            yield (index, "duplicate_in_batch", f"{named[:64]} stands in this unit already, at asset {earlier} "
                   "(counted from 0). Name each asset once.")


def _named(asset: RegisteredAsset, named: str) -> str:
    return asset.id if named == asset.id else f"{asset.id} ({named})"
