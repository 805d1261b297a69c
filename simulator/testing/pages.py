"""Pages as a reader sees them: headings, texts, tables, links and forms, without a browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
"""Elements without content, and so without an end tag."""

_UNSEEN = frozenset({"script", "style", "template"})
_BLOCKS = frozenset({"br", "dd", "div", "dt", "h1", "h2", "h3", "li", "option", "p", "td", "th", "tr"})


@dataclass
class Element:
    """An element of a page. `children` are elements and texts in order."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = field(default=None, repr=False)
    children: list[Element | str] = field(default_factory=list, repr=False)

    def walk(self) -> Iterator[Element]:
        """This element and all inside it, in the order of the page."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def find_all(self, *tags: str, **attributes: str) -> list[Element]:
        """Elements inside with one of the tags and these attributes; `class_` matches one class."""
        wanted_class = attributes.pop("class_", None)
        return [element for element in self.walk() if (not tags or element.tag in tags)
                and (wanted_class is None or wanted_class in element.attributes.get("class", "").split())
                and all(element.attributes.get(name) == value for name, value in attributes.items())]

    def get(self, name: str, default: str = "") -> str:
        """An attribute."""
        return self.attributes.get(name, default)

    @property
    def text(self) -> str:
        """What a reader sees of it, in single spaces."""
        return " ".join("".join(self._texts()).split())

    @property
    def raw_text(self) -> str:
        """The text as it stands, spaces and line breaks too."""
        return "".join(child for child in self.children if isinstance(child, str))

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in _UNSEEN:
                yield from child._texts()
                yield " " if child.tag in _BLOCKS else ""


class TreeBuilder(HTMLParser):
    """Builds the tree, from `root` on; an end tag closes what is open inside it, as in browsers."""

    element: type[Element] = Element

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.element("#document", {})
        self.open = self.root

    def _begin(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = self.element(tag, {name: value or "" for name, value in attrs}, self.open)
        self.open.children.append(element)
        if tag not in VOID:
            self.open = element

    def _end(self, tag: str) -> None:
        place: Element | None = self.open
        while place is not None and place.tag != tag:
            place = place.parent
        if place is not None and place.parent is not None:
            self.open = place.parent

    def _add_text(self, data: str) -> None:
        self.open.children.append(data)

    # The parser's own names for what it meets.
    handle_starttag, handle_endtag, handle_data = _begin, _end, _add_text


class Form:
    """A form of a page, with the values that stand in it."""

    def __init__(self, element: Element, page_url: str) -> None:
        self.element = element
        self.method = element.get("method", "get").upper()
        self.action = urljoin(page_url, element.get("action"))
        self.is_multipart = element.get("enctype") == "multipart/form-data"

    @property
    def buttons(self) -> list[str]:
        """The words on its buttons."""
        return [button.text for button in self._buttons()]

    @property
    def names(self) -> list[str]:
        """The names of its fields, each once, in order; the hidden ones too."""
        return list(dict.fromkeys(each.get("name") for each in self._controls() if each.get("name")))

    @property
    def choices(self) -> dict[str, list[str]]:
        """What can be chosen: the values of each drop-down, radio button and check box."""
        found: dict[str, list[str]] = {}
        for each in self._controls():
            if each.tag == "select":
                found[each.get("name")] = [_option_value(option) for option in each.find_all("option")]
            elif each.get("type") in ("radio", "checkbox"):
                found.setdefault(each.get("name"), []).append(each.get("value", "on"))
        return found

    def standing(self) -> list[tuple[str, str]]:
        """The fields with the values that would be sent if nothing were changed."""
        return [(each.get("name"), value) for each in self._controls() if each.get("name") for value in _values(each)]

    def filled(self, button: str | None, fields: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What is sent when the fields are filled in and the button is pressed. True ticks a box, False leaves it out.

        Raises LookupError for a field or a choice that the form has not, and says which it has.
        """
        for name, value in fields.items():
            self._check(name, value)
        pairs = [pair for pair in self.standing() if pair[0] not in fields]
        for name, value in fields.items():
            given = value if isinstance(value, list | tuple) else [value]
            for each in given:
                if each is True:
                    pairs.append((name, self.choices.get(name, ["on"])[0]))
                elif each is not False:
                    pairs.append((name, self._spelling(name, str(each))))
        pressed = [each for each in self._buttons() if button is None or each.text == button][:1]
        return pairs + [(each.get("name"), each.get("value")) for each in pressed if each.get("name")]

    def _check(self, name: str, value: Any) -> None:
        if name not in self.names:
            raise LookupError(f"the form {' / '.join(self.buttons)} has no field {name!r}; it has "
                              f"{', '.join(self.names) or 'none'}")
        known = self.choices.get(name)
        for each in value if isinstance(value, list | tuple) else [value]:
            if known is not None and not isinstance(each, bool) and self._spelling(name, str(each)) not in known:
                raise LookupError(f"{name} cannot be {each!r}; it can be {', '.join(map(repr, known))}")

    def _spelling(self, name: str, value: str) -> str:
        """The value of a choice that is named by its words; any other value as it is."""
        for each in self._controls():
            if each.tag == "select" and each.get("name") == name:
                for option in each.find_all("option"):
                    if option.text == value:
                        return _option_value(option)
        return value

    def _controls(self) -> list[Element]:
        return self.element.find_all("input", "select", "textarea")

    def _buttons(self) -> list[Element]:
        return [each for each in self.element.find_all("button") if each.get("type", "submit") == "submit"]


def _values(control: Element) -> list[str]:
    """What a field sends as it stands."""
    if control.tag == "textarea":
        # A line break right after the tag is no part of the value.
        return [control.raw_text.removeprefix("\r\n").removeprefix("\n")]
    if control.tag == "select":
        options = control.find_all("option")
        chosen = [option for option in options if "selected" in option.attributes]
        if not chosen and "multiple" not in control.attributes:
            chosen = options[:1]
        return [_option_value(option) for option in chosen]
    kind = control.get("type", "text")
    if kind in ("radio", "checkbox"):
        return [control.get("value", "on")] if "checked" in control.attributes else []
    return [] if kind in ("file", "submit", "button", "image", "reset") else [control.get("value")]


def _option_value(option: Element) -> str:
    return option.attributes.get("value", option.text)


@dataclass(frozen=True)
class Page:
    """A page that was fetched. `url` is where it was found, after redirects."""

    url: str
    status: int
    html: str = field(repr=False)

    @cached_property
    def tree(self) -> Element:
        """All its elements."""
        builder = TreeBuilder()
        builder.feed(self.html)
        builder.close()
        return builder.root

    @property
    def content(self) -> Element:
        """What stands between header and footer."""
        return next(iter(self.tree.find_all("main")), self.tree)

    @property
    def title(self) -> str:
        """What the browser's tab says."""
        return next((each.text for each in self.tree.find_all("title")), "")

    @property
    def heading(self) -> str:
        """The first heading."""
        return next((each.text for each in self.tree.find_all("h1")), "")

    @property
    def text(self) -> str:
        """What a reader sees between header and footer, in single spaces."""
        return self.content.text

    @property
    def alerts(self) -> list[str]:
        """The messages above the content: what was done, or went wrong."""
        return [each.text for each in self.tree.find_all(class_="alert")]

    @property
    def errors(self) -> list[str]:
        """The messages at fields."""
        return [each.text for each in self.tree.find_all(class_="field-error")]

    @property
    def tables(self) -> list[list[list[str]]]:
        """Every table: its rows, heads included, each a list of texts."""
        return [[[cell.text for cell in row.find_all("td", "th")] for row in table.find_all("tr")]
                for table in self.content.find_all("table")]

    def rows(self, table: int = 0) -> list[dict[str, str]]:
        """The rows of a table, each by the words of the table's head. Raises LookupError if there is no such table."""
        if table >= len(self.tables):
            raise LookupError(f"{self.url} has {len(self.tables)} tables")
        head, *rows = self.tables[table] or [[]]
        return [dict(zip(head, row, strict=False)) for row in rows]

    @property
    def links(self) -> dict[str, str]:
        """Where its links lead, by their words; the first of those with the same words."""
        found: dict[str, str] = {}
        for each in self.tree.find_all("a"):
            if "href" in each.attributes:
                found.setdefault(each.text, urljoin(self.url, each.get("href")))
        return found

    @property
    def forms(self) -> list[Form]:
        """Its forms, header and footer included."""
        return [Form(each, self.url) for each in self.tree.find_all("form")]

    def form(self, button: str | None = None) -> Form:
        """The form with a button of these words; without any, the only one of the content. Raises LookupError."""
        if button is None:
            found = [Form(each, self.url) for each in self.content.find_all("form")]
        else:
            found = [form for form in self.forms if button in form.buttons]
        if len(found) == 1:
            return found[0]
        known = "; ".join(" / ".join(form.buttons) for form in self.forms) or "none"
        raise LookupError(f"{self.url} has {len(found)} forms{f' with the button {button!r}' if button else ''}; the "
                          f"buttons of its forms: {known}")
