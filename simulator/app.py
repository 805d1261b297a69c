"""The composition root: the only module that knows all the others."""

from __future__ import annotations

from flask import Flask

from simulator import control, participant_api, portal
from simulator.contracts import Contract, load_contract
from simulator.settings import Settings, SettingsUnusable
from simulator.web import create_application
from simulator.worlds import Worlds

PLATFORMS = ("participant",)


def load_contracts(settings: Settings) -> dict[str, Contract]:
    """The contracts in force. Raises ContractUnusable, or SettingsUnusable for a platform there is not."""
    unknown = sorted(set(settings.contracts) - set(PLATFORMS))
    if unknown:
        raise SettingsUnusable([f"contract: there is no platform {name!r}; there are {', '.join(PLATFORMS)}"
                                for name in unknown])
    return {platform: load_contract(platform, settings.contracts.get(platform)) for platform in PLATFORMS}


def build(worlds: Worlds, contracts: dict[str, Contract]) -> Flask:
    """The application that serves these worlds by these contracts."""
    without_forms = [participant_api.surface(contracts["participant"]), control.surface(contracts)]
    return create_application(worlds, [portal.surface(contracts["participant"]), *without_forms],
                              lambda application: portal.prepare(application, without_forms))
