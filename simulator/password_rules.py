"""What a new password must be. The rules are assumed: the portal guide names none; lengths and strength are settings.

Strength is judged by zxcvbn, which knows common passwords, words, dates and keyboard patterns.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module

LONGEST = 128
_MOST_JUDGED = 72
"""zxcvbn's own limit; more characters only make a password stronger."""

_one_at_a_time = threading.Lock()
"""zxcvbn keeps the user's own words in a global while it judges."""

_STRENGTHS = ("", "hard to guess for a person", "hard to guess in a thousand tries an hour",
              "hard to guess for a fast computer", "very hard to guess")


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """At least so many characters, and at least this strong: 0 (any) to 4 by zxcvbn."""

    shortest: int
    least_score: int

    def sentences(self) -> list[str]:
        """The rules in words, to stand beside the field."""
        told = [f"At least {self.shortest} characters, at most {LONGEST}. Any characters, spaces too."]
        if self.least_score:
            told.append(f"{_STRENGTHS[self.least_score].capitalize()}: three or four unrelated words do well; names, "
                        "dates and keyboard patterns do not.")
        return told

    def problems(self, password: str, own_words: Iterable[str] = ()) -> list[str]:
        """Everything wrong with a password, in words. `own_words` are the user's, such as the name and address."""
        problems = []
        if len(password) < self.shortest:
            problems.append(f"Use at least {self.shortest} characters; this has {len(password)}.")
        if len(password) > LONGEST:
            problems.append(f"Use at most {LONGEST} characters; this has {len(password):,}.")
        if self.least_score and not problems:
            problems += self._weaknesses(password, own_words)
        return problems

    def _weaknesses(self, password: str, own_words: Iterable[str]) -> list[str]:
        # zxcvbn's lists take 13 MB: they load with the first password that is set.
        with _one_at_a_time:
            judged = import_module("zxcvbn").zxcvbn(password[:_MOST_JUDGED], user_inputs=list(own_words))
        if judged["score"] >= self.least_score:
            return []
        feedback = judged["feedback"]
        advice = [_sentence(text) for text in (feedback["warning"], *feedback["suggestions"]) if text]
        return [" ".join(["This password is too easy to guess.", *advice])]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
