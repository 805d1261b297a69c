"""The connections to the SMP that a fixture describes: checked, and made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator import signing
from simulator.market.connections import Contact, ProForma, SmpConnection, Step, has_access, has_come_to
from simulator.market.pro_forma import breaches_of_pro_forma, breaches_of_username
from simulator.passwords import hash_public_password


def problems_of_connection(entry: dict[str, Any]) -> Iterator[str]:
    """A sentence for each thing that is wrong with the part `smp` of an organisation, which has the right form."""
    step = Step(entry["connection"])
    if ("username" in entry) != bool({"password", "password_hash"} & entry.keys()):
        yield "an SMP user has both a username and a password"
    elif "password" in entry and "password_hash" in entry:
        yield "an SMP user has a password or the hash of one, not both"
    elif has_access(step) and "username" not in entry:
        yield f"a connection at {step.value} has an SMP user: give a username and a password"
    if "username" in entry:
        yield from (breach.message for breach in breaches_of_username(entry["username"], is_taken=False))
    if has_come_to(step, Step.PRO_FORMA_RETURNED):
        yield from (f"pro_forma: {breach.message}" for breach in breaches_of_pro_forma(_pro_forma(entry)))
    keys = entry.get("pro_forma", {}).get("public_keys")
    if keys is not None:
        try:
            signing.read_public_keys(keys)
        except signing.KeysUnusable as error:
            yield f"pro_forma: public_keys: {error}"
    elif entry.get("signatures") == "required":
        yield "signatures cannot be required without public_keys in the pro_forma"


def connection_from(organisation_id: str, entry: dict[str, Any]) -> SmpConnection:
    """The connection that a fixture wants, which was checked before."""
    pro_forma = _pro_forma(entry)
    password = entry.get("password")
    stored = entry.get("password_hash") if password is None else hash_public_password(password)
    return SmpConnection(
        organisation_id, Step(entry["connection"]), entry.get("username"), stored, pro_forma.callback_url or None,
        signing.read_public_keys(pro_forma.public_keys) if pro_forma.public_keys else None,
        entry.get("signatures", "optional"), pro_forma)


def _pro_forma(entry: dict[str, Any]) -> ProForma:
    said = entry.get("pro_forma", {})
    return ProForma(
        tuple(Contact(**contact) for contact in said.get("contacts", ())), tuple(said.get("api_endpoints", ())),
        said.get("callback_url", ""), said.get("public_keys", ""), "intermediate_host" in said,
        said.get("intermediate_host", ""))
