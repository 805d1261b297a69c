"""The composition root: puts contracts, worlds, APIs and pages together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path

from simulator import participant_api, smp
from simulator.contracts import Contract, ContractUnusable, load_contract
from simulator.contracts.vocabulary import RESERVED_PREFIXES
from simulator.faults.inbound import InboundFaults
from simulator.gateway import Engine, Pages, Sender
from simulator.market.batches import read_progress
from simulator.operations.batches import BatchRules
from simulator.operations.fixtures import FixtureUnusable
from simulator.outbound.courier import Courier
from simulator.outbound.dispatch_writer import DispatchWriter
from simulator.outbound.return_writer import ReturnWriter
from simulator.outbound.transport import Transport
from simulator.outbound.writers import Writers
from simulator.settings import CannotStart, Settings, SettingsUnusable
from simulator.wire import CallsClash, WireCalls
from simulator.world import WorldUnusable
from simulator.worlds import WorldRefused, Worlds

PLATFORMS = ("participant", "smp")

PAGE_PREFIXES = ("/bootstrap", "/sign-in", "/sign-out", "/authenticator", "/api-testing", "/meterable-units",
                 "/documentation", "/password", "/email-preferences", "/availability", "/reports")
"""Where the portal's pages stand; no contract may put a call there. A test holds this against the pages' routes."""


def load_contracts(settings: Settings) -> dict[str, Contract]:
    """The contracts in force. Raises ContractUnusable, or SettingsUnusable for a platform there is not."""
    unknown = sorted(set(settings.contracts) - set(PLATFORMS))
    if unknown:
        raise SettingsUnusable([f"contract: there is no platform {name!r}; known: {', '.join(PLATFORMS)}"
                                for name in unknown])
    return {platform: load_contract(platform, settings.contracts.get(platform),
                                    reserved=(*RESERVED_PREFIXES, *PAGE_PREFIXES))
            for platform in PLATFORMS}


def build_engine(settings: Settings, address: str, folder: Path) -> Engine:
    """Everything that requests are answered with, the worlds open. `address` is where the server listens, as a URL;
    `folder` is for the worlds where the settings name no data folder.

    Raises CannotStart with all that is in the way.
    """
    worlds = None
    try:
        contracts = load_contracts(settings)
        calls = WireCalls([*participant_api.calls(contracts["participant"]), *smp.calls(contracts["smp"], settings)])
        courier = _courier(settings, contracts)
        worlds = Worlds(settings, address, courier.deliveries_of, _batch_rules(settings, contracts["smp"]), folder)
        worlds.open()
    except BaseException as error:
        if worlds is not None:
            worlds.close()
        if isinstance(error, ContractUnusable):
            raise CannotStart(["This contract cannot work:", *(str(problem) for problem in error.problems)]) from error
        if isinstance(error, CallsClash):
            raise CannotStart(["These contracts cannot work together:", str(error)]) from error
        if isinstance(error, FixtureUnusable | WorldUnusable | WorldRefused):
            raise CannotStart([str(error)]) from error
        raise
    return Engine(worlds, calls, _page_loader(worlds, contracts), InboundFaults(calls),
                  [courier, *_mail_relays(worlds)])


def _courier(settings: Settings, contracts: dict[str, Contract]) -> Courier:
    try:
        transport = Transport(frozenset(settings.allow_targets), settings.dispatch_timeout_seconds, settings.ca_file)
    except OSError as error:
        raise SettingsUnusable([f"ca_file: {settings.ca_file} cannot be used: {error}. It is a file of certificates in "
                                "PEM form, which begin with -----BEGIN CERTIFICATE-----."]) from error
    writers = Writers(DispatchWriter(contracts["participant"].outbound["sendDispatch"]),
                      ReturnWriter(contracts["smp"].outbound["sendBatchReturn"], settings.smp_signing))
    return Courier(transport, writers,
                   tuple(timedelta(seconds=seconds) for seconds in settings.retry_seconds))


def _batch_rules(settings: Settings, contract: Contract) -> BatchRules:
    return BatchRules(smp.ContractReader(contract), read_progress(settings.smp_progress),
                      settings.smp_batch == "per_item", settings.smp_unit_names == "platform")


def _mail_relays(worlds: Worlds) -> list[Sender]:
    """What sends mails on, at work already, if a mail server was named."""
    if worlds.settings.smtp is None:
        return []
    relay = import_module("simulator.outbound.mail_relay").MailRelay(worlds, worlds.settings.smtp)
    relay.start()
    return [relay]


def _page_loader(worlds: Worlds, contracts: dict[str, Contract]) -> Callable[[], Pages]:
    """The pages and their web framework are a third of the start-up time and no API call needs them: they load last."""

    def load() -> Pages:
        pages: Pages = import_module("simulator.pages").load_pages(worlds, contracts)
        return pages

    return load
