"""Files that nobody else may read, such as keys: whole from the moment they are there, whenever the server is ended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def written_in_place(file: Path, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """A file to write beside another's place, moved there when the block ends well and gone when it does not.

    Its rights are `mode` from its first byte on. Who is killed in between leaves the file as it was. Raises OSError.
    """
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as sink:
            yield sink
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def put_in_place(file: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file beside its place and move it there, as `written_in_place` does. Raises OSError."""
    with written_in_place(file, mode) as sink:
        sink.write(data)
