"""What networks a row has: the one place that says it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import Field, asdict
from typing import Any, ClassVar, Protocol, TypeVar, cast

from stages.settings import members, paths
from stages.settings.rows import CHOSEN, PICK, Params, Settings, StudentRow, TeacherRow


class NotChosen(ValueError):  # noqa: N818 - a reason, not a failure
    """What a search chose is not here yet, or is not what is asked for; the message says what to do."""


class Spec(Protocol):
    """An architecture as data: a frozen dataclass of a family's own, closed to unknown fields."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def resolution(self) -> int: ...

    def __hash__(self) -> int: ...


S = TypeVar("S", bound=Spec)
R = TypeVar("R", bound=StudentRow)


def of_teacher(row: TeacherRow, settings: Params) -> Spec:
    """A teacher's spec, with what its labels and data say filled in."""
    domains = 1 if row.partner == row.dataset else 2
    labels = len(row.labels) + len(row.partner_labels)
    resolution = settings.datasets[row.dataset].resolution
    family = members.load("families", row.family)
    return cast(Spec, family.make_spec(row.spec, labels, domains, resolution))


def shrink(large: S, changes: Mapping[str, Any]) -> S:
    """The teacher's spec with the student's changes."""
    return type(large)(**{**asdict(large), **changes})


def picked(student: Settings) -> Settings:
    """A student's changes, with the widths in place of the search that chose them."""
    search = student[CHOSEN]
    file = paths.choice(search)
    try:
        picks = json.loads(file.read_text(encoding="utf-8"))["picks"]
    except FileNotFoundError:
        told = f"{file} does not exist; `retort repro choose_students@{search}` makes it"
        raise NotChosen(told) from None
    if student[PICK] not in picks:
        raise NotChosen(f"{file} has no pick {student[PICK]!r}; it has {', '.join(picks)}")
    return {"widths": picks[student[PICK]]["widths"], **{k: v for k, v in student.items() if k not in (CHOSEN, PICK)}}


def resolved(row: R) -> R:
    """The same row, whose student is known without the search that chose it."""
    return row.model_copy(update={"student": picked(row.student)}) if CHOSEN in row.student else row


def of(row: StudentRow, settings: Params) -> tuple[Spec, Spec]:
    """The specs of a row's teacher and of its student."""
    large = of_teacher(settings.teachers[row.teacher], settings)
    return large, shrink(large, resolved(row).student)
