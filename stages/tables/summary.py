"""The summary table as data: rows grouped by problem, one cell per column; every format is written from it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from stages.harness.findings import comparing, tables
from stages.harness.settings.rows import VariantRow
from stages.tables import columns as layout
from stages.tables import marks
from stages.tables.columns import RELATIVE, Column
from stages.tables.gathered import Gathered
from stages.tables.marks import Mark

TITLES = {"set1": "Set 1", "set2": "Set 2", "set12": "Set 1+2", "joint": "Joint training"}
REFERENCES = {"input": (tables.INPUT, "returns its input"), "perfect": (tables.PERFECT, "exact images")}

Kind = Literal["input", "perfect", "teacher", "control", "taught"]


@dataclass(frozen=True)
class Cell:
    """A number, its standard deviation over seeds where there are several, and how it stands among its rivals."""

    value: float
    spread: float | None = None
    mark: Mark = ""


@dataclass(frozen=True)
class Line:
    """A row of the table; what is not in `cells` was not measured, `verdicts` holds those of each metric."""

    name: str
    label: str
    kind: Kind
    seeds: int = 0
    cells: Mapping[str, Cell] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """The rows of one problem; `judged_by` is the metric its verdicts are about."""

    problem: str
    title: str
    lines: tuple[Line, ...]
    judged_by: str
    noise_known: bool


@dataclass(frozen=True)
class Table:
    """All groups, and how the numbers of a column are written."""

    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    places: Mapping[str, int]

    def number(self, column: Column, value: float) -> str:
        """A number as every format shows it."""
        return layout.written(value * column.factor, self.places[column.key])

    def verdict(self, group: Group, line: Line) -> str:
        """Against the control; says about what where it is not an error."""
        verdict = line.verdicts.get(group.judged_by, "")
        return f"{verdict} (accuracy)" if verdict and group.judged_by == "accuracy_target" else verdict

    def headline(self) -> Group:
        """The first problem's teacher, references, and students of several seeds; all where no student has several."""
        first = self.groups[0]
        chosen = [line for line in first.lines if line.kind not in ("control", "taught") or line.seeds > 1]
        several = any(line.seeds > 1 for line in chosen)
        return replace(first, lines=tuple(chosen)) if several else first


def kind_of(row: VariantRow) -> Kind:
    """What a row is to its readers."""
    if row.compression == "none":
        return "teacher"
    return "taught" if comparing.taught(row) else "control"


def label_of(row: VariantRow) -> str:
    """The row's name in the thesis; where it has none, how the student is made and what it is taught."""
    if row.thesis or kind_of(row) == "teacher":
        return row.thesis or "teacher"
    lessons = {"": row.distill.generator, "D ": row.distill.discriminator}
    taught = " + ".join(f"{prefix}{lesson}" for prefix, lesson in lessons.items() if lesson != "none")
    return f"{row.compression}: {taught or 'no KD'}"


def values_of(found: Gathered, name: str, column: Column) -> list[float]:
    """A number of a row: one for what is counted or timed, one per seed for what is measured."""
    if column.key == RELATIVE:
        inputs = found.values(name, f"{tables.INPUT}l1")
        return [mine / unchanged for mine, unchanged in zip(found.values(name, "l1"), inputs, strict=True)]
    if column.measured:
        return found.values(name, column.key)
    counted = tables.kept(found.costs["variants"][name])
    if column.key == "compression":
        teacher = tables.kept(found.costs["teachers"][found.settings.variants[name].teacher])
        return [teacher["parameters"] / counted["parameters"]]
    timed = found.time(name)
    return [float(source[column.key]) for source in (counted, timed) if column.key in source]


def references(found: Gathered, names: Sequence[str], columns: Sequence[Column]) -> Iterator[Line]:
    """What no training is needed for, where all rows of the problem agree on it."""
    for kind, (prefix, label) in REFERENCES.items():
        cells = {}
        for column in (column for column in columns if column.measured):
            key = "l1" if column.key == RELATIVE else column.key
            scores = {score for name in names for score in found.values(name, f"{prefix}{key}")}
            if len(scores) == 1:
                value = scores.pop()
                cells[column.key] = Cell(float(kind == "input") if column.key == RELATIVE else value)
        if cells:
            yield Line("", label, kind, cells=cells)  # type: ignore[arg-type] # the keys of REFERENCES


def group(found: Gathered, problem: str, names: Sequence[str], columns: Sequence[Column]) -> Group:
    """The lines of one problem: references, teacher, students in the order of params."""
    rows = {name: found.settings.variants[name] for name in names}
    values = {column.key: {name: values_of(found, name, column) for name in names} for column in columns}
    students = [name for name, row in rows.items() if kind_of(row) != "teacher"]
    given: dict[str, dict[str, Mark]] = {
        column.key: marks.marks({name: values[column.key][name] for name in students}, column.better)
        for column in columns
        if column.better
    }
    lines = []
    for name, row in rows.items():
        cells = {
            key: Cell(
                statistics.fmean(of[name]),
                statistics.stdev(of[name]) if len(of[name]) > 1 else None,
                given.get(key, {}).get(name, ""),
            )
            for key, of in values.items()
            if of[name]
        }
        verdicts = {column.key: found.verdict(name, column.key) for column in columns if column.measured}
        lines.append(Line(name, label_of(row), kind_of(row), len(row.seeds), cells, verdicts))
    exact = any("l1" in line.cells for line in lines)
    several = any(len(rows[name].seeds) > 1 for name in students)
    return Group(
        problem,
        title(found, problem, rows[names[0]]),
        (*references(found, names, columns), *lines),
        "l1" if exact else "accuracy_target",
        several,
    )


def title(found: Gathered, problem: str, row: VariantRow) -> str:
    """A problem as a reader knows it, with its data."""
    name = TITLES.get(problem, problem.replace("-", " ").replace("_", " ").capitalize())
    data = " + ".join(dict.fromkeys((row.dataset, row.partner)))
    return f"{name}: {data}, {found.settings.datasets[row.dataset].resolution} px"


def build(found: Gathered) -> Table:
    """The whole table."""
    columns = layout.columns(found)
    problems: dict[str, list[str]] = {}
    for name, row in found.settings.variants.items():
        problems.setdefault(row.problem, []).append(name)
    groups = tuple(group(found, problem, names, columns) for problem, names in problems.items())
    return Table(columns, groups, places(columns, groups))


def places(columns: Sequence[Column], groups: Sequence[Group]) -> dict[str, int]:
    """How many decimals each column has."""
    lines = [line for each in groups for line in each.lines]
    return {
        column.key: layout.decimals(
            line.cells[column.key].value * column.factor for line in lines if column.key in line.cells
        )
        for column in columns
    }
