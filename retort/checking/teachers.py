"""Teachers: their references, their labels, and what their family makes of spec, losses and play."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retort.checking import datasets, sentences
from retort.checking.datasets import Sources
from retort.checking.sentences import Problem
from stages.settings import members, specs
from stages.settings.rows import Params, TeacherRow


def check(path: str, row: TeacherRow, params: Params, known: Sources) -> list[Problem]:
    """Everything that is wrong with a teacher; what its references decide is looked at only if they exist."""
    return [*references(path, row, params)] or [*content(path, row, params, known)]


def references(path: str, row: TeacherRow, params: Params) -> Iterator[Problem]:
    """Names of things that do not exist, and labels that do not go together."""
    yield from sentences.no_member(f"{path}.family", "families", row.family)
    yield from sentences.absent(f"{path}.dataset", row.dataset, params.datasets, "a data set")
    yield from sentences.absent(f"{path}.partner", row.partner, params.datasets, "a data set")
    yield from sentences.absent(f"{path}.schedule", row.schedule, params.schedules, "a schedule")
    for field in ("labels", "partner_labels"):
        listed = getattr(row, field)
        doubled = sorted({label for label in listed if listed.count(label) > 1})
        if doubled:
            yield Problem(f"{path}.{field}", f"{', '.join(doubled)} stands twice; keep one")
    if (row.partner == row.dataset) != (not row.partner_labels):
        rule = "name a second data set and its labels, or repeat the data set and leave partner_labels empty"
        found = f"partner {row.partner!r} and {len(row.partner_labels)} partner_labels do not fit"
        yield Problem(f"{path}.partner", f"{found}; {rule}")


def content(path: str, row: TeacherRow, params: Params, known: Sources) -> Iterator[Problem]:
    """Values that the data sets and the family do not accept."""
    resolutions = {params.datasets[name].resolution for name in (row.dataset, row.partner)}
    if len(resolutions) > 1:
        told = f"the data sets have {' and '.join(map(str, sorted(resolutions)))} pixels; joint training needs one size"
        yield Problem(f"{path}.partner", told)
    yield from datasets.missing_labels(f"{path}.labels", row.labels, row.dataset, known)
    yield from datasets.missing_labels(f"{path}.partner_labels", row.partner_labels, row.partner, known)
    family: Any = members.load("families", row.family)
    yield from sentences.refused(f"{path}.spec", lambda: specs.of_teacher(row, params), fields(family.Spec))
    yield from sentences.refused(f"{path}.losses", lambda: family.Losses(**row.losses), fields(family.Losses))
    yield from sentences.refused(f"{path}.play", lambda: family.Play(**row.play), fields(family.Play))


def fields(model: type) -> list[str]:
    """The names that a family's model knows."""
    return list(getattr(model, "__dataclass_fields__", {}))
