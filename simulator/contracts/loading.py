"""Loading a contract: the default of a platform, or a user's own file in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from .binding import BoundOperation, bind_operation
from .checking import check_openapi, check_version
from .columns import read_columns
from .outbound import OutboundMessage, bind_outbound
from .problems import ContractProblem, ContractUnusable, Findings, Path
from .references import Expansion
from .reports import bind_report
from .routes import Route, find_routes
from .source import Lines, SourceUnreadable, parse_source, read_source
from .vocabulary import PLATFORMS, RESERVED_PREFIXES, PlatformNeeds
from .webhooks import find_webhooks, has_webhooks

_FOLDER = FilePath(__file__).parent


@dataclass(frozen=True)
class Contract:
    """A platform's contract in force.

    `document` is the OpenAPI document as written, in JSON values; do not change it. `operations`, and the messages
    the platform sends, `outbound`, are by operationId. `csv` maps each column of the reading CSV to its canonical name.

    A user's contract without webhooks has those of the default, in `document` too; and so with the operations that may
    be absent.
    """

    platform: str
    document: dict[str, Any]
    operations: Mapping[str, BoundOperation]
    csv: Mapping[str, str]
    outbound: Mapping[str, OutboundMessage]


def load_contract(
    platform: str, override: FilePath | None = None, *, reserved: tuple[str, ...] = RESERVED_PREFIXES
) -> Contract:
    """The platform's contract, from the user's file if one is given.

    `reserved` are path prefixes no route may use. Raises ContractUnusable with every problem of the file.
    """
    needs = PLATFORMS.get(platform)
    if needs is None:
        known = ", ".join(PLATFORMS)
        raise ContractUnusable(
            [
                ContractProblem(
                    str(override or platform),
                    None,
                    "",
                    f"There is no platform {platform!r}.",
                    f"Use {known}.",
                )
            ]
        )
    default = _load(needs, _FOLDER / needs.file, reserved, None)
    return default if override is None else _load(needs, FilePath(override), reserved, default)


def _load(needs: PlatformNeeds, file: FilePath, reserved: tuple[str, ...], default: Contract | None) -> Contract:
    try:
        text = read_source(file)
        document = parse_source(text)
    except SourceUnreadable as fault:
        raise ContractUnusable(
            ContractProblem(str(file), line, "", what, mend) for line, what, mend in fault.faults
        ) from fault
    findings = Findings()
    operations: dict[str, BoundOperation] = {}
    routes: dict[str, Route] = {}
    columns: Mapping[str, str] = {}
    outbound: dict[str, OutboundMessage] = {}
    check_version(document, findings)
    if not findings:
        expansion = Expansion(document, findings)
        # A part of the wrong JSON type would trip the binding, so the form comes first, and only for users' files:
        # the default's form is checked by a test, and the checker takes longer to import than the server to start.
        if default is None or check_openapi(document, findings):
            routes = find_routes(document, needs, reserved, expansion, findings)
            for operation_id, route in routes.items():
                fallback = default.operations[operation_id] if default else None
                operations[operation_id] = bind_operation(
                    route, needs.operations[operation_id], document, expansion, findings, fallback
                )
            for operation_id in needs.operations if default else ():
                # Only what may be absent can be missing here without a finding.
                operations.setdefault(operation_id, default.operations[operation_id])
            for operation_id, webhook in find_webhooks(document, needs, expansion, findings).items():
                wanted = needs.outbound[operation_id]
                bind = bind_outbound if wanted.report is None else bind_report
                outbound[operation_id] = bind(webhook, wanted, expansion, findings)
            columns = read_columns(document, needs, default.csv if default else {}, findings)
    if findings:
        raise ContractUnusable(_locate(findings, file, text))
    if default is not None:
        document = {**document, "paths": _add_paths(document["paths"], routes, needs, default)}
    if default is not None and not has_webhooks(document):
        document = {**document, "webhooks": default.document["webhooks"]}
        outbound = {name: replace(message, from_default=True) for name, message in default.outbound.items()}
    return Contract(needs.name, document, operations, columns, outbound)


def _add_paths(
    paths: Mapping[str, Any], routes: Mapping[str, Any], needs: PlatformNeeds, default: Contract
) -> dict[str, Any]:
    """The user's paths, and the default's of what the user's contract may leave out and does."""
    absent = {default.operations[name].path for name in needs.operations if name not in routes}
    return {**{path: item for path, item in default.document["paths"].items() if path in absent}, **paths}


def _locate(findings: Findings, file: FilePath, text: bytes) -> list[ContractProblem]:
    lines = Lines(text)
    return [
        ContractProblem(str(file), lines.find_line(path), _say_place(path), what, mend)
        for path, what, mend in findings.items
    ]


def _say_place(path: Path) -> str:
    return " > ".join(str(step) for step in path)
