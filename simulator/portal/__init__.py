"""The Flexible Power Portal: one file for each page of the real menu (portal guide §3)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, render_template
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError

from simulator.contracts import Contract
from simulator.portal import (
    acceptance,
    authenticator,
    baselines,
    declarations,
    dispatch_settings,
    dispatch_testing,
    documentation,
    email_preferences,
    event_reports,
    invoices,
    menu,
    one_event,
    passwords,
    readings,
    sign_in,
    tokens,
    units,
    uploads,
)
from simulator.portal.guard import add_sign_in, guard
from simulator.upload_runs import UploadRuns
from simulator.web import Surface

FOR_ALL = frozenset(f"portal.{name}" for name in (
    "sign_in_page", "sign_in", "code_page", "verify_code", "setup_page", "verify_setup", "forgotten_page",
    "request_link", "link_sent_page", "follow_link", "new_password_page", "set_password"))
"""Pages of the way in. The code and set-up pages ask for the password's success themselves, those that set a password
for a link that works.
"""

WATCHING = frozenset(f"portal.{name}" for name in (
    "upload_progress", "check_page", "check_progress", "test_page", "test_progress"))
"""Pages that only watch, some held back until there is news; they leave no entry in the journal."""


def surface(contract: Contract) -> Surface:
    """All pages of the portal."""
    blueprint = Blueprint("portal", __name__)
    for page in (sign_in, authenticator, passwords, email_preferences, units, tokens, baselines, declarations,
                 acceptance, event_reports, one_event, invoices):
        page.add_routes(blueprint)
    readings.add_routes(blueprint, contract)
    documentation.add_routes(blueprint, contract)
    dispatch_settings.add_routes(blueprint, contract)
    dispatch_testing.add_routes(blueprint, contract)
    uploads.add_routes(blueprint, contract, UploadRuns())
    menu.add_words(blueprint)
    return Surface("portal", blueprint, guard, open_to_all=FOR_ALL, unrecorded=WATCHING,
                   large_bodies=frozenset({"portal.upload_readings"}))


def prepare(app: Flask, without_forms: list[Surface]) -> None:
    """Bootstrap from this machine, sign-in, and protection of every form; `without_forms` take no browser's posts."""
    Bootstrap5(app)
    add_sign_in(app)
    # The token lives as long as the session it belongs to: a page left open over lunch still works.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    protection = CSRFProtect(app)
    app.register_error_handler(CSRFError, _explain_stale_form)
    for surface_without_forms in without_forms:
        protection.exempt(surface_without_forms.blueprint)


def _explain_stale_form(error: CSRFError) -> Any:
    return render_template(
        "error.html", title="This page is out of date",
        detail="What you sent did not come from a page of your present session, so nothing was changed. Perhaps you "
               "signed in or out in another tab, or your browser keeps no cookies. Load the page again and repeat. "
               f"({error.description})"), 400
