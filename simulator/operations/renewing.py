"""Secrets of a world that was copied from another one: it gets its own, and those of the other are nothing to it.

Passwords, authenticators and tokens that a fixture gives stay as they are: they are public, and meant to be known.
"""

from __future__ import annotations

import re

from simulator.ids import digest, new_api_token, new_link_token
from simulator.operations.fixtures import Fixture
from simulator.operations.password_links import link_path
from simulator.store import mails, password_links, tokens
from simulator.store.work import Work

_LINK = re.compile(re.escape(link_path("")) + r"([A-Za-z0-9_-]{20,})")


def renew_secrets(work: Work, fixture: Fixture) -> None:
    """Replace every secret that was made at random when the fixture was filled in: API tokens, and links in mails."""
    for entry in fixture.content["organisations"]:
        if "api_token" not in entry:
            tokens.replace_token(work, entry["id"], new_api_token())
    for text in mails.texts_with(work, link_path("")):
        for token in sorted(set(_LINK.findall(text))):
            fresh = new_link_token()
            if password_links.replace_secret(work, digest(token), digest(fresh)):
                mails.replace_in_links(work, token, fresh)
