"""A table as data: rows grouped by problem, one cell per column; every format is written from it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from stages.findings import comparing, dictionary, naming
from stages.measuring.columns import DRAWS, INPUT, PERFECT
from stages.settings.rows import VariantRow
from stages.tables import columns as numbers
from stages.tables import layouts, marks
from stages.tables.columns import TRAINING, Column, capital
from stages.tables.gathered import Gathered
from stages.tables.layouts import Layout
from stages.tables.marks import Mark

TITLES = {"set1": "Set 1", "set2": "Set 2", "set12": "Set 1+2", "joint": "Joint training"}
REFERENCES = {
    "input": (INPUT, "returns its input"),
    "perfect": (PERFECT, "exact images"),
    "draws": (DRAWS, "real draws"),
}

Kind = Literal["input", "perfect", "draws", "teacher", "control", "taught"]


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
    headline: bool = False
    cells: Mapping[str, Cell] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """The rows of one problem; `decides` is the metric its verdicts are about."""

    problem: str
    title: str
    lines: tuple[Line, ...]
    decides: dictionary.Column
    noise_known: bool

    @property
    def judged_by(self) -> str:
        """The name of the deciding metric."""
        return self.decides.name


@dataclass(frozen=True)
class Table:
    """The groups of one kind of examination, how it is laid out, and how the numbers of a column are written."""

    layout: Layout
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    places: Mapping[str, int]

    def number(self, column: Column, value: float) -> str:
        """A number as every format shows it."""
        return numbers.written(value * column.factor, self.places[column.key])

    def verdict(self, group: Group, line: Line) -> str:
        """Against the control; says about what where it is not what decides most problems."""
        verdict = line.verdicts.get(group.judged_by, "")
        return f"{verdict} ({group.decides.title})" if verdict and group.decides != self.usual() else verdict

    def usual(self) -> dictionary.Column:
        """The metric that decides the most problems."""
        deciding = [group.decides for group in self.groups]
        return max(deciding, key=deciding.count)

    def headline(self) -> Group:
        """The rows that the text speaks of, beside their teacher and the references.

        Where no row is marked so, those of the first problem that have several seeds, or all of it.
        """
        first = next((group for group in self.groups if any(line.headline for line in group.lines)), self.groups[0])
        marked = any(line.headline for line in first.lines)
        chosen = [
            line
            for line in first.lines
            if line.kind not in ("control", "taught") or (line.headline if marked else line.seeds > 1)
        ]
        found = marked or any(line.seeds > 1 for line in chosen)
        return replace(first, lines=tuple(chosen)) if found else first


def kind_of(row: VariantRow) -> Kind:
    """What a row is to its readers."""
    if row.compression == "none":
        return "teacher"
    return "taught" if comparing.taught(row) else "control"


def values_of(found: Gathered, name: str, column: Column) -> list[float]:
    """A number of a row: one for what is counted or timed, one per seed for what is measured."""
    if column.over_input:
        return found.over_input(name, column.over_input)
    if column.measured:
        return found.values(name, column.key)
    entry = found.costs["variants"][name]
    if column.key == TRAINING:
        return [float(entry["training"]["macs"])]
    if column.key == "compression":
        large = found.costs["teachers"][found.rows[name].teacher]
        return [large["kept"]["parameters"] / entry["kept"]["parameters"]]
    return [float(source[column.key]) for source in (entry["kept"], found.time(name)) if column.key in source]


def references(found: Gathered, names: Sequence[str], columns: Sequence[Column]) -> Iterator[Line]:
    """What no training is needed for, where all rows of the problem agree on it."""
    for kind, (prefix, label) in REFERENCES.items():
        cells = {}
        for column in (column for column in columns if column.measured):
            scores = {score for name in names for score in found.values(name, f"{prefix}{column.source}")}
            if len(scores) == 1:
                value = scores.pop()
                cells[column.key] = Cell(float(kind == "input") if column.over_input else value)
        if cells:
            yield Line("", label, kind, cells=cells)  # type: ignore[arg-type] # the keys of REFERENCES


def group(found: Gathered, problem: str, names: Sequence[str], columns: Sequence[Column]) -> Group:
    """The lines of one problem: references, teacher, students in the order of params."""
    rows = {name: found.rows[name] for name in names}
    values = {column.key: {name: values_of(found, name, column) for name in names} for column in columns}
    students = [name for name, row in rows.items() if kind_of(row) != "teacher"]
    given: dict[str, dict[str, Mark]] = {
        column.key: marks.agreeing(
            marks.marks({name: values[column.key][name] for name in students}, column.better),
            found.verdicts(students, column.source),
        )
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
        lines.append(Line(name, naming.labelled(row), kind_of(row), len(row.seeds), row.headline, cells, verdicts))
    several = any(len(rows[name].seeds) > 1 for name in students)
    return Group(
        problem,
        title(found, problem, rows[names[0]]),
        (*references(found, names, columns), *lines),
        found.dictionary.headline(problem),
        several,
    )


def title(found: Gathered, problem: str, row: VariantRow) -> str:
    """A problem as a reader knows it, with its data."""
    name = TITLES.get(problem, problem.replace("-", " ").replace("_", " ").capitalize())
    data = " + ".join(dict.fromkeys((row.dataset, row.partner)))
    return f"{name}: {data}, {found.settings.datasets[row.dataset].resolution} px"


def build(found: Gathered) -> Table:
    """The table of rows of one kind of examination; of its columns those that some row has."""
    (examination,) = found.examinations()
    layout = layouts.of(examination)
    known = with_deciding(found, layout.columns(found))
    groups = tuple(group(found, problem, names, known) for problem, names in found.problems().items())
    filled = {key for each in groups for line in each.lines for key in line.cells}
    columns = tuple(column for column in known if column.key in filled)
    return Table(layout, columns, groups, places(columns, groups))


def with_deciding(found: Gathered, columns: Sequence[Column]) -> tuple[Column, ...]:
    """Columns, and behind them what decides a problem where no column shows it."""
    known = {column.key for column in columns}
    deciding = dict.fromkeys(found.dictionary.headline(problem) for problem in found.problems())
    missing = [Column(each.name, capital(each.title), each.unit) for each in deciding if each.name not in known]
    return (*columns, *numbers.measured(found.dictionary, missing))


def tables_of(found: Gathered) -> list[tuple[Gathered, Table]]:
    """Of each kind of examination what was gathered, and its table."""
    parts = [found.of(examination) for examination in found.examinations()]
    return [(part, build(part)) for part in parts]


def places(columns: Sequence[Column], groups: Sequence[Group]) -> dict[str, int]:
    """How many decimals each column has."""
    lines = [line for each in groups for line in each.lines]
    return {
        column.key: numbers.decimals(
            line.cells[column.key].value * column.factor for line in lines if column.key in line.cells
        )
        for column in columns
    }
