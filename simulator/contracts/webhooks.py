"""Webhooks of a contract: the messages the platform sends, each with its method and its path below the receiver's url.

OpenAPI 3.1 has a place for the message, but none for its path, because only the receiver knows it; `x-path` says it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from .problems import Findings, Path
from .references import Expansion
from .routes import METHODS, Route, merge_parameters
from .vocabulary import PlatformNeeds

_CARRYING = ("get", "put", "post", "patch", "delete")
"""Methods that can carry a message; the others ask about a path and change nothing there."""

# Printable ASCII without ? # { }, and parameters in braces.
_PATH = re.compile(r"(?:/(?:[!\"$->@-z|~]|\{[^{}/]+\})*)?").fullmatch


def _list_webhooks(webhooks: Any) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    for name, item in webhooks.items() if isinstance(webhooks, dict) else ():
        for method in METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            if isinstance(operation, dict):
                yield name, method, item, operation


def has_webhooks(document: Mapping[str, Any]) -> bool:
    """Whether the contract describes messages of the platform at all."""
    return bool(document.get("webhooks"))


def find_webhooks(
    document: Mapping[str, Any], needs: PlatformNeeds, expansion: Expansion, findings: Findings
) -> dict[str, Route]:
    """Webhooks by operationId; the route's template is the path below the receiver's base url.

    Notes unknown, double and absent operationIds, and paths that cannot be sent to.
    """
    routes: dict[str, Route] = {}
    if not has_webhooks(document):
        return routes
    for name, method, item, operation in _list_webhooks(expansion.expand(("webhooks",))):
        path: Path = ("webhooks", name, method)
        operation_id = operation.get("operationId")
        if operation_id is None:
            continue
        if operation_id not in needs.outbound:
            _refuse_id(str(operation_id), needs, (*path, "operationId"), findings)
        elif operation_id in routes:
            what = f"operationId: {operation_id} stands on a second webhook."
            findings.add((*path, "operationId"), what, "Keep it on one webhook only.")
        else:
            if method not in _CARRYING:
                what = f"{method.upper()} carries no message."
                findings.add(path, what, f"Use one of {', '.join(_CARRYING)}.")
            template = _find_path(item, operation, path, findings)
            parameters = merge_parameters(item, operation)
            routes[operation_id] = Route(operation_id, method.upper(), template, path, operation, parameters)
    for operation_id in needs.outbound:
        if operation_id not in routes:
            findings.add(
                ("webhooks",),
                f"No webhook has operationId: {operation_id}.",
                "Write it on the webhook of this message, or remove webhooks, and the default contract's is sent.",
            )
    return routes


def _refuse_id(operation_id: str, needs: PlatformNeeds, path: Path, findings: Findings) -> None:
    close = get_close_matches(operation_id, needs.outbound, 1)
    hint = f"Did you mean {close[0]}?" if close else f"The messages are: {', '.join(needs.outbound)}."
    findings.add(
        path,
        f"operationId: {operation_id} is no message that this platform sends.",
        f"{hint} Remove the operationId of a webhook the simulator need not send.",
    )


def _find_path(item: Mapping[str, Any], operation: Mapping[str, Any], path: Path, findings: Findings) -> str:
    holder, here = (operation, path) if "x-path" in operation else (item, path[:-1])
    template = holder.get("x-path")
    if not isinstance(template, str):
        findings.add(
            here,
            "This webhook does not say where its message is sent.",
            "Add x-path: /dispatch, or what comes after the base url in its place; x-path: '' is the base url itself.",
        )
        return ""
    if not _PATH(template):
        findings.add(
            (*here, "x-path"),
            f"x-path: {template} is no path below a base url.",
            "Begin with /, write {name} where a parameter goes, and leave out host, spaces, ? and #.",
        )
        return ""
    return template
