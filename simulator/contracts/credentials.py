"""Where a request carries its token, from the contract's security scheme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .messages import WireRequest
from .problems import Findings, Path

_BEARER_TYPES = ("oauth2", "openIdConnect")


@dataclass(frozen=True)
class Credential:
    """Place of the token: `where` is header or query, `prefix` stands before it ("Bearer " or nothing)."""

    where: str
    name: str
    prefix: str

    def read(self, request: WireRequest) -> str | None:
        """The token that was sent, or None when there is none or it has another prefix."""
        text = request.header(self.name) if self.where == "header" else request.query.get(self.name)
        if text is None or not text.lower().startswith(self.prefix.lower()):
            return None
        return text[len(self.prefix) :].strip() or None

    def write(self, token: str) -> tuple[str, str, str]:
        """(`header` or `query`, its name, its value) that carries this token."""
        return self.where, self.name, f"{self.prefix}{token}"


BEARER = Credential("header", "Authorization", "Bearer ")
"""Where the token stands when a contract says nothing: without one nobody could tell whose readings these are."""


def find_credential(
    document: Mapping[str, Any], operation: Mapping[str, Any], path: Path, findings: Findings
) -> Credential | None:
    """The token's place for an operation, None when the contract asks for none. Notes schemes we cannot check."""
    wanted = operation.get("security", document.get("security")) or []
    here = (*path, "security") if "security" in operation else ("security",)
    for requirement in wanted:
        for name in requirement:
            schemes = (document.get("components") or {}).get("securitySchemes") or {}
            scheme = schemes.get(name)
            if scheme is None:
                findings.add(here, f"The security scheme {name} is not there.", "Add it to components/securitySchemes.")
                return None
            kind = scheme.get("type")
            if kind in _BEARER_TYPES or (kind == "http" and str(scheme.get("scheme")).lower() == "bearer"):
                return BEARER
            if kind == "apiKey" and scheme.get("in") in ("header", "query"):
                return Credential(scheme["in"], str(scheme.get("name")), "")
            findings.add(
                ("components", "securitySchemes", name),
                "The simulator cannot check this security scheme.",
                "Use type: http with scheme: bearer, or type: apiKey in a header or the query.",
            )
            return None
    return None
