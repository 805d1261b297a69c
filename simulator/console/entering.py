"""The way into the console where the server has a control token, the guard of all its pages, and the way out.

A browser cannot send the token with every page. It gets a cookie of the console's own instead: signed with the world's
key and bound to the token, which is not in it. Pages of the portal never see it, so signing in or out there, which
empties the portal's session, does not end it. A server with another token does not know it any more.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from itsdangerous import BadSignature, URLSafeTimedSerializer
from wtforms import HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from simulator.access import is_control_token, needs_control_token, refusal_of_place
from simulator.ids import digest
from simulator.web import current_world, current_worlds

_ENTERED = "entered"
_WAY_IN = frozenset({"console.enter_page", "console.enter"})
_OWN_PAGE = re.compile(r"/console(/[a-z0-9/-]*)?(\?[!-~]*)?", re.I)


class EnterForm(FlaskForm):
    """The control token."""

    token = PasswordField("Control token", [InputRequired("Enter the control token."), Length(max=1_000)])
    next = HiddenField()


def add_routes(blueprint: Blueprint) -> None:
    """In and out."""
    blueprint.add_url_rule("/enter", "enter_page", enter_page)
    blueprint.add_url_rule("/enter", "enter", enter, methods=["POST"])
    blueprint.add_url_rule("/leave", "leave", leave, methods=["POST"])


def guard() -> Any:
    """Refuse requests from elsewhere; send those without the control token, where one is set, to the way in."""
    refusal = refusal_of_place()
    if refusal is not None:
        abort(403, refusal)
    if request.endpoint in _WAY_IN or has_entered():
        return None
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("console.enter_page", next=wanted))


def _cookie_name() -> str:
    return f"flexsim-console-{current_world.name}"


def _cookie_place() -> str:
    return f"{request.script_root}/console"


def _longest() -> timedelta:
    return timedelta(hours=current_world.settings.session_hours)


def _signing() -> URLSafeTimedSerializer:
    token = current_worlds.settings.control_token or ""
    return URLSafeTimedSerializer(current_world.session_key, salt=f"console {digest(token)}")


def has_entered() -> bool:
    """Whether this browser has given the control token; always so where there is none."""
    if not needs_control_token():
        return True
    try:
        return _signing().loads(request.cookies.get(_cookie_name(), ""), int(_longest().total_seconds())) == _ENTERED
    except BadSignature:
        return False


def enter_page() -> Any:
    """The page that asks for the control token; nobody needs it where there is none."""
    if has_entered():
        return redirect(url_for("console.overview_page"))
    return _show(EnterForm(next=request.args.get("next", "")))


def _show(form: EnterForm, status: int = 200) -> Any:
    return render_template("console/enter.html", form=form), status


def enter() -> Any:
    """Take the token, and go to the page that was wanted."""
    form = EnterForm()
    if not form.validate_on_submit():
        return _show(form, 422)
    if not is_control_token(form.token.data.strip()):
        form.token.errors = [*form.token.errors, "That is not this server’s control token. Check it, and enter it "
                             "again."]
        return _show(form, 422)
    answer = redirect(_wanted_page(form.next.data or ""))
    answer.set_cookie(_cookie_name(), _signing().dumps(_ENTERED), max_age=_longest(), path=_cookie_place(),
                      secure=request.is_secure, httponly=True, samesite="Lax")
    return answer


def _wanted_page(wanted: str) -> str:
    """A page of this console, never anything else: an open redirect would help a phisher."""
    return request.script_root + wanted if _OWN_PAGE.fullmatch(wanted) else url_for("console.overview_page")


def leave() -> Any:
    """Forget that the token was entered."""
    flash("You have left the console." if needs_control_token() else "This console is open to everybody on this "
          "machine: the server has no control token.", "info")
    answer = redirect(url_for("console.enter_page"))
    answer.delete_cookie(_cookie_name(), path=_cookie_place())
    return answer
