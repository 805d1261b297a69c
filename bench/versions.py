"""The peers, pinned: change a version here and the next run installs it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pin:
    """One peer's package: its client (`pip` or `npm`), its name there, and the exact version."""

    folder: str
    client: str
    package: str
    version: str

    @property
    def requirement(self) -> str:
        """The package and version as its client writes them."""
        return f"{self.package}{'==' if self.client == 'pip' else '@'}{self.version}"


MOTO = Pin("moto", "pip", "moto[server]", "5.2.5")
PRISM = Pin("prism", "npm", "@stoplight/prism-cli", "5.16.0")
WIREMOCK = Pin("wiremock", "npm", "wiremock", "3.13.2")  # the package carries the standalone jar
