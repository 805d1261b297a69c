"""The market's rules and numbers, the e-mails, the pages and the programmes, as entries of the ledger."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from types import ModuleType

from simulator.fidelity.entries import LedgerEntry
from simulator.market import (
    acceptance,
    baselines,
    batches,
    connections,
    declarations,
    dispatches,
    event_reports,
    events,
    intervals,
    invitations,
    invoices,
    merit_order,
    months,
    mpan,
    performance,
    pro_forma,
    readings,
    registered_texts,
    registration_of_units,
    retries,
    signing_keys,
    unit_ids,
)
from simulator.market.letters import EMAILS
from simulator.market.policy import MARKET_RULES, numbers_of
from simulator.market.portal_pages import OTHER_PAGES, PORTAL_PAGES
from simulator.market.programmes import programmes_of
from simulator.market.provenance import PORTAL
from simulator.operations import (
    dispatch_testing,
    email_preferences,
    password_links,
    sign_in,
    smp_tokens,
    timetable,
    tokens,
    units,
)
from simulator.outbound import envelopes, targets
from simulator.settings import Settings

RULE_MODULES: tuple[ModuleType, ...] = (
    invitations, password_links, sign_in, email_preferences, tokens, readings, intervals, units, months, baselines,
    declarations, acceptance, merit_order, dispatches, dispatch_testing, envelopes, retries, targets, events,
    performance, event_reports, invoices, connections, pro_forma, smp_tokens, signing_keys, batches, mpan, unit_ids,
    registration_of_units, registered_texts,
)
"""The modules with rules of their own, in the order of the ledger."""


def market_entries(settings: Settings) -> Iterator[LedgerEntry]:
    """Rules first, then the numbers of the month as they are set, programmes, e-mails and pages."""
    for module in RULE_MODULES:
        for rule in module.RULES:
            yield LedgerEntry(f"rule/{rule.name}", "rule", rule.words, rule.label, rule.source,
                              where=module.__name__.removeprefix("simulator."), platform=rule.platform)
    for rule in timetable.JOBS:
        yield LedgerEntry(f"job/{rule.name}", "rule", rule.words, rule.label, rule.source, where="timetable",
                          platform=rule.platform)
    for rule in MARKET_RULES:
        yield LedgerEntry(f"rule/month.{rule.name}", "rule", rule.words, rule.label, rule.source,
                          where="market policy", platform=PORTAL)
    for number in numbers_of(settings.market):
        yield LedgerEntry(f"policy/{number.name}", "number", f"{number.help} ({number.words})", number.label,
                          number.source, where=f"FLEXSIM_MARKET_{number.name.upper()}", platform=PORTAL)
    for programme in programmes_of(settings.market):
        yield LedgerEntry(f"programme/{programme.code}", "enum word", f"Programme {programme.code}: {programme.name}",
                          programme.label, programme.source, where="market.dispatches", platform=PORTAL,
                          essence=repr(dataclasses.replace(programme, source="")))
    for email in EMAILS:
        yield LedgerEntry(f"email/{email.kind}", "email", f"{email.title}: {email.when}", email.label, email.source,
                          where="market.letters", platform=PORTAL, essence=email.subject)
    for page in (*PORTAL_PAGES, *OTHER_PAGES):
        yield LedgerEntry(f"page/{page.words}", "page", f"{page.menu}: {page.words}", page.label, page.source,
                          where="market.portal_pages", platform=PORTAL)
