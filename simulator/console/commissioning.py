"""The commissioning test of a participant's connection: each flow of the overview, seen or not, and what proves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for

from simulator.console.connection import find_subject
from simulator.downloads import certificate_answer
from simulator.market.connections import FLOW_WORDS, Flow, SeenFlow, Step, has_access
from simulator.market.errors import Refused
from simulator.operations import connections
from simulator.web import current_world, work_of_request

_HINTS = {
    Flow.ASSETS_SUCCESS_RETURNED: "Counts when the endpoint at the callback URL acknowledges it.",
    Flow.ASSETS_ERRORS_RETURNED: "Submit an asset that breaks a business rule, such as a wrong MPAN check digit.",
    Flow.UNIT_SUCCESS_RETURNED: "Counts when the endpoint at the callback URL acknowledges it.",
    Flow.UNIT_ERRORS_RETURNED: "Submit a unit that breaks a business rule, such as an unknown asset.",
    Flow.SIGNED_REQUEST: "Needs the participant’s public keys in the pro-forma.",
}


@dataclass(frozen=True, slots=True)
class ShownFlow:
    """A flow of the overview; `seen` is None as long as it was not seen."""

    api: str
    words: str
    hint: str
    seen: SeenFlow | None


def add_routes(blueprint: Blueprint) -> None:
    """Look at the test, confirm it, fetch the certificate."""
    place = "/participants/<organisation_id>/smp/commissioning"
    blueprint.add_url_rule(place, "commissioning_page", commissioning_page)
    blueprint.add_url_rule(place, "commission", commission, methods=["POST"])
    blueprint.add_url_rule(f"{place}/certificate", "commissioning_certificate", certificate)


def commissioning_page(organisation_id: str) -> Any:
    """Every flow, seen or not."""
    subject = find_subject(organisation_id)
    with current_world.view() as view:
        seen = connections.flows_seen(view, organisation_id)
    flows = [ShownFlow(*FLOW_WORDS[flow], _HINTS.get(flow, ""), seen.get(flow)) for flow in Flow]
    return render_template(
        "console/commissioning.html", subject=subject, flows=flows, all_seen=len(seen) == len(Flow),
        has_access=has_access(subject.connection.step), is_confirmed=subject.connection.step is Step.COMMISSIONED,
        open_words=connections.open_step_words(subject.connection.step))


def commission(organisation_id: str) -> Any:
    """Confirm the test."""
    find_subject(organisation_id)
    try:
        with work_of_request() as work:
            connections.commission(work, organisation_id)
    except Refused as refusal:
        flash(" ".join(breach.message for breach in refusal.breaches), "danger")
    else:
        flash("The commissioning test is confirmed: all four steps are done.", "success")
    return redirect(url_for("console.commissioning_page", organisation_id=organisation_id), 303)


def certificate(organisation_id: str) -> Any:
    """The certificate, PDF."""
    subject = find_subject(organisation_id)
    with current_world.view() as view:
        seen = connections.flows_seen(view, organisation_id)
        in_the_way = connections.certificate_problem(view, organisation_id)
    if in_the_way is not None:
        abort(409, in_the_way)
    return certificate_answer(subject.organisation, subject.connection, seen)
