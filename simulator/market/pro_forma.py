"""What a returned pro-forma must hold, and what an SMP user may be called.

The overview names "details of the developers, API endpoints, etc." (Establishing SMP connections, documented); what
else is asked, and how much of it is needed, is assumed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from simulator.market.addresses import is_address
from simulator.market.connections import ProForma
from simulator.market.errors import RuleBreach
from simulator.market.provenance import SMP, Rule

RULES = (
    Rule("connections.pro_forma",
         "The pro-forma asks for developers and API endpoints; what else it asks is ours.",
         "documented", "SMP overview, Establishing SMP connections.", SMP),
)

MOST_CONTACTS = 10
MOST_ENDPOINTS = 20
LONGEST_NAME = 100
LONGEST_ENDPOINT = 200

USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\Z")
"""An SMP user's name (assumed)."""

_PHONE = re.compile(r"\+?[0-9 ()-]{5,30}\Z")
_UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")


def breaches_of_pro_forma(pro_forma: ProForma) -> list[RuleBreach]:
    """Everything that keeps a pro-forma from being complete, but for its callback URL and its keys.

    Fields are `contacts`, `contact_name`, `contact_email`, `contact_phone`, `api_endpoints` and
    `intermediate_host_name`; `index` counts contacts and endpoints.
    """
    return [*_breaches_of_contacts(pro_forma), *_breaches_of_endpoints(pro_forma), *_breaches_of_host(pro_forma)]


def _breaches_of_contacts(pro_forma: ProForma) -> Iterator[RuleBreach]:
    if not pro_forma.contacts:
        yield RuleBreach(None, "contacts", "required", "Name at least one developer, with an email address.")
    if len(pro_forma.contacts) > MOST_CONTACTS:
        yield RuleBreach(None, "contacts", "maxItems", f"Name at most {MOST_CONTACTS} developers; these are "
                         f"{len(pro_forma.contacts):,}.")
    for index, contact in enumerate(pro_forma.contacts):
        yield from _text_breaches(index, "contact_name", contact.name, "The developer’s name", LONGEST_NAME)
        if not is_address(contact.email):
            yield RuleBreach(index, "contact_email", "format", "Give the developer’s email address: write it like "
                             "dev@company.example, without spaces, in unaccented letters.")
        if contact.phone and not _PHONE.match(contact.phone):
            yield RuleBreach(index, "contact_phone", "format", "A telephone number has 5 to 30 digits and spaces, and "
                             "may begin with +, such as +44 1632 960 123. It may also be left empty.")


def _breaches_of_endpoints(pro_forma: ProForma) -> Iterator[RuleBreach]:
    if not pro_forma.api_endpoints:
        yield RuleBreach(None, "api_endpoints", "required", "Name at least one API endpoint: the address that your "
                         "client calls from, such as https://smp-client.company.example or 192.0.2.10.")
    if len(pro_forma.api_endpoints) > MOST_ENDPOINTS:
        yield RuleBreach(None, "api_endpoints", "maxItems", f"Name at most {MOST_ENDPOINTS} API endpoints; these are "
                         f"{len(pro_forma.api_endpoints):,}.")
    for index, endpoint in enumerate(pro_forma.api_endpoints):
        yield from _text_breaches(index, "api_endpoints", endpoint, f"API endpoint {index + 1}", LONGEST_ENDPOINT)


def _breaches_of_host(pro_forma: ProForma) -> Iterator[RuleBreach]:
    name = pro_forma.intermediate_host_name
    if pro_forma.intermediate_host:
        yield from _text_breaches(None, "intermediate_host_name", name, "The intermediate host’s name", LONGEST_NAME)
    elif name:
        yield RuleBreach(None, "intermediate_host_name", "not_wanted", "An intermediate host is named, although none "
                         "is used. Say that one is used, or leave the name empty.")


def breaches_of_username(username: str, is_taken: bool) -> list[RuleBreach]:
    """Everything wrong with the name of an SMP user."""
    if not USERNAME.match(username):
        return [RuleBreach(None, "username", "pattern", "A username is 1 to 64 letters, digits, dots, hyphens, "
                           "underscores and @, and begins with a letter or digit, such as company-smp.")]
    if is_taken:
        return [RuleBreach(None, "username", "username_taken", f"Another participant’s SMP user is called {username}. "
                           "Choose another name.")]
    return []


def _text_breaches(index: int | None, field: str, text: str, words: str, longest: int) -> Iterator[RuleBreach]:
    if not text.strip():
        yield RuleBreach(index, field, "required", f"{words} is empty.")
    if len(text) > longest:
        yield RuleBreach(index, field, "maxLength", f"{words} has {len(text):,} characters; at most {longest} are "
                         "taken.")
    if any(unicodedata.category(letter) in _UNPRINTABLE for letter in text):
        yield RuleBreach(index, field, "control_character", f"{words} has a control character, such as a tab or a "
                         "line break. Take it out.")
