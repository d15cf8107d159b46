"""Paces: their settings, and that there is a lesson whose weight they can move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retort.checking import lessons, sentences
from retort.checking.sentences import Problem
from stages.learning.contracts import ROLES, Role
from stages.settings import members
from stages.settings.rows import StudentRow, TaughtRow

UNMOVED = "constant"
"""What a row names for a weight that does not move."""


def check(path: str, row: StudentRow) -> Iterator[Problem]:
    """Everything that is wrong with the paces of a row, and with the evidence that it asks for."""
    for role in ROLES:
        yield from of_role(path, row, role)
    if row.evidence and not lessons.taught(row, "generator"):
        told = "compares the gradients of a lesson with those of the game, and this row has no generator lesson"
        yield Problem(f"{path}.evidence", f"{told}; write 0, or name a lesson in distill.generator")


def of_role(path: str, row: TaughtRow, role: Role) -> Iterator[Problem]:
    """What is wrong with the pace of one role."""
    name, given = getattr(row.pace, role), getattr(row, f"{role}_pace")
    pace: Any = members.load("paces", name)
    if name != UNMOVED and not lessons.taught(row, role):
        told = f"{name!r} moves the weight of a lesson, and this row has no {role} lesson"
        yield Problem(f"{path}.pace.{role}", f"{told}; write {UNMOVED}, or name a lesson in distill.{role}")
    if pace.FEEDBACK and role != "generator":
        told = f"{name!r} follows the gradients at the output of the kept networks, so it cannot pace the {role} lesson"
        yield Problem(f"{path}.pace.{role}", f"{told}; write another pace")
    where, receiver = f"{path}.{role}_pace", pace.module if pace.FEEDBACK else pace.weight
    yield from sentences.settings(where, receiver, given) or sentences.refused(where, lambda: begin(pace, given))


def begin(pace: Any, given: dict[str, Any]) -> object:  # noqa: ANN401 - a member
    """The pace at the first step of a training, which refuses settings that do not go together."""
    return pace.module(**given) if pace.FEEDBACK else pace.weight(0, 1, **given)
