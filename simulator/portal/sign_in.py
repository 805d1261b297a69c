"""Signing in and out (portal guide §2.3): e-mail and password, then the code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from simulator import passwords
from simulator.ids import digest
from simulator.market.organisations import Account
from simulator.operations import sign_in as signing_in
from simulator.operations.sign_in import NotSignedIn
from simulator.password_rules import LONGEST
from simulator.portal.guard import SignedInUser, longest_session, sign_in_rules
from simulator.web import current_world, current_worlds, work_of_request

_PENDING = "pending_sign_in"


def one_spelling(text: str | None) -> str:
    """What was typed into a password field, the same from every device, so that lengths are counted alike."""
    return passwords.one_spelling(text or "")


class SignInForm(FlaskForm):
    """E-mail and password."""

    email = StringField("Email address", [InputRequired("Enter your email address."), Length(max=254)])
    password = PasswordField("Password", [InputRequired("Enter your password."), Length(max=LONGEST)],
                             filters=[one_spelling])
    next = HiddenField()


class CodeForm(FlaskForm):
    """The six digits of the authenticator."""

    code = StringField("Six-digit code", [InputRequired("Enter the six-digit code."), Length(max=20)])

    @property
    def digits(self) -> str:
        """The code without the spaces that some apps show."""
        return "".join((self.code.data or "").split())


def add_routes(blueprint: Blueprint) -> None:
    """The way in, and out."""
    blueprint.add_url_rule("/", "home", home)
    blueprint.add_url_rule("/sign-in", "sign_in_page", sign_in_page)
    blueprint.add_url_rule("/sign-in", "sign_in", sign_in, methods=["POST"])
    blueprint.add_url_rule("/sign-in/code", "code_page", code_page)
    blueprint.add_url_rule("/sign-in/code", "verify_code", verify_code, methods=["POST"])
    blueprint.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])


def home() -> Any:
    """The first page after signing in."""
    return redirect(url_for("portal.units_page"))


def sign_in_page() -> Any:
    """The log-in page."""
    if current_user.is_authenticated:
        return redirect(url_for("portal.home"))
    return _show(SignInForm(next=request.args.get("next", "")))


def _show(form: SignInForm, status: int = 200) -> Any:
    return render_template("portal/sign_in.html", form=form,
                           demo=current_worlds.demo_sign_in(current_world.fixture)), status


def sign_in() -> Any:
    """Check e-mail and password; the code page, or the authenticator's set-up on the first sign-in, comes next."""
    form = SignInForm()
    if not form.validate_on_submit():
        return _show(form, 422)
    try:
        account = _check_password(form.email.data.strip(), form.password.data)
    except NotSignedIn as refusal:
        form.password.errors = [*form.password.errors, str(refusal)]
        return _show(form, 422)
    session.clear()
    session[_PENDING] = {"account": account.id, "password": _mark_of_password(account),
                         "at": current_world.credential_now().timestamp(), "next": form.next.data or ""}
    return redirect(url_for("portal.code_page" if account.authenticator_enrolled else "portal.setup_page"))


def _check_password(email: str, password: str) -> Account:
    now = current_world.credential_now()
    with current_world.view() as view:
        account = signing_in.account_by_email(view, email)
    try:
        with work_of_request() as work:
            signing_in.begin_attempt(work, email, now, sign_in_rules())
    except NotSignedIn as refusal:
        with work_of_request() as work:
            signing_in.note_refusal(work, account, refusal)
        raise
    # The slow part, outside any transaction.
    matches = signing_in.password_matches(account, password)
    refusal = None
    with work_of_request() as work:
        if matches and account is not None:
            signing_in.accept_password(work, account, now, sign_in_rules())
        else:
            refusal = signing_in.refuse_password(work, account)
    if refusal is not None or account is None:
        raise refusal or NotSignedIn("email or password", "Sign in again.")
    return account


def pending_account() -> Account | None:
    """The account whose password was right a short while ago, and whose code is still to come."""
    pending = session.get(_PENDING)
    if pending is None:
        return None
    age = current_world.credential_now().timestamp() - pending["at"]
    longest = timedelta(minutes=current_world.settings.pending_sign_in_minutes).total_seconds()
    if not 0 <= age <= longest:
        return None
    with current_world.view() as view:
        account = signing_in.account_by_id(view, pending["account"])
    # A password that was changed meanwhile is no longer right.
    return account if account is not None and pending.get("password") == _mark_of_password(account) else None


def _mark_of_password(account: Account) -> str:
    """What tells one password of an account from the next, and nothing about either."""
    return digest(account.password_hash or "")[:16]


def start_over() -> Any:
    """Back to the first step, saying why."""
    session.pop(_PENDING, None)
    flash("Enter your email address and password first.", "warning")
    return redirect(url_for("portal.sign_in_page"))


def code_page() -> Any:
    """The page that asks for the code."""
    account = pending_account()
    if account is None:
        return start_over()
    if not account.authenticator_enrolled:
        return redirect(url_for("portal.setup_page"))
    return _show_code(CodeForm(), account)


def _show_code(form: CodeForm, account: Account, status: int = 200) -> Any:
    demo = current_worlds.demo_sign_in(current_world.fixture)
    return render_template("portal/code.html", form=form,
                           demo=demo if demo and demo.email == account.email else None), status


def verify_code() -> Any:
    """Check the code; the page that was wanted comes next."""
    account = pending_account()
    if account is None:
        return start_over()
    if not account.authenticator_enrolled:
        return redirect(url_for("portal.setup_page"))
    form = CodeForm()
    if not form.validate_on_submit():
        return _show_code(form, account, 422)
    refusal = finish_sign_in(account, form.digits)
    if refusal is None:
        return redirect(wanted_page())
    form.code.errors = [*form.code.errors, refusal]
    return _show_code(form, account, 422)


def finish_sign_in(account: Account, code: str) -> str | None:
    """Sign the account in if the code is right; else the reason why not."""
    now = current_world.credential_now()
    try:
        with work_of_request() as work:
            signing_in.begin_attempt(work, account.email, now, sign_in_rules())
        with work_of_request() as work:
            # Read again inside the transaction: of two uses of one code at the same moment, one must fail.
            present = signing_in.account_by_id(work, account.id) or account
            if present.password_hash != account.password_hash:
                raise NotSignedIn("password changed", "Your password was changed meanwhile. Go back and log in again.")
            signing_in.verify_code(work, present, code, now, sign_in_rules())
            token = signing_in.open_session(work, present, now, longest_session())
    except NotSignedIn as refusal:
        with work_of_request() as work:
            signing_in.note_refusal(work, account, refusal)
        return str(refusal)
    wanted = session.get(_PENDING, {}).get("next", "")
    session.clear()
    session["wanted"] = wanted
    login_user(SignedInUser(account, token))
    return None


def wanted_page() -> str:
    """Where to go after signing in: the page that was asked for if it is one of ours, else the first page."""
    wanted = session.pop("wanted", "")
    return request.script_root + wanted if is_own_path(wanted) else url_for("portal.home")


def is_own_path(path: str) -> bool:
    """Whether a path leads to a page of this portal and nowhere else: an open redirect would help a phisher."""
    parts = urlsplit(path)
    return (path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path
            and not parts.scheme and not parts.netloc and path.isprintable())


def sign_out() -> Any:
    """End the session on the server and in the browser."""
    with work_of_request() as work:
        signing_in.end_session(work, current_user.session_token, current_user.account)
    logout_user()
    session.clear()
    flash("You are signed out.", "info")
    return redirect(url_for("portal.sign_in_page"))
