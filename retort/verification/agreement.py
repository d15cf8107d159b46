"""Whether two tables of results agree: counts exactly, measured numbers as well as another training would.

Numbers are means over a row's seeds; `allowing` says how far they may be apart. Of a thousand honest runs whose rows
scatter alike one raises a false alarm, however many numbers are compared (Bonferroni). What is allowed is never less
than FLOOR of the published value, and where no row has two seeds that is all there is. The ends of intervals move with
the number between them, and are not asked.

Numbers of what no network made (returning the input, exact images, real draws) move with the judge alone. They are the
same for all rows of a problem, and compared once. Of a judge that was trained anew `judging` says what they may move.
"""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from retort.verification import allowing
from retort.verification.allowing import Scatter
from retort.verification.recorded import Finding
from stages.findings.tables import PROTOCOL
from stages.measuring.columns import DRAWS, HIGH, INPUT, LOW, PERFECT
from stages.metrics import cost

FLOOR = 0.02
FALSE_ALARMS = 0.001
KEY = ("variant", "seed")
PROBLEM = "problem"
OF_NOBODY = (INPUT, PERFECT, DRAWS)
"""What columns begin with that are about no network of the row."""

Row = dict[str, str]


@dataclass(frozen=True)
class Table:
    """Rows by variant and seed, in their order."""

    columns: list[str]
    rows: dict[tuple[str, ...], Row]


@dataclass(frozen=True)
class Compared:
    """One measured column: how far the tables are apart at most, what is allowed there, and where that is."""

    column: str
    difference: float
    tolerance: float
    where: str


@dataclass(frozen=True)
class Judges:
    """The problems whose judges were trained anew, and how the columns scatter with judges, where that was measured."""

    retrained: Collection[str] = ()
    scatter: Mapping[str, Sequence[Scatter]] | None = None


def read(text: bytes) -> Table:
    """A results.csv."""
    reader = csv.DictReader(io.StringIO(text.decode("utf-8")))
    columns = list(reader.fieldnames or [])
    absent = [name for name in KEY if name not in columns]
    if absent:
        raise ValueError(f"has no column {', '.join(absent)}")
    return Table(columns, {tuple(row[name] for name in KEY): row for row in reader})


def name(key: tuple[str, ...]) -> str:
    """A row as a person calls it."""
    return f"{key[0]} seed {key[1]}"


def number(text: str) -> float | None:
    """A cell as a number, if it is one; an empty cell is none."""
    try:
        return float(text)
    except ValueError:
        return None


def measured(table: Table) -> list[str]:
    """Columns of numbers that another training would move."""
    found = []
    for column in table.columns:
        cells = [row[column] for row in table.rows.values() if row[column] != ""]
        if column not in (*KEY, *cost.COLUMNS, PROTOCOL) and cells and all(number(cell) is not None for cell in cells):
            found.append(column)
    return found


def values(table: Table, column: str) -> dict[str, dict[str, dict[str, float]]]:
    """Problem -> row -> seed -> number."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for (variant, seed, *_), row in table.rows.items():
        value = number(row[column])
        if value is not None:
            found.setdefault(row.get(PROBLEM, ""), {}).setdefault(variant, {})[seed] = value
    return found


def shape(working: Table, published: Table) -> Iterator[Finding]:
    """Rows and columns that only one table has."""
    for key in published.rows:
        if key not in working.rows:
            yield Finding(name(key), "is published, and missing here")
    for key in working.rows:
        if key not in published.rows:
            yield Finding(name(key), "is here, and not published")
    for column in published.columns:
        if column not in working.columns:
            yield Finding(column, "is a published column, and missing here")
    for column in working.columns:
        if column not in published.columns:
            yield Finding(column, "is a column here, and not published")


def pairs(working: Table, published: Table, column: str) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Row, cell here, published cell, where both tables have them."""
    if column in working.columns and column in published.columns:
        for key, row in published.rows.items():
            if key in working.rows:
                yield key, working.rows[key][column], row[column]


def exact(working: Table, published: Table, columns: Collection[str]) -> Iterator[Finding]:
    """Cells that differ in any way."""
    for column in columns:
        for key, mine, theirs in pairs(working, published, column):
            if mine != theirs:
                yield Finding(f"{name(key)}, {column}", f"is {mine or 'empty'}, published {theirs or 'empty'}")


def asked(columns: Collection[str]) -> list[str]:
    """Measured columns without those that bound another."""
    bounds = {f"{column}{end}" for column in columns for end in (LOW, HIGH)}
    return [column for column in columns if column not in bounds]


def nearly(
    working: Table, published: Table, columns: Collection[str], judges: Judges | None = None
) -> Iterator[Compared | Finding]:
    """Each column's largest difference in units of what is allowed there; rows that are further apart than allowed."""
    means = {column: list(compared(working, published, column)) for column in asked(columns)}
    alarms = FALSE_ALARMS / max(1, sum(len(each) for each in means.values()))
    for column, found in means.items():
        worst = Compared(column, 0.0, 0.0, "")
        scatters = allowing.of_problems(values(published, column))
        yield from strange(working, published, column)
        for each in found:
            allowed = by_judge(column, each, alarms, judges or Judges())
            if not of_nobody(column):
                allowed += allowing.allowed(scatters[each.problem], each.mine, each.theirs, alarms, each.seeds)
            here = Compared(column, abs(each.mine - each.theirs), max(allowed, FLOOR * abs(each.theirs)), each.row)
            if here.difference * worst.tolerance >= worst.difference * here.tolerance and here.difference:
                worst = here
            if here.difference > here.tolerance:
                over = f" (mean of {each.seeds} seeds)" if each.seeds > 1 else ""
                what = f"is {each.mine:.4g}, published {each.theirs:.4g}{over}; {here.tolerance:.3g} is allowed"
                yield Finding(f"{each.row}, {column}", what)
        yield worst


@dataclass(frozen=True)
class Mean:
    """A row's number here and as published, each the mean over the seeds that both tables have."""

    row: str
    problem: str
    seeds: int
    mine: float
    theirs: float


def strange(working: Table, published: Table, column: str) -> Iterator[Finding]:
    """Cells that are a finite number in one table only."""
    for key, mine, theirs in pairs(working, published, column):
        if mine != theirs and not (finite(mine) and finite(theirs)):
            yield Finding(f"{name(key)}, {column}", f"is {mine or 'empty'}, published {theirs or 'empty'}")


def finite(cell: str) -> bool:
    """Whether a cell holds a number that can be compared."""
    value = number(cell)
    return value is not None and math.isfinite(value)


def compared(working: Table, published: Table, column: str) -> Iterator[Mean]:
    """The rows of a column in both tables; of what is the same for all rows of a problem each number once."""
    rows: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for key, mine, theirs in pairs(working, published, column):
        if finite(mine) and finite(theirs):
            place = key[0], published.rows[key].get(PROBLEM, "")
            rows.setdefault(place, []).append((float(mine), float(theirs)))
    seen = set()
    for (row, problem), cells in rows.items():
        mean = Mean(row, problem, len(cells), *(statistics.fmean(side) for side in zip(*cells, strict=True)))
        what = (problem, mean.mine, mean.theirs) if of_nobody(column) else (row,)
        if what not in seen:
            seen.add(what)
            yield mean


def of_nobody(column: str) -> bool:
    """Whether a column is about no network of the row."""
    return column.startswith(OF_NOBODY)


def by_judge(column: str, found: Mean, alarms: float, judges: Judges) -> float:
    """How far a judge that was trained anew may move a number; where nobody measured that, as far as it did."""
    if found.problem not in judges.retrained:
        return 0.0
    if judges.scatter is None:
        return abs(found.mine - found.theirs) if of_nobody(column) else 0.0
    return allowing.allowed(judges.scatter.get(column, ()), found.mine, found.theirs, alarms)
