"""Where templates, static files and fixtures are: at the top of a checkout, or inside an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent
_SHIPPED = _PACKAGE / "_shipped"


def folder(name: str) -> Path:
    """The folder `templates`, `static` or `fixtures`. Raises FileNotFoundError when an installation lacks it."""
    for root in (_SHIPPED, _CHECKOUT):
        candidate = root / name
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(
        f"The folder {name!r} is missing from this installation of the simulator. Install the wheel again."
    )


def world_fixtures() -> dict[str, Path]:
    """Name of each shipped world fixture -> its YAML file."""
    return {path.stem: path for path in sorted((folder("fixtures") / "worlds").glob("*.yaml"))}
