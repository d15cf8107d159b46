"""The losses of all trainings in one table, thin enough for git."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from stages.findings.tables import TableError
from stages.settings import paths, sweeps
from stages.settings.rows import Params

POINTS = 40


def read(path: Path) -> list[dict[str, float]]:
    """The points of one training; what was not measured at a point is left out."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file, delimiter="\t"))
    except FileNotFoundError:
        raise TableError(f"{path} does not exist; `retort repro` makes it") from None
    return [{name: float(value) for name, value in line.items() if value} for line in lines]


def gathered() -> list[dict[str, str]]:
    """The lines of the table at hand."""
    path = paths.training_curves()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise TableError(f"{path} does not exist; `retort repro gather_curves` makes it") from None


def thinned(points: list[dict[str, float]]) -> list[dict[str, float]]:
    """Means over equal stretches, each at its last step."""
    stretch = -(-len(points) // POINTS) or 1
    groups = [points[start : start + stretch] for start in range(0, len(points), stretch)]
    return [{**means(group), "step": group[-1]["step"]} for group in groups]


def means(group: list[dict[str, float]]) -> dict[str, float]:
    """The mean of every loss over the points that have it."""
    names = dict.fromkeys(name for point in group for name in point)
    columns = {name: [point[name] for point in group if name in point] for name in names}
    return {name: sum(values) / len(values) for name, values in columns.items()}


def gather(settings: Params) -> tuple[list[str], list[Mapping[str, object]]]:
    """Columns and lines of every training in the order of params; a row of no steps has none."""
    sources = [("teacher", name, row.seed, paths.teacher_curve(name)) for name, row in settings.teachers.items()]
    sources += [("wide", name, row.seed, paths.wide_curve(name)) for name, row in settings.wides.items()]
    rows = sweeps.rows(settings)
    sources += [("variant", name, s, paths.student_curve(name, s)) for name, row in rows.items() for s in row.seeds]
    lines: list[Mapping[str, object]] = []
    losses: set[str] = set()
    for kind, name, seed, path in sources:
        for point in thinned(read(path)):
            step = int(point.pop("step"))
            losses |= set(point)
            numbers = {loss: f"{value:.4g}" for loss, value in point.items()}
            lines.append({"kind": kind, "name": name, "seed": seed, "step": step, **numbers})
    columns = ["kind", "name", "seed", "step", *sorted(losses)]
    return columns, [{**dict.fromkeys(columns), **line} for line in lines]
