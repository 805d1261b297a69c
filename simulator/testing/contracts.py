"""Where the calls of the contracts in force are: who brings a contract of their own calls their own paths."""

from __future__ import annotations

from simulator.testing.calls import ControlCalls


class Contracts:
    """Paths by platform (`participant`, `smp`) and operationId, asked of the server once."""

    def __init__(self, control: ControlCalls) -> None:
        self._control = control
        self._paths: dict[str, dict[str, str]] = {}

    def path(self, platform: str, operation: str) -> str:
        """The path of an operation below the world. Raises LookupError with the operations there are."""
        if platform not in self._paths:
            said = self._control.get(f"/contracts/{platform}")
            self._paths[platform] = {
                call["operationId"]: path for path, calls in said["paths"].items() for call in calls.values()
                if isinstance(call, dict) and "operationId" in call}
        found = self._paths[platform]
        if operation not in found:
            raise LookupError(f"the {platform} contract has no operation {operation!r}; it has {', '.join(found)}")
        return found[operation]
