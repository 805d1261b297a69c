"""The search for parts without a label finds each kind of part (documented, public, inferred, assumed)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulator.contracts import unlabelled
from simulator.contracts.provenance import is_labelled

from .contract_files import default_document


def labels_of(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every label of the document stands."""
    if isinstance(node, dict):
        if "x-provenance" in node or {"label", "source"} <= set(node) and "code" in node:
            yield path
        for key, value in node.items():
            if key != "x-provenance":
                yield from labels_of(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from labels_of(value, (*path, index))


def part_at(document: Any, path: tuple[Any, ...]) -> Any:
    """The part of a document at a path."""
    for step in path:
        document = document[step]
    return document


def point(path: tuple[Any, ...]) -> str:
    """The path as a JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


LABELLED = list(labels_of(default_document()))
NO_LIMITS = {"/components/schemas/Reading", "/x-csv"}
"""Labels that say more than is asked for: the search wants one only where there is a limit, a word or a field."""


@pytest.mark.parametrize("path", [path for path in LABELLED if point(path) not in NO_LIMITS], ids=point)
def test_a_label_taken_away_is_missed(path: tuple[Any, ...]) -> None:
    """Each label of the default contract, removed from a copy, is reported at its place, and nothing else is.

    The words of an enum have their labels in that of their property, so they go with it.
    """
    document = default_document()
    part = part_at(document, path)
    part.pop("x-provenance", None) or part.pop("label")
    words = [f"{point(path)}/enum/{index}" for index, _ in enumerate(part.get("enum", ()))]
    assert sorted(unlabelled(document)) == sorted([point(path), *words])


def test_the_default_contract_has_many_labels() -> None:
    """The test above tries them all."""
    assert len(LABELLED) > 45


@pytest.mark.parametrize("label", [
    None, {}, "public", {"label": "public"}, {"label": "public", "source": " "}, {"label": "certain", "source": "FAQ"},
])
def test_a_label_needs_one_of_four_words_and_a_source(label: Any) -> None:
    """A word without a source helps nobody to judge it."""
    assert not is_labelled(label)


def test_a_new_word_of_an_enum_is_missed() -> None:
    """Enum words have labels of their own."""
    document = default_document()
    document["components"]["schemas"]["Reading"]["properties"]["flow"] = {
        "enum": ["IMPORT", "EXPORT"],
        "x-provenance": {"label": "assumed", "source": "test",
                         "words": {"IMPORT": {"label": "public", "source": "portal FAQ page"}}}}
    assert unlabelled(document) == ["/components/schemas/Reading/properties/flow/enum/1"]


@pytest.mark.parametrize("key", ["$defs", "then", "else", "not", "additionalProperties", "prefixItems"])
def test_a_limit_in_any_corner_of_a_schema_is_missed(key: str) -> None:
    """Wherever JSON Schema lets a limit stand, it needs a label."""
    document = default_document()
    limit = {"maximum": 5}
    inner: Any = {"$defs": {"a": limit}, "prefixItems": [limit]}.get(key, limit)
    document["components"]["schemas"]["Late"] = {key: inner}
    assert len(unlabelled(document)) == 1
