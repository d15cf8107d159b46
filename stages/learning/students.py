"""A student about to be trained: made from its teacher, its lessons at their pace, its game."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from stages.learning import paced, roles
from stages.learning.contracts import ROLES, Compression, Distillation, Draw, Family, Game, Networks, Role
from stages.learning.problems import Problem
from stages.learning.teaching import Teaching
from stages.settings import members
from stages.settings.rows import Schedule, StudentRow, TaughtRow, TeacherRow

Pair = tuple[Any, Any]
"""The specs of teacher and student."""


@dataclass(frozen=True)
class Student:
    """The networks, what they are taught by, and the game that trains them."""

    family: Family
    networks: Networks
    teacher: Networks
    lessons: Mapping[Role, Teaching]
    game: Game

    @property
    def kept(self) -> tuple[str, ...]:
        """The networks that are written."""
        return roles.names(self.family, "generator")


def make(row: StudentRow, teacher: Networks, both: Pair, begin: bool = True) -> Networks:
    """The networks of a row's student before training; published weights come in unless only structure is wanted."""
    family = cast(Family, members.load("families", row.family))
    compression = cast(Compression, members.load("compressions", row.compression))
    networks = compression.make_student(family, teacher, *both, **row.compression_settings)
    if begin and compression.FRESH and hasattr(family, "begin"):
        family.begin(networks)
    return networks


def teach(row: TaughtRow, teacher: Networks, student: Networks, both: Pair) -> dict[Role, Teaching]:
    """The lesson of each role at its pace."""
    family = cast(Family, members.load("families", row.family))
    found: dict[Role, Teaching] = {}
    for role in (role for role in ROLES if role in family.ROLES):
        distillation = cast(Distillation, members.load("distillations", getattr(row.distill, role)))
        sides = (roles.side(family, spec, of, role) for spec, of in zip(both, (teacher, student), strict=True))
        lesson = distillation.objective(*sides, **getattr(row, f"{role}_lesson"))
        pace = paced.of(getattr(row.pace, role), getattr(row, f"{role}_pace"))
        kept = role == "generator"
        found[role] = Teaching(lesson, pace, family.OUTPUT if kept else (), family.RIVALS if kept else ())
    return found


def prepare(
    row: TaughtRow,
    teacher_row: TeacherRow,
    networks: Networks,
    teacher: Networks,
    both: Pair,
    problem: Problem,
) -> Student:
    """Everything that a row's training needs, from networks that are made already."""
    family = cast(Family, members.load("families", row.family))
    lessons = teach(row, teacher, networks, both)
    losses, play = family.Losses(**teacher_row.losses), family.Play(**row.play)
    return Student(family, networks, teacher, lessons, family.game(networks, teacher, lessons, losses, play, problem))


def feed(row: TaughtRow, problem: Problem, schedule: Schedule, seed: int) -> Draw:
    """The batches of a row's training."""
    family = cast(Family, members.load("families", row.family))
    return family.feed(problem, schedule, family.Play(**row.play), seed)
