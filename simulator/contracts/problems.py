"""What can go wrong with a contract file and with a message, as typed errors and plain-word findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

Path = tuple[str | int, ...]


class Given(Enum):
    """Stands in a record for a field that was sent but cannot be used, so later rules know it was there."""

    BROKEN = "broken"


class FieldProblem(NamedTuple):
    """One fault of a message.

    `index` is the position of the record it belongs to, or None when it stands outside any record. `pointer` says
    where: a JSON Pointer into the body ("" is the whole body), or "query kw", "header X-Unit", "path unit".
    """

    index: int | None
    pointer: str
    code: str
    message: str


@dataclass(frozen=True)
class ContractProblem:
    """One fault of a contract file: where it stands, what is wrong and how to mend it. `line` counts from 1."""

    file: str
    line: int | None
    where: str
    what: str
    mend: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        return f"{place} ({self.where}): {self.what} {self.mend}" if self.where else f"{place}: {self.what} {self.mend}"


class ContractUnusable(Exception):
    """A contract file cannot be used. `problems` holds every fault found, not only the first."""

    def __init__(self, problems: Iterable[ContractProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class NotReadable(Exception):
    """A request that is refused as a whole, before any field is looked at.

    `outcome` is `wrong_content_type`, `broken_json` or `too_many`; `detail` says in plain words why. `problems` say so
    too where a place in the message can be named, and are empty otherwise.
    """

    def __init__(self, outcome: str, detail: str, problems: tuple[FieldProblem, ...] = ()) -> None:
        self.outcome = outcome
        self.detail = detail
        self.problems = problems
        super().__init__(f"{outcome}: {detail}")


class CannotWrite(Exception):
    """Records that the contract has no way to say in one request. `reason` is a sentence for the user."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class UnknownOutcome(LookupError):
    """An answer was asked for that the operation does not have. A fault of the program, not of a contract."""

    def __init__(self, operation_id: str, outcome: str, known: Iterable[str]) -> None:
        self.operation_id = operation_id
        self.outcome = outcome
        super().__init__(f"{operation_id} has no outcome {outcome!r}; it has {', '.join(known)}")


class Unfit(Exception):
    """A single value that has the right shape but no usable meaning. `message` continues the field's name."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


@dataclass
class Findings:
    """Faults of one contract file while it is being checked, each once, in the order found."""

    items: list[tuple[Path, str, str]] = field(default_factory=list)

    def add(self, path: Path, what: str, mend: str) -> None:
        """Note a fault at `path` in the document; the same fault is kept once."""
        item = (path, what, mend)
        if item not in self.items:
            self.items.append(item)

    def __bool__(self) -> bool:
        return bool(self.items)
