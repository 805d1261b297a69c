"""Calls of the SMP as commands that run as they stand: each that needs a token fetches one first.

So they run today and next week, and a copied command holds no secret that somebody else could still use.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from simulator.contract_pages.commands import Example, as_curl, as_python, pretty, python_call
from simulator.contracts import BoundOperation, CannotWrite, Contract, WireAnswer, WireRequest

_TOKEN = "TOKEN-FETCHED-BEFORE"
"""Stands where the token belongs until the commands are put together: letters that no address and no shell changes."""

_QUOTED = re.compile(rf"""'([^'"$`\\!]*){_TOKEN}([^'"$`\\!]*)'""")

_GRANT = {"token_type": "Bearer", "expires_in": 3600}


class Caller:
    """Writes the commands of a participant. Raises CannotWrite when the contract cannot say username and password."""

    def __init__(self, contract: Contract, username: str, password: str) -> None:
        self._authenticate = contract.operations["authenticate"]
        self._wire = self._authenticate.write([{"username": username, "password": password}])
        answer = self._authenticate.answer("accepted", {**_GRANT, "access_token": _TOKEN})
        keys = _way_to(orjson.loads(answer.body)) if answer.body else None
        if keys is None:
            raise CannotWrite("The contract has no place for access_token in the answer of authenticate.")
        self._way = "".join(f"[{orjson.dumps(key).decode()}]" for key in keys)

    def example(self, operation: BoundOperation, wire: WireRequest, answer: WireAnswer, token: str | None = _TOKEN,
                data: str | None = None) -> Example:
        """A request and its answer. `token` is a wrong one, or None for a call that takes none; unless it is said, one
        is fetched first. `data` is an expression of Python for a body that is too long to print.
        """
        curl = "" if data is not None else as_curl(operation, wire, token)
        python = as_python(operation, wire, token, data)
        if token == _TOKEN:
            curl = curl and f"{self._fetch_in_shell()}\n{_with_variable(curl)}"
            python = python.replace("import requests\n\n", f"import requests\n\n{self._fetch_in_python()}\n", 1)
            python = python.replace(f"{_TOKEN}'", "' + token").replace("'' + token", "token")
        return Example(curl, python, answer.status, pretty(answer.body))

    def _fetch_in_shell(self) -> str:
        curl = as_curl(self._authenticate, self._wire, None).replace("curl ", "curl -s ", 1)
        return (f"TOKEN=$({curl} |\n  python3 -c 'import json, sys; print(json.load(sys.stdin){self._way})')")

    def _fetch_in_python(self) -> str:
        return f"token = {python_call(self._authenticate, self._wire, None)}.json(){self._way}"


def _with_variable(curl: str) -> str:
    """The command with the shell's variable in place of the token, in double quotes: single ones would keep it."""
    return _QUOTED.sub(r'"\1$TOKEN\2"', curl).replace(_TOKEN, "'\"$TOKEN\"'")


def _way_to(value: Any) -> list[str | int] | None:
    """The keys that lead to the token in an answer."""
    if value == _TOKEN:
        return []
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        way = _way_to(part)
        if way is not None:
            return [key, *way]
    return None
