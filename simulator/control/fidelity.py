"""`GET /_sim/fidelity`: every route, field, word, number, rule, e-mail and page with its label, source and proofs."""

from __future__ import annotations

from flask import Blueprint, Response, request

from simulator.contracts import Contract
from simulator.control.bodies import refuse
from simulator.fidelity import KINDS, KeptLedger
from simulator.fidelity.entries import PLATFORMS, summary_of
from simulator.market.provenance import LABELS
from simulator.web import current_world, json_answer

_CHOICES = {"label": LABELS, "kind": KINDS, "platform": PLATFORMS}


def add_routes(blueprint: Blueprint, contracts: dict[str, Contract]) -> None:
    """Publish the ledger of the contracts in force."""
    kept = KeptLedger(contracts)

    def read_fidelity() -> Response:
        """All entries, or those of a `label`, a `kind`, a `platform` and with every word of `q`; with their counts."""
        given = {name: request.args.get(name, "") for name in _CHOICES}
        wrong = [{"pointer": f"query {name}", "code": "enum",
                  "message": f"There is no {name} {value[:80]!r}; there are {', '.join(_CHOICES[name])}."}
                 for name, value in given.items() if value and value not in _CHOICES[name]]
        if wrong:
            refuse(wrong)
        found = kept.of(current_world.settings).select(**given, q=request.args.get("q", ""))
        return json_answer({"summary": summary_of(found), "entries": [entry.as_json() for entry in found]})

    blueprint.add_url_rule("/fidelity", "read_fidelity", read_fidelity)
