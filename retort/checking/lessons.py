"""Lessons: their settings, and that every tap which they name exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retort.checking import sentences
from retort.checking.sentences import Problem
from stages.learning import contracts, roles
from stages.learning.contracts import Role
from stages.settings import members
from stages.settings.rows import TaughtRow
from stages.settings.specs import Spec

UNTAUGHT = "none"
"""What a row names for a role that no lesson teaches."""

OWNERS = {"teacher": "the teacher", "student": "the student", "critic": "the teacher's critic"}


def taught(row: TaughtRow, role: Role) -> bool:
    """Whether a lesson teaches the networks of a role."""
    return bool(getattr(row.distill, role) != UNTAUGHT)


def check(path: str, row: TaughtRow, role: Role, large: Spec, small: Spec) -> list[Problem]:
    """Everything that is wrong with the lesson of a role."""
    family: Any = members.load("families", row.family)
    name, given = getattr(row.distill, role), getattr(row, f"{role}_lesson")
    if taught(row, role) and not roles.names(family, role):
        told = f"family {row.family} has no {role} to teach; write {UNTAUGHT}"
        return [Problem(f"{path}.distill.{role}", told)]
    lesson: Any = members.load("distillations", name)
    where = f"{path}.{role}_lesson"
    wrong = sentences.settings(where, lesson.objective, given)
    return wrong or [*missing_taps(where, lesson.needs(given), family, large, small, role)]


def missing_taps(
    where: str,
    needs: list[contracts.Need],
    family: Any,  # noqa: ANN401 - a member
    large: Spec,
    small: Spec,
    role: Role,
) -> Iterator[Problem]:
    """Taps that a lesson names and a network does not have."""
    offered = {
        "teacher": roles.taps(family, large, role),
        "student": roles.taps(family, small, role),
        "critic": roles.layers(family, large),
    }
    for need in needs:
        name = need.tap.removeprefix(contracts.AGAIN)
        yield from sentences.absent(
            f"{where}.{need.where}", name, offered[need.whose], f"a tap of {OWNERS[need.whose]}"
        )
