"""Letting things go wrong on purpose in a world."""

from __future__ import annotations

from typing import Any

from simulator.testing.calls import ControlCalls


class Faults:
    """The faults of one world. Effects and surfaces: docs/faults.md.

        faults.switch_on("participant", {"status": 503}, times=2)
        faults.switch_on("dispatch", {"drop": "answer"}, participant="brindle")
    """

    def __init__(self, control: ControlCalls) -> None:
        self._control = control

    def switch_on(self, surface: str, effect: dict[str, Any], *, route: str | None = None,
                  participant: str | None = None, nth: int | None = None, times: int | None = None,
                  probability: float | None = None, seed: int | None = None) -> int:
        """Switch a fault on; its number. Raises Refused for an effect that the surface has not."""
        match = _said(surface=surface, route=route, participant=participant)
        when = _said(nth=nth, times=times, probability=probability)
        fault = {"match": match, "effect": effect, **({"when": when} if when else {}), **_said(seed=seed)}
        return int(self._control.post("/faults", fault)["id"])

    def switch_off(self, fault: int | None = None) -> None:
        """Switch a fault off, or all."""
        self._control.delete("/faults" if fault is None else f"/faults/{fault}")

    def all(self) -> list[dict[str, Any]]:
        """The faults that are on, with how many exchanges each has seen and touched."""
        found: list[dict[str, Any]] = self._control.get("/faults")["faults"]
        return found


def _said(**parts: Any) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value is not None}
