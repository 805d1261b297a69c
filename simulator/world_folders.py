"""The folders of worlds, told by their names: which are in their place, and which are not yet, or not any more."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from simulator.world import NAME

MADE, REPLACED, DELETED = ".made~", ".replaced~", ".deleted~"
"""How folders of worlds are called that are not in their place yet, or not any more."""

FILLED = ".filled"
"""The folder of database files from which worlds are copied."""

GIVEN = "fixture.yaml"
"""The text of a fixture that has no name, for another start of its world; it may hold secrets."""

_LEFT_IN_WORLD = re.compile(rf"\.next\.sqlite(-wal|-shm|-journal)?|\.{re.escape(GIVEN)}\.[0-9]+")
_LEFT_IN_SNAPSHOTS = re.compile(r"\.[a-z0-9][a-z0-9-]{0,62}\.sqlite(-wal|-shm|-journal)?")


def worlds_in(folder: Path) -> list[str]:
    """Names of the worlds whose folders are in their place, sorted."""
    return sorted(path.name for path in folder.iterdir() if NAME.match(path.name) and path.is_dir())


def clear_up(folder: Path) -> None:
    """Remove what a server left that was killed: worlds half made or half deleted, and the copies they began.

    A world that was to be replaced, and was not yet, is put back. All else is somebody else's and stays: desktops,
    disks and version control leave their own in every folder. Raises OSError.
    """
    for path in sorted(folder.iterdir()):
        if not path.is_dir() or path.is_symlink():
            continue
        place = folder / path.name.removeprefix(REPLACED)
        if _is_aside(path.name, REPLACED) and not place.exists():
            path.rename(place)
        elif path.name == FILLED or any(_is_aside(path.name, prefix) for prefix in (MADE, REPLACED, DELETED)):
            shutil.rmtree(path)
    for name in worlds_in(folder):
        for leftover in _left_in(folder / name):
            leftover.unlink()


def _is_aside(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and NAME.match(name.removeprefix(prefix)) is not None


def _left_in(world: Path) -> Iterator[Path]:
    for place, is_left in ((world, _LEFT_IN_WORLD), (world / "snapshots", _LEFT_IN_SNAPSHOTS)):
        for path in place.glob(".*"):
            if is_left.fullmatch(path.name) and path.is_file():
                yield path
