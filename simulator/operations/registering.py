"""Registering what a batch holds: judged by the rules, stored, and its result told; or refused with every error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.market.batches import BatchError, Transaction, TransactionType
from simulator.market.facts import Fact
from simulator.market.registration_facts import AssetsCreated, UnitCreated
from simulator.market.registration_of_assets import judge_assets
from simulator.market.registration_of_units import Registry, judge_unit
from simulator.market.registrations import RegisteredAsset
from simulator.market.unit_ids import unit_stem, unit_tail
from simulator.operations.ports import ReadBatch
from simulator.store import smp_assets, smp_units
from simulator.store.work import View, Work


@dataclass(frozen=True, slots=True)
class Registered:
    """What came of a batch: its result (None when nothing was created), its errors, and the fact of what is new."""

    result: dict[str, Any] | None
    errors: tuple[BatchError, ...]
    fact: Fact | None


def register(work: Work, transaction: Transaction, batch: ReadBatch, per_item: bool, unique_on_platform: bool
             ) -> Registered:
    """Store what a batch holds, or tell what is wrong with it.

    With `per_item` each good asset is stored, else all or none; a unit is created with all of its assets or not at all.
    Unit names are unique on the platform or, if not so, with the participant.
    """
    if transaction.type is TransactionType.ASSET_CREATE:
        return _register_assets(work, transaction, batch, per_item)
    return _register_unit(work, transaction, batch, unique_on_platform)


def _register_assets(work: Work, transaction: Transaction, batch: ReadBatch, per_item: bool) -> Registered:
    records, owner = batch.records, transaction.organisation_id
    references = dict.fromkeys(record["external_reference"] for record in records)
    errors = tuple(judge_assets(records, smp_assets.references_taken(work, owner, references), batch.pointer))
    bad = {error.index for error in errors}
    good = [record for index, record in enumerate(records) if index not in bad]
    if not good or (errors and not per_item):
        return Registered(None, errors, None)
    ids = smp_assets.add_assets(work, owner, good)
    result = {"assets": [{"external_reference": record["external_reference"], "asset_id": asset_id}
                         for record, asset_id in zip(good, ids, strict=True)]}
    return Registered(result, errors, AssetsCreated(transaction.id, owner, len(ids), ids[0], ids[-1]))


def _register_unit(work: Work, transaction: Transaction, batch: ReadBatch, unique_on_platform: bool) -> Registered:
    record, owner = batch.records[0], transaction.organisation_id
    registry = _registry(work, owner, record, unique_on_platform)
    errors = judge_unit(record, registry, batch.pointer)
    if errors:
        return Registered(None, tuple(errors), None)
    aligned = [registry.assets[name] for name in record["assets"]]
    unit_id = _new_unit_id(work, owner, record["unit_type"], aligned)
    smp_assets.align(work, [asset.number for asset in aligned], smp_units.add_unit(work, unit_id, owner, record))
    return Registered({"unit": {"unit_id": unit_id, "name": record["name"]}}, (),
                      UnitCreated(transaction.id, owner, unit_id, record["name"], len(aligned)))


def _registry(view: View, owner: str, record: dict[str, Any], unique_on_platform: bool) -> Registry:
    taken = smp_units.name_is_taken(view, record["name"], None if unique_on_platform else owner)
    names = dict.fromkeys(record["assets"])
    own = smp_assets.assets_named(view, owner, names)
    others = smp_assets.ids_of_others(view, owner, [name for name in names if name not in own])
    return Registry(taken, own, others)


def _new_unit_id(view: View, owner: str, unit_type: str, assets: list[RegisteredAsset]) -> str:
    stem = unit_stem(unit_type, owner, assets)
    return stem + unit_tail(unit_type, smp_units.count_with_stem(view, stem) + 1)
