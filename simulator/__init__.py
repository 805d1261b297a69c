"""Offline simulator of two UK flexibility platforms.

Public names: `Simulator` (start it, drive its worlds), `Settings`, `__version__`. They load on first use, so that
importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"
__all__ = ["Settings", "Simulator", "__version__"]

_HOMES = {"Simulator": "simulator.facade", "Settings": "simulator.settings"}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
