"""The losses of all trainings in one table, thin enough for git."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from stages.harness.findings.tables import TableError
from stages.harness.settings import paths
from stages.harness.settings.rows import Params

POINTS = 40


def read(path: Path) -> list[dict[str, float]]:
    """The points of one training."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file, delimiter="\t")]
    except FileNotFoundError:
        raise TableError(f"{path} does not exist; `retort repro` makes it") from None


def thinned(points: list[dict[str, float]]) -> list[dict[str, float]]:
    """Means over equal stretches, each at its last step."""
    stretch = -(-len(points) // POINTS) or 1
    groups = [points[start : start + stretch] for start in range(0, len(points), stretch)]
    return [
        {name: group[-1][name] if name == "step" else sum(p[name] for p in group) / len(group) for name in group[0]}
        for group in groups
    ]


def gather(settings: Params) -> tuple[list[str], list[Mapping[str, object]]]:
    """Columns and lines of every training in the order of params; a row of no steps has none."""
    sources = [("teacher", name, row.seed, paths.teacher_curve(name)) for name, row in settings.teachers.items()]
    sources += [("variant", n, s, paths.student_curve(n, s)) for n, row in settings.variants.items() for s in row.seeds]
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
