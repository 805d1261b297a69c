"""What the DSO's control room does in a world: it dispatches units, and ends dispatches early."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from simulator.testing.calls import ControlCalls


class ControlRoom:
    """The control room of one world.

        dispatch = control_room.dispatch(["MU-1001"], start, end, power_kw=150)
        clock.advance(to=start)
        assert control_room.state_of(dispatch) == "running"
    """

    def __init__(self, control: ControlCalls) -> None:
        self._control = control

    def dispatch(self, units: Sequence[str], start: datetime | str, end: datetime | str, power_kw: float,
                 programme: str = "OU", participant: str = "brindle", notice_minutes: int | None = None) -> str:
        """Plan a dispatch; its id. START goes out so many minutes before the start. Raises Refused."""
        wanted = {"participantId": participant, "programme": programme, "meterableUnitIds": list(units),
                  "startTime": _text(start), "endTime": _text(end), "powerChangeKw": power_kw,
                  **({} if notice_minutes is None else {"noticeMinutes": notice_minutes})}
        return str(self._control.post("/dispatches", wanted)["dispatchId"])

    def stop(self, dispatch: str) -> None:
        """End a dispatch early."""
        self._control.post(f"/dispatches/{dispatch}/stop")

    def emergency_stop(self, dispatch: str) -> None:
        """End a dispatch at once."""
        self._control.post(f"/dispatches/{dispatch}/emergency-stop")

    def read(self, dispatch: str) -> dict[str, Any]:
        """A dispatch with its messages and every attempt."""
        found: dict[str, Any] = self._control.get(f"/dispatches/{dispatch}")
        return found

    def state_of(self, dispatch: str) -> str:
        """`planned`, `sent`, `acknowledged`, `running`, `stopped`, `failed` or `cancelled`."""
        return str(self.read(dispatch)["state"])


def _text(moment: datetime | str) -> str:
    return moment.isoformat() if isinstance(moment, datetime) else moment
