"""Who is signed in. Every page but those of the way in passes `guard`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, g, redirect, request, url_for
from flask_login import LoginManager, UserMixin, current_user

from simulator.market.organisations import Account, Organisation
from simulator.operations.sign_in import SignInRules, account_of_session
from simulator.web import current_world


class SignedInUser(UserMixin):
    """An account with its session; what the cookie holds is the session's secret, not the account's key."""

    def __init__(self, account: Account, session_token: str) -> None:
        self.account = account
        self.session_token = session_token

    def get_id(self) -> str:
        return self.session_token


def add_sign_in(app: Flask) -> None:
    """Teach the application to recognise signed-in users."""
    manager = LoginManager(app)
    manager.session_protection = None
    manager.user_loader(_load_user)


def longest_session() -> timedelta:
    """How long a sign-in lasts."""
    return timedelta(hours=current_world.settings.session_hours)


def sign_in_rules() -> SignInRules:
    """The limits in force."""
    settings = current_world.settings
    return SignInRules(settings.sign_in_attempts, timedelta(minutes=settings.sign_in_lock_minutes),
                       settings.totp_drift_steps)


def _load_user(token: str) -> SignedInUser | None:
    with current_world.view() as view:
        account = account_of_session(view, token, current_world.credential_now(), longest_session())
    return None if account is None else SignedInUser(account, token)


def guard() -> Any:
    """Send strangers to the sign-in page, and back afterwards if they wanted to look at a page."""
    if current_user.is_authenticated:
        g.exchange.note(participant=current_user.account.organisation.id)
        return None
    wanted = request.full_path.rstrip("?") if request.method == "GET" and request.path != "/" else None
    return redirect(url_for("portal.sign_in_page", next=wanted))


def my_organisation() -> Organisation:
    """The organisation that is signed in."""
    return current_user.account.organisation
