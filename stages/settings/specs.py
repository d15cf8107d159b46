"""What networks a row has: the one place that says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, asdict
from typing import Any, ClassVar, Protocol, TypeVar, cast

from stages.settings import members
from stages.settings.rows import Params, TeacherRow, VariantRow


class Spec(Protocol):
    """An architecture as data: a frozen dataclass of a family's own, closed to unknown fields."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def resolution(self) -> int: ...

    def __hash__(self) -> int: ...


S = TypeVar("S", bound=Spec)


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


def of(row: VariantRow, settings: Params) -> tuple[Spec, Spec]:
    """The specs of a row's teacher and of its student."""
    large = of_teacher(settings.teachers[row.teacher], settings)
    return large, shrink(large, row.student)
