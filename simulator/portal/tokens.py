"""My API Access Tokens (portal guide §3.1): the token, and "Create a new token", which revokes the old one at once."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm

from simulator.operations.tokens import create_token, token_of
from simulator.portal.guard import my_organisation
from simulator.web import current_world, work_of_request


def add_routes(blueprint: Blueprint) -> None:
    """The page and its button."""
    blueprint.add_url_rule("/api-testing/tokens", "tokens_page", tokens_page)
    blueprint.add_url_rule("/api-testing/tokens", "renew_token", renew_token, methods=["POST"])


def tokens_page() -> Any:
    """Show the organisation its token."""
    with current_world.view() as view:
        token = token_of(view, my_organisation().id)
    return render_template("portal/tokens.html", token=token, form=FlaskForm())


def renew_token() -> Any:
    """Make a new token."""
    with work_of_request() as work:
        create_token(work, my_organisation().id)
    flash("A new token is in force. The old one was revoked and no longer works.", "success")
    return redirect(url_for("portal.tokens_page"))
