"""Whether two tables of results agree: counts exactly, measured numbers as well as another training would.

Numbers are means over a row's seeds; `allowing` says how far they may be apart. Of a thousand honest runs whose rows
scatter alike one raises a false alarm, however many numbers are compared (Bonferroni). What is allowed is never less
than FLOOR of the published value, and where no row has two seeds that is all there is. The ends of intervals move with
the number between them, and are not asked.

Rows do not all scatter alike, and of a louder one two seeds may be equal by chance, so that nothing shows it: a few
numbers of thousands may be further apart, up to LOUD times as far as allowed. They are told; more of them are findings.

Numbers of what no network made (returning the input, exact images, real draws) move with the judge alone. They are the
same for all rows of a problem, and compared once. Of a judge that was trained anew `judging` says what they may move.
"""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from retort.verification import allowing
from retort.verification.allowing import Scatter
from retort.verification.recorded import Finding
from stages.findings.tables import PROTOCOL
from stages.measuring.columns import DRAWS, HIGH, INPUT, LOW, PERFECT
from stages.metrics import cost

FLOOR = 0.02
FALSE_ALARMS = 0.001
LOUD = 2.0
"""How many times as far as the others of its problem a row may scatter unseen."""
FEW = 0.001
"""The share of numbers that may be those of such rows."""
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


@dataclass(frozen=True)
class Nearness:
    """Each column's largest difference in units of what is allowed there; numbers that are too far apart, or nearly."""

    compared: list[Compared] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    told: list[Finding] = field(default_factory=list)


def nearly(working: Table, published: Table, columns: Collection[str], judges: Judges | None = None) -> Nearness:
    """How far measured columns are apart, column by column."""
    means = {column: list(compared(working, published, column)) for column in asked(columns)}
    count = sum(len(each) for each in means.values())
    nearness = Nearness()
    for column, found in means.items():
        worst = Compared(column, 0.0, 0.0, "")
        scatters = allowing.of_problems(values(published, column))
        nearness.findings.extend(strange(working, published, column))
        for each in found:
            alarms = FALSE_ALARMS / count
            judge = by_judge(column, each, alarms, judges or Judges())
            seeds = 0.0
            if not of_nobody(column):
                seeds = allowing.allowed(scatters[each.problem], each.mine, each.theirs, alarms, each.seeds)
            floor = FLOOR * abs(each.theirs)
            here = Compared(column, abs(each.mine - each.theirs), max(judge + seeds, floor), each.row)
            if here.difference * worst.tolerance >= worst.difference * here.tolerance and here.difference:
                worst = here
            if here.difference > here.tolerance:
                near = here.difference <= max(judge + LOUD * seeds, floor)
                (nearness.told if near else nearness.findings).append(apart(each, here))
        nearness.compared.append(worst)
    if len(nearness.told) > FEW * count:
        return Nearness(nearness.compared, [*nearness.findings, *nearness.told])
    return nearness


def apart(found: Mean, here: Compared) -> Finding:
    """That a number is further from the published one than allowed."""
    over = f" (mean of {found.seeds} seeds)" if found.seeds > 1 else ""
    what = f"is {found.mine:.4g}, published {found.theirs:.4g}{over}; {here.tolerance:.3g} is allowed"
    return Finding(f"{found.row}, {here.column}", what)


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
