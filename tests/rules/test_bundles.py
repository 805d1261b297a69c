"""Zips of documents: the same documents are the same bytes."""

from __future__ import annotations

import io
import zipfile

import pytest

from simulator.documents.bundles import bundle, bundle_pieces, file_name

FILES = {"b.csv": b"b" * 500, "a.pdf": b"%PDF-a"}


def test_the_same_documents_are_the_same_bytes_in_any_order() -> None:
    """Ours: two downloads of a final month can be compared byte by byte."""
    assert bundle(FILES) == bundle(dict(reversed(FILES.items())))


def test_names_are_sorted_and_dates_fixed() -> None:
    """Ours: nothing in the zip tells when it was made."""
    with zipfile.ZipFile(io.BytesIO(bundle(FILES))) as archive:
        assert archive.namelist() == ["a.pdf", "b.csv"]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.testzip() is None
        assert archive.read("b.csv") == FILES["b.csv"]


def test_a_document_is_made_when_its_turn_comes() -> None:
    """Ours: 2,000 documents never stand in memory together."""
    made: list[str] = []

    def maker(name: str) -> bytes:
        made.append(name)
        return b"%PDF-" + name.encode()

    pieces = bundle_pieces({name: lambda name=name: maker(name) for name in ("2.pdf", "1.pdf")})
    first = next(pieces)
    assert made == ["1.pdf"]
    assert b"%PDF-1.pdf" in first
    assert b"".join([first, *pieces]) == bundle({"1.pdf": b"%PDF-1.pdf", "2.pdf": b"%PDF-2.pdf"})


def test_an_empty_bundle_is_a_zip_all_the_same() -> None:
    """Ours: a month without events gives a file that opens."""
    assert zipfile.ZipFile(io.BytesIO(bundle({}))).namelist() == []


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../up.pdf", "a/../../up.pdf", "c:\\up.pdf", "line\nbreak.pdf"])
def test_a_name_that_would_leave_the_folder_is_refused_before_the_first_byte(name: str) -> None:
    """Ours: a zip must not write where nobody expects it."""
    with pytest.raises(ValueError, match="cannot name a file"):
        bundle_pieces({"good.pdf": b"", name: b""})


def test_file_names_are_safe_on_every_machine() -> None:
    """Ours: names are made of words that people gave."""
    assert file_name(["2026-10", "CMZ_T7B_SWA_0012", "Brindle & Sons: Ltd"], ".pdf") == (
        "2026-10_CMZ_T7B_SWA_0012_Brindle-Sons-Ltd.pdf")
    assert file_name(["../..", "x"], ".pdf") == "x.pdf"
