"""Bytes into parsed values: content types, JSON, forms, and the strings of path, query and header."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from .problems import NotReadable
from .schemas import find_types

FORM = "application/x-www-form-urlencoded"

_WHOLE = re.compile(r"-?[0-9]{1,400}").fullmatch
_NUMBER = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[eE][-+]?[0-9]{1,4})?").fullmatch


def is_json(media_type: str) -> bool:
    """Whether a content type means JSON: application/json, or a name that ends in +json."""
    return media_type == "application/json" or media_type.endswith("+json")


def name_media_type(header: str) -> str:
    """The content type without its parameters, in lower case."""
    return header.partition(";")[0].strip().lower()


def check_media_type(header: str, taken: tuple[str, ...]) -> str:
    """The content type of a request, if it is one of `taken`. Raises NotReadable `wrong_content_type`."""
    if header in taken:
        return header
    media_type = name_media_type(header)
    if media_type in taken:
        return media_type
    wanted = " or ".join(taken)
    sent = f"The Content-Type is {media_type[:60]}" if media_type else "The request has no Content-Type"
    raise NotReadable("wrong_content_type", f"{sent}: send {wanted}.")


def parse_json(body: bytes) -> Any:
    """The body as JSON values. Raises NotReadable `broken_json` with line and column."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotReadable("broken_json", _explain_json(body, error)) from None


def _explain_json(body: bytes, error: orjson.JSONDecodeError) -> str:
    if not body.strip():
        return "The body is empty: send JSON. It ends at line 1, column 1."
    try:
        text = body.decode()
    except UnicodeDecodeError as fault:
        before = body[: fault.start]
        line, column = before.count(b"\n") + 1, fault.start - before.rfind(b"\n")
        return f"The body is not UTF-8 text at line {line}, column {column}: save or send it as UTF-8."
    place = f"at line {error.lineno}, column {error.colno}"
    rest = text[error.pos : error.pos + 9]
    if text.startswith("\ufeff"):
        return f"The body is not JSON {place}: it begins with a byte order mark; send it without."
    if rest.lstrip("-").startswith(("NaN", "Infinity")):
        return (
            f"The body is not JSON {place}: NaN and Infinity are no JSON numbers; send a number or leave the field out."
        )
    if "depth" in error.msg:
        return f"The body is not JSON {place}: it is nested too deeply; a message needs only a few levels."
    reason = error.msg.partition(": line")[0]
    return f"The body is not JSON {place}: {reason[:80]}. Check quotes, commas and brackets there."


def refuse_depth() -> NotReadable:
    """The refusal of a body that the validator cannot follow to its bottom."""
    return NotReadable(
        "broken_json",
        "The body is nested too deeply to be read, from line 1, column 1: a message needs only a few levels.",
    )


def compile_coercion(schema: Mapping[str, Any]) -> Callable[[str], Any]:
    """Turns the text of a parameter into the JSON value its schema asks for; text that does not fit stays text.

    The schema then calls it a `type` problem, so no second rule is needed here.
    """
    types = find_types(schema)
    whole, number, flag = "integer" in types, "number" in types, "boolean" in types
    if not (whole or number or flag):
        return str

    def coerce(text: str) -> Any:
        if (whole or number) and _WHOLE(text):
            return int(text)
        if number and _NUMBER(text) and math.isfinite(float(text)):
            return float(text)
        if flag and text in ("true", "false"):
            return text == "true"
        return text

    return coerce


def compile_form(schema: Mapping[str, Any]) -> Callable[[bytes], dict[str, Any]]:
    """Turns a form body into the object that the same fields would be in JSON. Raises NotReadable `broken_json`."""
    coercions = {
        name: compile_coercion(part)
        for name, part in (schema.get("properties") or {}).items()
        if isinstance(part, dict)
    }

    def parse(body: bytes) -> dict[str, Any]:
        try:
            pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), errors="strict")
        except (UnicodeDecodeError, ValueError):
            detail = (
                "The body is not a form, from line 1, column 1: send name=value pairs joined by &, percent-encoded."
            )
            raise NotReadable("broken_json", detail) from None
        return {name: coercions.get(name, str)(text) for name, text in pairs}

    return parse
