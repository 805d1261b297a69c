"""Zip files of documents. The same documents give the same bytes, whatever the day and the order they came in.

Names are sorted, and every file has the same date: a zip cannot do without, and 1980 is the first it knows. What is
compressed already is stored as it is.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_READABLE_BY_ALL = 0o100644 << 16
_COMPRESSED_ALREADY = (".pdf", ".zip", ".png")

Content = bytes | Callable[[], bytes]
"""A document, or what makes it when its turn comes, so that a large bundle never stands in memory as a whole."""


def bundle(files: Mapping[str, Content]) -> bytes:
    """A zip of files by name. Raises ValueError for a name that would leave the folder the zip is unpacked in."""
    return b"".join(bundle_pieces(files))


def bundle_pieces(files: Mapping[str, Content]) -> Iterator[bytes]:
    """The same zip in pieces, each given out as soon as its document is in; names are checked before the first."""
    for name in files:
        if not name or name.startswith("/") or "\\" in name or ".." in name.split("/") or not name.isprintable():
            raise ValueError(f"{name!r} cannot name a file in a zip")
    return _pieces(files)


def _pieces(files: Mapping[str, Content]) -> Iterator[bytes]:
    out = _Outflow()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files):
            content = files[name]
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.create_system = 3  # Unix: else the bytes depend on the machine
            entry.external_attr = _READABLE_BY_ALL
            is_compressed = name.lower().endswith(_COMPRESSED_ALREADY)
            entry.compress_type = zipfile.ZIP_STORED if is_compressed else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content if isinstance(content, bytes) else content())
            yield out.taken()
    yield out.taken()


class _Outflow(io.RawIOBase):
    """A file that can only be written on, and that gives out what was written since it was last asked."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self._pieces.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def file_name(parts: Iterable[str], suffix: str) -> str:
    """A name for a file out of words that people gave, safe on every machine: `2026-10_CMZ_T7B_SWA_0012.pdf`."""
    words = [re.sub(r"[^A-Za-z0-9._-]+", "-", part).strip("-._") for part in parts]
    return "_".join(filter(None, words)) + suffix
