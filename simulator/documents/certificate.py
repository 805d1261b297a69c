"""The certificate of a commissioning test, as PDF: what it says. The drawing is in `certificate_page`.

The overview asks for "the simulation and testing of all flows by the participant" (Establishing SMP connections,
documented); that there is a certificate of it is ours, and it says so itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from simulator.market.connections import FLOW_WORDS, Flow, SeenFlow, SmpConnection, Step
from simulator.market.organisations import Organisation
from simulator.timekeeping.london import to_london

MARK = "SIMULATOR"
NOT_AFFILIATED = ("Made by a simulator for building and testing. Not affiliated with NESO, National Grid or any other "
                  "operator; it proves nothing to a real platform.")


@dataclass(frozen=True, slots=True)
class CertificateText:
    """What the certificate says: its facts as (name, value), its flows as (API, flow, when, journal entry)."""

    title: str
    statement: str
    facts: tuple[tuple[str, str], ...]
    flows: tuple[tuple[str, str, str, str], ...]


def commissioning_certificate(organisation: Organisation, connection: SmpConnection, seen: Mapping[Flow, SeenFlow],
                              world: str) -> bytes:
    """A PDF of one page; the same facts make the same bytes. All flows must have been seen."""
    text = certificate_text(organisation, connection, seen, world)
    # The PDF library takes 0.3 s and 12 MB: it loads with the first document.
    return import_module("simulator.documents.certificate_page").draw(text)


def certificate_text(organisation: Organisation, connection: SmpConnection, seen: Mapping[Flow, SeenFlow], world: str
                     ) -> CertificateText:
    """What the certificate says. All flows must have been seen."""
    last = max(each.at for each in seen.values())
    is_confirmed = connection.step is Step.COMMISSIONED
    host = connection.pro_forma.intermediate_host_name
    facts = [("Participant", f"{organisation.name} ({organisation.id})"), ("SMP user", connection.username or "none"),
             *([("Intermediate host", host)] if host else []),
             ("Commissioning test", "confirmed" if is_confirmed else "yet to be confirmed"),
             ("All flows seen", _london(last)), ("World", world)]
    return CertificateText(
        "Commissioning test of an SMP API connection",
        f"All {len(Flow)} message flows of the SMP API were seen from this participant, each with the entry of the "
        "world’s journal that proves it.",
        tuple((name, printable(value)) for name, value in facts),
        tuple((*FLOW_WORDS[flow], _london(seen[flow].at), f"{seen[flow].journal_entry}") for flow in Flow))


def _london(instant: datetime) -> str:
    local = to_london(instant)
    return f"{local:%d %b %Y, %H:%M:%S} {local.tzname()}"


def printable(text: str) -> str:
    """Text in the letters that every PDF reader has: ŵ becomes w; what has no such letter becomes a question mark."""
    return "".join(map(_letter, text))


def _letter(letter: str) -> str:
    for form in (letter, unicodedata.normalize("NFKD", letter)[:1]):
        try:
            form.encode("cp1252")
            return form
        except UnicodeEncodeError:
            continue
    return "?"
