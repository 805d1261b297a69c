"""What the console's forms share: showing what the rules say at the field that it is about."""

from __future__ import annotations

from collections.abc import Iterable

from flask_wtf import FlaskForm

from simulator.market.errors import RuleBreach


def show_breaches(form: FlaskForm, breaches: Iterable[RuleBreach]) -> None:
    """Put every breach at its field; one that is about no field of the form goes above the form."""
    for breach in breaches:
        if breach.field is None or breach.field not in form:
            form.form_errors.append(breach.message)
        else:
            form[breach.field].errors = [*form[breach.field].errors, breach.message]
    go_to_first_error(form)


def go_to_first_error(form: FlaskForm) -> None:
    """Let the browser begin at the first field that is wrong: it may stand far down the page."""
    wrong = next((field for field in form if field.errors), None)
    if wrong is not None:
        wrong.render_kw = {**(wrong.render_kw or {}), "autofocus": True}


def typed(text: str | None) -> str:
    """What was typed, without spaces around it. Other control characters stay, for the rules to refuse them aloud."""
    return (text or "").strip(" ")
