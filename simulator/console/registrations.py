"""The SMP's pages: connections, transactions, and the assets and units that are registered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template, request

from simulator.console.connection import STEP_WORDS
from simulator.market.batches import TransactionStatus, TransactionType
from simulator.market.connections import Flow
from simulator.operations import batches, connections
from simulator.operations.participants import names_of
from simulator.paging import asked_page
from simulator.web import current_world

PAGE_LENGTH = 50

TYPE_WORDS = {TransactionType.ASSET_CREATE: "Manage Asset, Create", TransactionType.UNIT_CREATE: "Manage Unit, Create"}
STATUS_CLASSES = {
    TransactionStatus.RECEIVED: "state-waiting", TransactionStatus.PROCESSING: "state-waiting",
    TransactionStatus.SUCCEEDED: "state-good", TransactionStatus.FAILED: "state-bad"}


_FIELD_WORDS = {
    "mpan": "MPAN", "export_mpan": "Export MPAN", "gsp_group_id": "GSP Group", "max_import_kw": "Max import, kW",
    "max_export_kw": "Max export, kW", "energy_capacity_kwh": "Energy capacity, kWh",
    "connection_voltage_kv": "Connection voltage, kV"}


def add_routes(blueprint: Blueprint) -> None:
    """Look at the SMP."""
    blueprint.add_url_rule("/smp", "smp_page", smp_page)
    blueprint.add_url_rule("/smp/assets", "assets_page", assets_page)
    blueprint.add_url_rule("/smp/units", "units_page", units_page)


def smp_page() -> Any:
    """Connections and transactions, the newest first."""
    with current_world.view() as view:
        names = names_of(view)
        wanted = _wanted_participant(names)
        page = asked_page(batches.count_transactions(view, wanted), PAGE_LENGTH)
        found = batches.transactions(view, wanted, limit=PAGE_LENGTH, offset=page.offset)
        all_connections = connections.all_connections(view)
        flows = {each.organisation_id: len(connections.flows_seen(view, each.organisation_id))
                 for each in all_connections}
        counts = {"assets": batches.count_assets(view), "units": batches.count_units(view)}
    return render_template(
        "console/smp.html", names=names, page=page, participant=wanted, transactions=found,
        connections=all_connections, flows=flows, all_flows=len(Flow), counts=counts, step_words=STEP_WORDS,
        type_words=TYPE_WORDS, status_classes=STATUS_CLASSES)


def assets_page() -> Any:
    """Registered assets, the oldest first; of a participant, or of a unit, if one is asked for."""
    unit_id = request.args.get("unit") or None
    with current_world.view() as view:
        names = names_of(view)
        wanted = _wanted_participant(names)
        page = asked_page(batches.count_assets(view, wanted, unit_id), PAGE_LENGTH)
        found = batches.assets_of(view, wanted, unit_id, limit=PAGE_LENGTH, offset=page.offset)
    return render_template("console/smp_assets.html", names=names, page=page, participant=wanted, assets=found,
                           unit_id=unit_id, plain=plain_details)


def units_page() -> Any:
    """Registered units, the oldest first; of a participant if one is asked for."""
    with current_world.view() as view:
        names = names_of(view)
        wanted = _wanted_participant(names)
        page = asked_page(batches.count_units(view, wanted), PAGE_LENGTH)
        found = batches.units_of(view, wanted, limit=PAGE_LENGTH, offset=page.offset)
    return render_template("console/smp_units.html", names=names, page=page, participant=wanted, units=found,
                           plain=plain_details)


def _wanted_participant(names: Mapping[str, str]) -> str | None:
    wanted = request.args.get("participant") or None
    if wanted is not None and wanted not in names:
        abort(404, f"There is no participant {wanted[:80]!r} in this world.")
    return wanted


def plain_details(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fields of an asset or unit in words, lists in a row; units are ours, kW and kWh."""
    return [(_FIELD_WORDS.get(name, name.replace("_", " ").capitalize()),
             ", ".join(map(str, value)) if isinstance(value, list) else str(value))
            for name, value in details.items() if value is not None]
