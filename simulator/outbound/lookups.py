"""Looking names up within a time: a name server that does not answer holds nobody up."""

from __future__ import annotations

import threading
from typing import Any

from simulator.outbound.targets import Resolver


def look_up_in_time(resolver: Resolver, seconds: float, name: str, port: int, **options: Any
                    ) -> list[tuple[Any, ...]]:
    """What the resolver finds, looked up in a thread that is left to itself when the time is over.

    A look-up cannot be told to hurry. Raises TimeoutError, and what the resolver raises.
    """
    found: list[list[tuple[Any, ...]]] = []
    errors: list[BaseException] = []

    def look_up() -> None:
        try:
            found.append(resolver(name, port, **options))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=look_up, name="flexsim-look-up", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not found:
        raise TimeoutError
    return found[0]
