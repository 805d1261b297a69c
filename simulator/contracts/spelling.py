"""Values as text in a path, a query, a header or a form, single ones and lists (OpenAPI's `style` and `explode`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from .problems import CannotWrite, Findings, Path
from .writing import spell_text

_STYLES = {
    "path": {"simple": ","},
    "header": {"simple": ","},
    "query": {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"},
}
"""Where a list stands -> the styles it may have, the usual one first -> what comes between its values."""


@dataclass(frozen=True)
class ListStyle:
    """How the values of a list stand in one place: with `between`, or each with the name `repeated`."""

    between: str
    repeated: bool


def find_list_style(holder: Mapping[str, Any], where: str, path: Path, findings: Findings) -> ListStyle:
    """The style of a parameter, or of a form's property from its `encoding`. Notes a style we cannot write."""
    known = _STYLES[where]
    style = holder.get("style", next(iter(known)))
    if style not in known:
        findings.add(path, f"style: {style} cannot be written in a {where}.", f"Use one of {', '.join(known)}.")
        return ListStyle(",", False)
    return ListStyle(known[style], where == "query" and bool(holder.get("explode", style == "form")))


def _spell_list(values: list[Any], encode: Callable[[str], str]) -> list[str]:
    return [encode(spell_text(value)) for value in values]


def _quote(text: str) -> str:
    return quote(text, safe="")


def spell_pairs(values: Mapping[str, Any], styles: Mapping[str, ListStyle], for_form: bool = False) -> str:
    """name=value pairs joined by &, percent-encoded; a form has + for a space, as browsers write it."""
    encode = quote_plus if for_form else _quote
    pairs = []
    for name, value in values.items():
        style = styles[name]
        texts = _spell_list(value if isinstance(value, list) else [value], encode)
        if not style.repeated:
            texts = [style.between.join(texts)]
        pairs.extend(f"{encode(name)}={text}" for text in texts)
    return "&".join(pairs)


def fill_path(template: str, values: Mapping[str, Any]) -> str:
    """The path with its braces filled in and percent-encoded. Raises CannotWrite for a step that leads elsewhere."""
    path = template
    for name, value in values.items():
        text = ",".join(_spell_list(value if isinstance(value, list) else [value], _quote))
        path = path.replace(f"{{{name}}}", text)
    before = template.split("/")
    for step, written in zip(before, path.split("/"), strict=True):
        # An empty step, or one of dots, would be another path than the contract's, and clients tidy it away.
        if step != written and written in ("", ".", ".."):
            said = f"{written} cannot stand" if written else "Nothing stands"
            raise CannotWrite(f"{said} for {step} in the path {template}: write something else.")
    return path


def spell_header(name: str, value: Any) -> str:
    """The value of a header. Raises CannotWrite for characters no header can hold."""
    text = ",".join(_spell_list(value, str)) if isinstance(value, list) else spell_text(value)
    if not (text.isascii() and text.isprintable()) or text != text.strip():
        raise CannotWrite(f"The header {name} cannot hold {text[:40]!r}: use plain letters, digits and signs.")
    return text
