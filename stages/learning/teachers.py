"""A teacher about to be trained: its game, in which nobody is taught."""

from __future__ import annotations

from typing import cast

from stages.learning import paced
from stages.learning.contracts import Distillation, Draw, Family, Game, Networks, Role, Side
from stages.learning.problems import Problem
from stages.learning.teaching import Teaching
from stages.settings import members
from stages.settings.rows import Schedule, TeacherRow


def untaught() -> Teaching:
    """The empty lesson."""
    none = cast(Distillation, members.load("distillations", "none"))
    return Teaching(none.objective(Side({}, {}), Side({}, {})), paced.of(paced.CONSTANT, {}))


def game(row: TeacherRow, networks: Networks, problem: Problem) -> Game:
    """The game of a teacher's training."""
    family = cast(Family, members.load("families", row.family))
    lessons: dict[Role, Teaching] = {role: untaught() for role in family.ROLES}
    return family.game(networks, None, lessons, family.Losses(**row.losses), family.Play(**row.play), problem)


def feed(row: TeacherRow, problem: Problem, schedule: Schedule) -> Draw:
    """The batches of a teacher's training."""
    family = cast(Family, members.load("families", row.family))
    return family.feed(problem, schedule, family.Play(**row.play), row.seed)
