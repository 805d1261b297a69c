"""A contract file as text: parsed into plain JSON values, and asked for line numbers when something is wrong."""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from typing import Any

import orjson
import yaml

from .problems import Path

_Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Scalar = yaml.ScalarNode
_TEXT = "tag:yaml.org,2002:str"


class _ContractLoader(_Base):  # type: ignore[misc, valid-type]
    """YAML read as OpenAPI wants it: JSON values only, text keys, and no key twice.

    YAML 1.1 turns NO and ON into booleans and an unquoted time into a date, so a contract's enum words and examples
    would change under its author's hands. Only the readings that JSON knows are left.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def __init__(self, stream: bytes) -> None:
        super().__init__(stream)
        self.faults: list[tuple[int, str]] = []

    # The next three are asked for every node; PyYAML's own do more than a contract needs, and take longer for it.

    def descend_resolver(self, parent: Any, index: Any) -> None:
        """Nothing: no tag depends on the place of its node."""

    def ascend_resolver(self) -> None:
        """Nothing, as for `descend_resolver`."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: tuple[bool, bool]) -> str:
        """The tag of a node that has none written."""
        if kind is not _Scalar or not implicit[0]:
            return super().resolve(kind, value, implicit)
        for tag, pattern in self.yaml_implicit_resolvers.get(value[:1], ()):
            if pattern.match(value):
                return tag
        return _TEXT

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.faults.append((key.start_mark.line + 1, "A key is a list or a map; it must be plain text."))
            elif key.tag != "tag:yaml.org,2002:merge" and key.value in seen:
                self.faults.append((key.start_mark.line + 1, f"The key {key.value!r} stands here a second time."))
            else:
                seen.add(key.value)
        self.flatten_mapping(node)
        construct = self.construct_object
        return {
            key.value: value.value if type(value) is _Scalar and value.tag == _TEXT else construct(value, deep=deep)
            for key, value in node.value
            if type(key) is _Scalar
        }


for _tag, _pattern, _starts in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)", "-+0123456789."),
    ("merge", r"<<", "<"),
):
    _ContractLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        re.compile(rf"(?:{_pattern})\Z"),
        [start if start != "\0" else "" for start in _starts],
    )


class SourceUnreadable(Exception):
    """The file is no usable YAML. `faults` are (line or None, what, mend)."""

    def __init__(self, faults: list[tuple[int | None, str, str]]) -> None:
        self.faults = faults
        super().__init__("; ".join(what for _, what, _ in faults))


def read_source(file: FilePath) -> bytes:
    """The file's bytes. Raises SourceUnreadable when it cannot be opened."""
    try:
        return file.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SourceUnreadable(
            [(None, f"The file cannot be read: {reason}.", "Check the name and the rights of the file.")]
        ) from error


def parse_source(text: bytes) -> Any:
    """The file's content as JSON values with text keys. Raises SourceUnreadable with line and column."""
    loader = None
    try:
        loader = _ContractLoader(text)
        document = loader.get_single_data()
        if loader.faults:
            raise SourceUnreadable([(line, what, "Keep one of the two, or rename it.") for line, what in loader.faults])
        # YAML can hold what JSON cannot: sets, bytes, and an alias that contains itself.
        orjson.dumps(document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        column = f" (column {mark.column + 1})" if mark else ""
        what = f"This is not YAML{column}: {error.problem or error.context}."
        mend = "Look at the indentation, colons and quotes on this line and the one above."
        raise SourceUnreadable([(mark.line + 1 if mark else None, what, mend)]) from error
    except yaml.YAMLError as error:
        what = f"This is not YAML: {' '.join(str(error).split())[:160]}."
        raise SourceUnreadable([(None, what, "Save the file as plain UTF-8 text.")]) from error
    except (orjson.JSONEncodeError, RecursionError) as error:
        what = "The file holds something JSON has no word for, such as a set, bytes or an alias inside itself."
        raise SourceUnreadable([(None, what, "Use maps, lists, text, numbers, true, false and null.")]) from error
    finally:
        if loader is not None:
            loader.dispose()
    return document


class Lines:
    """Line numbers of a parsed file, built only when a fault has to be shown."""

    def __init__(self, text: bytes) -> None:
        try:
            self._root = yaml.compose(text, Loader=_Base)
        except yaml.YAMLError:
            self._root = None

    def find_line(self, path: Path) -> int | None:
        """Line, from 1, of the deepest part of `path` that the file really has; None for an unreadable file."""
        node = self._root
        if node is None:
            return None
        line = node.start_mark.line + 1
        for step in path:
            if isinstance(node, yaml.MappingNode):
                # A checker may hand a status back as the number 200, where the file has the key "200".
                found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
                if found is None:
                    return line
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                return line
        return line
