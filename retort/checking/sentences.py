"""What is wrong with params, as sentences: where, what was found, what is allowed, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ArgsKwargs

from stages.settings import members


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, and what to do about it."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}" if self.path else self.sentence


def did_you_mean(word: object, allowed: Iterable[str]) -> str:
    """A suggestion for a near miss, or nothing."""
    close = difflib.get_close_matches(str(word), list(allowed), 1, 0.6)
    return f" — did you mean {close[0]!r}?" if close else ""


def hint(word: object, allowed: Iterable[str]) -> str:
    """A suggestion, or all that is allowed."""
    known = list(allowed)
    return did_you_mean(word, known) or f"; known here: {', '.join(known) or 'none'}"


def absent(path: str, word: str, allowed: Iterable[str], what: str) -> list[Problem]:
    """A problem if a name does not exist."""
    known = list(allowed)
    if word in known:
        return []
    there = f"(there are: {', '.join(known) or 'none'})"
    return [Problem(path, f"{word!r} is not {what}{did_you_mean(word, known)} {there}")]


def no_member(path: str, axis: str, name: str) -> list[Problem]:
    """A problem if an axis has no member of a name."""
    return absent(path, name, members.names(axis), f"in stages/{axis}")


def settings(path: str, function: Callable[..., Any], given: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a member's settings, by the signature of the function that receives them."""
    known = list(members.settings_model(function).model_fields)
    return refused(path, lambda: members.options(function, given), known)


def refused(path: str, make: Callable[[], object], known: Iterable[str] = ()) -> list[Problem]:
    """What is wrong with values, by what they are made into: its own fields, ranges and rules."""
    try:
        make()
    except ValidationError as error:
        details: list[dict[str, Any]] = [dict(detail) for detail in error.errors(include_url=False)]
        missing = [str(detail["loc"][-1]) for detail in details if detail["type"] == "missing"]
        return [wrong_value(path, detail, [*known, *missing]) for detail in details]
    except (TypeError, ValueError, ArithmeticError) as error:
        return [Problem(path, f"{error}; change it")]
    return []


def wrong_value(path: str, detail: Mapping[str, Any], known: list[str]) -> Problem:
    """One wrong value in a sentence."""
    where = ".".join([path, *(str(part) for part in detail["loc"])])
    if detail["type"] == "missing":
        return Problem(where, "is missing; write it, it is needed here")
    if detail["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        outermost = len(detail["loc"]) == 1
        return Problem(where, f"is not a setting here{hint(detail['loc'][-1], known) if outermost else ''}")
    return Problem(where, said(detail))


def said(detail: Mapping[str, Any]) -> str:
    """What pydantic says of a value, as the rest of a sentence, with the value; of several together without."""
    text = detail["msg"].removeprefix("Input ").removeprefix("Value error, ")
    if isinstance(detail["input"], ArgsKwargs):
        return text
    return f"{text[0].lower()}{text[1:]}; found {detail['input']!r} ({type(detail['input']).__name__})"
