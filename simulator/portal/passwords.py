"""Passwords by e-mailed link (portal guide §2.1): "Forgot your password", the link, and the page that sets a password.

A link's secret goes from the address into the browser's session at once: no page, address bar or Referer has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_login import current_user, logout_user
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length, Regexp

from simulator.ids import digest
from simulator.market.addresses import LONGEST_ADDRESS
from simulator.market.organisations import Account
from simulator.operations import password_links
from simulator.operations.password_links import ACTIVATION_HOURS, GoodLink, LinkRefused
from simulator.operations.sign_in import end_session
from simulator.password_rules import PasswordRules
from simulator.passwords import hash_password
from simulator.portal.sign_in import one_spelling
from simulator.web import current_world, work_of_request

_LINK = "password_link"
_ASKED_FOR = "reset_asked_for"

_STATUS = {password_links.UNKNOWN: 404}
_GONE = 410

_HEADINGS = {
    password_links.EXPIRED: "This link has expired",
    password_links.USED: "This link was used already",
    password_links.SUPERSEDED: "A newer link was sent",
    password_links.UNKNOWN: "This link is not one of ours",
}


def _shown(text: str | None) -> str:
    """An address as it was typed, with a sign in place of each character that cannot be seen."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in (text or "").strip())


class ForgottenForm(FlaskForm):
    """The address that the link should go to."""

    email = StringField("Email address", [
        InputRequired("Enter your email address."),
        Length(max=LONGEST_ADDRESS, message=f"An email address has at most {LONGEST_ADDRESS} characters."),
        Regexp(r"[^@\s\ufffd]+@[^@\s\ufffd]+\Z", message="Enter an email address, such as desk@company.example."),
    ], filters=[_shown])


class PasswordForm(FlaskForm):
    """The new password, twice. `link` says which link the page was shown for."""

    password = PasswordField("New password", [InputRequired("Enter a new password.")], filters=[one_spelling])
    repeat = PasswordField("Repeat the new password", [InputRequired("Enter the new password once more.")],
                           filters=[one_spelling])
    link = HiddenField()


def add_routes(blueprint: Blueprint) -> None:
    """Asking for a link, following it, and setting the password."""
    blueprint.add_url_rule("/password/forgotten", "forgotten_page", forgotten_page)
    blueprint.add_url_rule("/password/forgotten", "request_link", request_link, methods=["POST"])
    blueprint.add_url_rule("/password/sent", "link_sent_page", link_sent_page)
    blueprint.add_url_rule("/password/link", "follow_link", follow_link)
    blueprint.add_url_rule("/password/new", "new_password_page", new_password_page)
    blueprint.add_url_rule("/password/new", "set_password", set_password, methods=["POST"])


def forgotten_page() -> Any:
    """The page that asks for the address."""
    email = current_user.account.email if current_user.is_authenticated else ""
    return render_template("portal/forgotten.html", form=ForgottenForm(email=email))


def request_link() -> Any:
    """Send the link if there is such an account; what the browser gets is the same either way."""
    form = ForgottenForm()
    if not form.validate_on_submit():
        return render_template("portal/forgotten.html", form=form), 422
    with work_of_request() as work:
        password_links.request_reset(work, form.email.data)
    session[_ASKED_FOR] = form.email.data
    return redirect(url_for("portal.link_sent_page"), 303)


def link_sent_page() -> Any:
    """What happens next."""
    if _ASKED_FOR not in session:
        return redirect(url_for("portal.forgotten_page"))
    return render_template("portal/link_sent.html", email=session[_ASKED_FOR],
                           hours=current_world.settings.reset_link_hours)


def follow_link() -> Any:
    """Where the link of an e-mail leads: to the page that sets the password, or to the reason why not."""
    token = request.args.get("token", "")
    try:
        _look_at(token)
    except LinkRefused as refusal:
        return _explain(refusal)
    session[_LINK] = token
    return redirect(url_for("portal.new_password_page"), 303)


def _look_at(token: str) -> GoodLink:
    """What a link is good for now. Raises LinkRefused."""
    with current_world.view() as view:
        return password_links.look_at_link(view, token, current_world.now(), current_world.settings.reset_link_hours)


def _explain(refusal: LinkRefused) -> Any:
    """A page of its own for each reason why a link does not work."""
    with work_of_request() as work:
        password_links.note_refusal(work, refusal)
    return render_template(
        "portal/link_refused.html", heading=_HEADINGS[refusal.reason], reason=refusal.reason,
        activation_hours=ACTIVATION_HOURS, reset_hours=current_world.settings.reset_link_hours,
    ), _STATUS.get(refusal.reason, _GONE)


def new_password_page() -> Any:
    """The page that sets the password of the link that was followed last."""
    token = session.get(_LINK)
    if token is None:
        return _without_link()
    try:
        link = _look_at(token)
    except LinkRefused as refusal:
        return _explain(refusal)
    return _show(PasswordForm(link=_mark(token)), link)


def _without_link() -> Any:
    flash("To create a password, open the link in the email. If you just did, let your browser keep this site's "
          "cookies: the way to a new password needs them.", "warning")
    return redirect(url_for("portal.sign_in_page"))


def _mark(token: str) -> str:
    """What tells one link from another, and nobody its secret."""
    return digest(token)[:16]


def _rules() -> PasswordRules:
    settings = current_world.settings
    return PasswordRules(settings.password_characters, settings.password_strength)


def _show(form: PasswordForm, link: GoodLink, status: int = 200) -> Any:
    return render_template(
        "portal/new_password.html", form=form, email=link.account.email, rules=_rules().sentences(),
        is_first=link.purpose == password_links.ACTIVATION,
        signed_in_as=None if _is_own(link.account) else _signed_in_account()), status


def _signed_in_account() -> Account | None:
    return current_user.account if current_user.is_authenticated else None


def _is_own(account: Account) -> bool:
    """Whether the browser is signed in to this very account."""
    signed_in = _signed_in_account()
    return signed_in is not None and signed_in.id == account.id


def set_password() -> Any:
    """Set the password and use the link up; all mistakes are told at once."""
    token = session.get(_LINK)
    if token is None:
        return _without_link()
    try:
        link = _look_at(token)
        form = PasswordForm()
        if form.link.data != _mark(token):
            flash("You opened another link in this browser meanwhile. Check that this is the email address you mean.",
                  "warning")
            return redirect(url_for("portal.new_password_page"), 303)
        form.validate_on_submit()
        _find_mistakes(form, link.account)
        if form.errors:
            return _show(form, link, 422)
        # The slow part, outside any transaction.
        password_hash = hash_password(form.password.data)
        with work_of_request() as work:
            password_links.set_password(
                work, token, password_hash, current_world.settings.reset_link_hours,
                current_user.session_token if _is_own(link.account) else None)
    except LinkRefused as refusal:
        return _explain(refusal)
    g.exchange.note(participant=link.account.organisation.id)
    return _go_on(link.account)


def _find_mistakes(form: PasswordForm, account: Account) -> None:
    """Add the rules that the password breaks, and whether the second differs, to the errors at the fields."""
    if form.password.data:
        form.password.errors = [*form.password.errors,
                                *_rules().problems(form.password.data, _own_words(account))]
    if form.password.data and form.repeat.data and form.repeat.data != form.password.data:
        form.repeat.errors = [*form.repeat.errors, "The two passwords are not the same."]


def _own_words(account: Account) -> Iterator[str]:
    """What others know about the user: the address and the organisation's name, whole and in their parts."""
    for text in (account.email, account.organisation.name):
        yield text
        yield from re.findall(r"\w{3,}", text)


def _go_on(account: Account) -> Any:
    if _is_own(account):
        session.pop(_LINK)
        flash("Your new password is set. All other sessions of your account have ended.", "success")
        return redirect(url_for("portal.home"))
    if current_user.is_authenticated:
        # Nobody should set one account's password and then act in another's name.
        with work_of_request() as work:
            end_session(work, current_user.session_token, current_user.account)
        logout_user()
    session.clear()
    flash("Your password is set. Log in with it.", "success")
    return redirect(url_for("portal.sign_in_page"))
