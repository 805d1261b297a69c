"""Files that nobody else may read, such as keys: whole from the moment they are there, whenever the server is ended."""

from __future__ import annotations

import os
from pathlib import Path


def put_in_place(file: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file beside its place and move it there; its rights are `mode` from its first byte on.

    Who is killed in between leaves the file as it was. Raises OSError.
    """
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as sink:
        sink.write(data)
    draft.replace(file)
