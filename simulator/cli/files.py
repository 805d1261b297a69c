"""Files that commands write: never over another by accident, and for their owner only, as they hold secrets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from simulator.private_files import written_in_place


@contextmanager
def own_file(target: Path, force: bool) -> Iterator[IO[bytes]]:
    """A file to write, in place when the block ends well. Wrong usage if one is there and `force` is not."""
    if target.exists() and not force:
        raise click.UsageError(f"{target} is there already. Say --force to replace it, or name another file.")
    try:
        with written_in_place(target) as sink:
            yield sink
    except OSError as error:
        raise click.UsageError(f"{target} cannot be written: {error.strerror or error}") from None
