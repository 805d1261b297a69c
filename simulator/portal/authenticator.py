"""Authenticator set-up at the first sign-in (portal guide §2.2): QR code, six-digit code, Verify."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from flask import Blueprint, redirect, render_template, url_for

from simulator.market.organisations import Account
from simulator.operations.sign_in import authenticator_secret_for_setup, provisioning_uri
from simulator.portal.sign_in import CodeForm, finish_sign_in, pending_account, start_over, wanted_page
from simulator.web import work_of_request


def add_routes(blueprint: Blueprint) -> None:
    """The set-up page."""
    blueprint.add_url_rule("/authenticator", "setup_page", setup_page)
    blueprint.add_url_rule("/authenticator", "verify_setup", verify_setup, methods=["POST"])


def setup_page() -> Any:
    """Show the QR code."""
    account = pending_account()
    if account is None:
        return start_over()
    if account.authenticator_enrolled:
        return redirect(url_for("portal.code_page"))
    return _show(CodeForm(), account)


def _show(form: CodeForm, account: Account, status: int = 200) -> Any:
    with work_of_request() as work:
        secret = authenticator_secret_for_setup(work, account)
    return render_template(
        "portal/authenticator.html", form=form, qr=qr_path(provisioning_uri(account, secret)),
        key=" ".join(secret[place:place + 4] for place in range(0, len(secret), 4)), email=account.email), status


def qr_path(text: str) -> dict[str, Any]:
    """A QR code for a page: the width in modules with its quiet zone, and an SVG path of the dark ones."""
    # Where the picture library is installed, and our PDF writer brings it, this one loads it too, for nothing.
    qrcode = import_module("qrcode")
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=4)
    code.add_data(text)
    matrix = code.get_matrix()
    dark = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, is_dark in enumerate(row) if is_dark]
    return {"width": len(matrix), "path": "".join(dark)}


def verify_setup() -> Any:
    """Check the first code; from then on the authenticator is set up."""
    account = pending_account()
    if account is None:
        return start_over()
    if account.authenticator_enrolled:
        return redirect(url_for("portal.code_page"))
    form = CodeForm()
    if form.validate_on_submit():
        refusal = finish_sign_in(account, form.digits)
        if refusal is None:
            return redirect(wanted_page())
        form.code.errors = [*form.code.errors, refusal]
    return _show(form, account, 422)
