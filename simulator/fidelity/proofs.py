"""The proofs that come with the simulator: which of its tests exercised an entry and passed.

`proofs.json` is written from the results of a whole run of the tests (`make proofs`), never by hand:
`{entry id: {"digest": of the entry when it was written, "tests": [node ids of at most three tests]}}`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson

PROOFS_FILE = Path(__file__).parent / "proofs.json"


def read_file(file: Path = PROOFS_FILE) -> dict[str, dict[str, Any]]:
    """What a file of proofs says; nothing before the first whole run."""
    return orjson.loads(file.read_bytes()) if file.exists() else {}


@cache
def read_proofs() -> dict[str, tuple[str, ...]]:
    """Entry id -> node ids of tests, at most three, in the order of the alphabet."""
    return {entry: tuple(kept["tests"]) for entry, kept in read_file().items()}
