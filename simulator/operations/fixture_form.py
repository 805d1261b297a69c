"""The form of fixtures, `fixtures/world.schema.yaml` and what it refers to: what of a text does not have it, in words.

Messages are told in answers, logs and on the screens of others, so that they never show what is secret: a password or
token with a typing error in it is as good as the right one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

import jsonschema_rs

from simulator import assets
from simulator.operations.fixture_text import Problem, read_text
from simulator.secret_names import SECRET_NAME

_MOST = 10_000
_WHAT_IS_THERE = "this"


def problems_of_form(content: Any) -> Iterator[Problem]:
    """Everything that does not have the form of a fixture, or as much of it as anybody may want to know."""
    is_saved = isinstance(content, dict) and "record" in content
    for error in islice(_validator(is_saved).iter_errors(content), _MOST):
        yield from _problems(error)


@cache
def _form(is_saved: bool) -> dict[str, Any]:
    """The files of the form as one, so that nothing has to be found while fixtures are checked.

    That of records is large, and read only when there is one: the server starts with a fixture that has none.
    """
    world, parts = _schema("world"), _schema("parts")
    return {**world, "$defs": {**parts["$defs"], "record": _schema("record") if is_saved else {}}}


@cache
def _validator(is_saved: bool) -> Any:
    # Without the mask its messages quote what is wrong, with all that is inside.
    return jsonschema_rs.validator_for(_form(is_saved), mask=_WHAT_IS_THERE)


def _schema(name: str) -> dict[str, Any]:
    text = (assets.folder("fixtures") / f"{name}.schema.yaml").read_text("utf-8")
    schema, _ = read_text(text.replace("parts.schema.yaml#", "#").replace("record.schema.yaml}", "'#/$defs/record'}"))
    return schema


def _problems(error: Any) -> Iterator[Problem]:
    path = tuple(error.instance_path)
    kind = type(error.kind).__name__
    if kind == "AdditionalProperties":
        for name in error.kind.unexpected:
            yield (*path, name), f"{name!r} has no meaning here"
    elif kind == "OneOfNotValid":
        yield from _of_alternatives(error, path)
    elif kind == "Pattern" and (words := _words(list(error.schema_path))):
        yield path, f"{_shown(error, path)} is not written as it should be. {words}"
    elif kind == "Enum":
        yield path, f"{_shown(error, path)} is not one of {', '.join(map(str, error.kind.options))}"
    else:
        yield path, _sentence(error, path)


def _shown(error: Any, path: tuple[str | int, ...]) -> str:
    """What stands at a place; not shown when it is secret, or may hold something that is."""
    return repr(error.instance) if _may_be_shown(error, path) else _WHAT_IS_THERE


def _may_be_shown(error: Any, path: tuple[str | int, ...]) -> bool:
    # The code of a zone is no secret; a code of six digits, which the journal masks, stands in no fixture.
    is_secret = any(isinstance(name, str) and SECRET_NAME.search(name) for name in path if name != "code")
    return not is_secret and not isinstance(error.instance, dict | list)


def _sentence(error: Any, path: tuple[str | int, ...]) -> str:
    """What the library says, of what stands there."""
    rest = error.message.removeprefix(_WHAT_IS_THERE)
    if rest == error.message or not _may_be_shown(error, path):
        return error.message
    return json.dumps(error.instance, ensure_ascii=False) + rest


def _of_alternatives(error: Any, path: tuple[str | int, ...]) -> Iterator[Problem]:
    """What is wrong with the alternative that was meant: the one of the right type, if one alone is."""
    branches = error.kind.context
    meant = [branch for branch in branches
             if not any(tuple(each.instance_path) == path and type(each.kind).__name__ in ("Type", "Enum")
                        for each in branch)]
    if len(meant) == 1:
        for each in meant[0]:
            yield from _problems(each)
    else:
        yield path, "; and ".join(_sentence(each, path) for branch in branches for each in branch)


def _words(schema_path: list[str | int]) -> str:
    """What the form says of the part whose keyword a path leads to."""
    form = _form(is_saved=True)
    schema: Any = form
    words = ""
    for part in schema_path:
        if part == "$ref":
            schema = form["$defs"][schema["$ref"].rpartition("/")[2]]
        elif isinstance(schema, dict | list):
            try:
                schema = schema[part]
            except (KeyError, IndexError, TypeError):
                return ""
        if isinstance(schema, dict):
            own = schema.get("description")
            words = own if isinstance(own, str) else words if part == "$ref" else ""
    return words
