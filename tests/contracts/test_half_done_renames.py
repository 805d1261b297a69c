"""A contract in which a name was changed in one place and not in the other is refused at load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .contract_files import problems_after, reading_of


def test_a_property_renamed_in_one_place_only_is_told(tmp_path: Path) -> None:
    """A name that is required and not allowed: the server would start, and no message could ever be right."""

    def rename_half(document: dict[str, Any]) -> None:
        properties = reading_of(document)["properties"]
        properties["kilowatts"] = properties.pop("powerKw")

    said = "\n".join(str(problem) for problem in problems_after(tmp_path, rename_half))
    assert "powerKw is required here, and no property of this object has that name." in said
