"""API access tokens (portal guide §3.1, My API Access Tokens)."""

from __future__ import annotations

from simulator.ids import new_api_token
from simulator.market.facts import ApiTokenCreated
from simulator.market.organisations import ApiToken, Organisation
from simulator.market.provenance import Rule
from simulator.store import tokens
from simulator.store.work import View, Work

RULES = (
    Rule("tokens.one",
         "There is one API access token; a new one revokes the old one at once.",
         "documented", "Portal guide §3.1, My API Access Tokens."),
)


def organisation_of_token(view: View, token: str) -> Organisation | None:
    """The organisation that an API access token speaks for; None when the token is not in force."""
    found = tokens.token_in_force(view, token)
    return None if found is None else found.organisation


def create_token(work: Work, organisation_id: str) -> ApiToken:
    """Make a new token; the old one stops working at once (documented)."""
    tokens.revoke_tokens_of(work, organisation_id)
    tokens.add_token(work, new_api_token(), organisation_id)
    work.record(ApiTokenCreated(organisation_id))
    token = tokens.token_of(work, organisation_id)
    if token is None:
        raise LookupError(f"the token just made for {organisation_id} is not there")
    return token


def token_of(view: View, organisation_id: str) -> ApiToken | None:
    """The organisation's token, to be shown to it."""
    return tokens.token_of(view, organisation_id)
