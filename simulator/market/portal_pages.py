"""The pages of the portal's menu, in exactly the guide's words, each with its label and source."""

from __future__ import annotations

from dataclasses import dataclass

_ASSUMED = "That there are declarations is documented (portal guide §3.2); the guide names no page for them."


@dataclass(frozen=True, slots=True)
class PortalPage:
    """A page of the menu: the words of its menu, and its own."""

    menu: str
    words: str
    label: str
    source: str


PORTAL_PAGES = (
    PortalPage("API Testing", "Dispatch Settings", "documented", "Portal guide §3.1."),
    PortalPage("API Testing", "Dispatch V2 Testing", "documented", "Portal guide §3.1."),
    PortalPage("API Testing", "Readings", "documented", "Portal guide §3.1."),
    PortalPage("API Testing", "My API Access Tokens", "documented", "Portal guide §3.1."),
    PortalPage("Availability", "Declarations", "assumed", _ASSUMED),
    PortalPage("Availability", "Acceptance Decisions", "documented", "Portal guide §3.2."),
    PortalPage("Reports", "Event Reports", "documented", "Portal guide §3.3."),
    PortalPage("Reports", "Invoices/Statements", "documented", "Portal guide §3.4."),
    PortalPage("Meterable Units", "Meterable Units", "documented", "Portal guide §3.1, Dispatch Testing."),
    PortalPage("Documentation", "Participant API", "documented", "Portal guide §3.5."),
    PortalPage("Documentation", "FAQ", "documented", "Portal guide §3.5."),
)
"""All of them, in the order of the menu."""

OTHER_PAGES = (
    PortalPage("User’s name", "Email preferences", "documented", "Portal guide §3.6."),
    PortalPage("Sign-in", "Log in", "documented", "Portal guide §2.3."),
    PortalPage("Sign-in", "Create a password", "documented", "Portal guide §2.1."),
    PortalPage("Sign-in", "Set up authentication", "documented", "Portal guide §2.2."),
)
"""Pages that stand in no menu of the guide's."""
