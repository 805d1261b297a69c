"""Routes of a contract: which path and method carries which of our operations, and at which full path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from .problems import Findings, Path
from .references import Expansion
from .vocabulary import PlatformNeeds

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True)
class Route:
    """One operation of ours in the document. `operation` and `parameters` have no references any more."""

    operation_id: str
    method: str
    template: str
    path: Path
    operation: dict[str, Any]
    parameters: list[dict[str, Any]]


def _blank(template: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", template)


def _base_path(holder: Mapping[str, Any]) -> str | None:
    servers = holder.get("servers")
    if not isinstance(servers, list) or not servers or not isinstance(servers[0], dict):
        return None
    url = str(servers[0].get("url", "/"))
    for name, variable in (servers[0].get("variables") or {}).items():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    return urlsplit(url).path.rstrip("/")


def merge_parameters(item: Mapping[str, Any], operation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Parameters of an operation: those of its path item, and its own in the place of equal ones."""
    merged = {}
    for parameter in (*(item.get("parameters") or ()), *(operation.get("parameters") or ())):
        if isinstance(parameter, dict):
            merged[parameter.get("in"), parameter.get("name")] = parameter
    return list(merged.values())


def _list_operations(paths: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    for template, item in paths.items():
        for method in METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            if isinstance(operation, dict):
                yield template, method, item, operation


def find_routes(
    document: Mapping[str, Any],
    needs: PlatformNeeds,
    reserved: tuple[str, ...],
    expansion: Expansion,
    findings: Findings,
) -> dict[str, Route]:
    """Routes by operationId. Notes unknown, double and absent operationIds, equal routes and reserved paths."""
    routes: dict[str, Route] = {}
    seen: dict[tuple[str, str], str] = {}
    known = ", ".join(needs.operations)
    for template, method, item, operation in _list_operations(expansion.expand(("paths",)) or {}):
        path: Path = ("paths", template, method)
        twin = seen.setdefault((_blank(template), method), template)
        if twin != template:
            findings.add(
                path,
                f"{method.upper()} {template} and {method.upper()} {twin} are the same route.",
                "Remove one.",
            )
        operation_id = operation.get("operationId")
        if operation_id is None:
            continue
        here = (*path, "operationId")
        if operation_id not in needs.operations:
            close = get_close_matches(str(operation_id), needs.operations, 1)
            hint = f"Did you mean {close[0]}?" if close else f"The operations are: {known}."
            if operation_id in needs.outbound:
                hint = f"{operation_id} is a message that the platform sends: describe it below webhooks."
            findings.add(
                here,
                f"operationId: {operation_id} is no operation of this platform.",
                f"{hint} Remove the operationId of a route the simulator need not offer.",
            )
            continue
        if operation_id in routes:
            findings.add(here, f"operationId: {operation_id} stands on a second route.", "Keep it on one route only.")
            continue
        base = next((found for holder in (operation, item, document) if (found := _base_path(holder)) is not None), "")
        full = base + template
        _check_path(full, path, reserved, findings)
        routes[operation_id] = Route(
            operation_id, method.upper(), full, path, operation, merge_parameters(item, operation)
        )
    for operation_id, operation_needs in needs.operations.items():
        if operation_id not in routes and not operation_needs.may_be_absent:
            findings.add(
                ("paths",),
                f"No route has operationId: {operation_id}.",
                f"Write it on the route that does this: {known}.",
            )
    return routes


def _check_path(full: str, path: Path, reserved: tuple[str, ...], findings: Findings) -> None:
    """Note a path that takes requests away from the simulator's own pages and calls."""
    mend = "Choose another path, or give it a base path with servers: [{url: /api}]."
    if full == "/":
        findings.add(path, "The path / is the simulator's own first page.", mend)
        return
    bad = next((prefix for prefix in reserved if _begins(full, prefix)), None)
    if bad is not None:
        said = f"can mean {bad}" if "{" in full.strip("/").split("/")[0] else f"begins with {bad}"
        findings.add(path, f"{full} {said}, which belongs to the simulator itself.", mend)


def _begins(path: str, prefix: str) -> bool:
    """Whether a path, its braces filled in suitably, is the prefix or lies below it."""
    steps, wanted = path.strip("/").split("/"), prefix.strip("/").split("/")
    return len(steps) >= len(wanted) and all(map(_may_be, steps, wanted))


def _may_be(step: str, wanted: str) -> bool:
    if "{" not in step:
        return step == wanted
    parts = re.split(r"\{[^}]*\}", step)
    return re.fullmatch(".+".join(map(re.escape, parts)), wanted) is not None


def check_path_parameters(route: Route, findings: Findings) -> None:
    """Note braces without a parameter, and path parameters without braces."""
    braces = re.findall(r"\{([^}]*)\}", route.template)
    declared = [parameter.get("name") for parameter in route.parameters if parameter.get("in") == "path"]
    for name in braces:
        if name not in declared:
            findings.add(
                route.path,
                f"The path has {{{name}}}, and no parameter says what it is.",
                f"Add a parameter with in: path, name: {name}, required: true and a schema.",
            )
    for name in declared:
        if name not in braces:
            findings.add(
                (*route.path, "parameters"),
                f"The path parameter {name} is not in the path.",
                f"Write {{{name}}} into the path.",
            )
