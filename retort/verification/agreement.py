"""Whether two tables of results agree: counts exactly, measured numbers as well as another training would.

Another machine rounds differently, a training then ends elsewhere, as with another seed. The tolerance of a metric is
therefore t · √2 · s: s is its standard deviation over seeds, pooled over the published rows that have two or more, √2
because both sides are one draw each, and t Student's quantile at which one comparison of whole tables in a hundred
raises a false alarm, however many numbers are compared (Bonferroni). It is never less than FLOOR of the published
value, and where no row has two seeds that is all there is.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

from scipy.stats import t as student

from retort.verification.recorded import Finding
from stages.findings.tables import PROTOCOL
from stages.metrics import cost

FLOOR = 0.02
FALSE_ALARMS = 0.01
KEY = ("variant", "seed")

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


def tolerance(table: Table, column: str, compared: int) -> float:
    """How far two trainings of one row and seed may be apart, by the spread over seeds; 0 if that is not known."""
    groups: dict[str, list[float]] = {}
    for key, row in table.rows.items():
        value = number(row[column])
        if value is not None:
            groups.setdefault(key[0], []).append(value)
    several = [values for values in groups.values() if len(values) > 1]
    degrees = sum(len(values) - 1 for values in several)
    if degrees == 0:
        return 0.0
    squares = sum((value - sum(values) / len(values)) ** 2 for values in several for value in values)
    quantile = float(student.ppf(1 - FALSE_ALARMS / compared / 2, degrees))
    return quantile * math.sqrt(2 * squares / degrees)


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


def pairs(working: Table, published: Table, column: str) -> Iterator[tuple[str, str, str]]:
    """Row, cell here, published cell, where both tables have them."""
    if column in working.columns and column in published.columns:
        for key, row in published.rows.items():
            if key in working.rows:
                yield name(key), working.rows[key][column], row[column]


def exact(working: Table, published: Table, columns: list[str]) -> Iterator[Finding]:
    """Cells that differ in any way."""
    for column in columns:
        for where, mine, theirs in pairs(working, published, column):
            if mine != theirs:
                yield Finding(f"{where}, {column}", f"is {mine or 'empty'}, published {theirs or 'empty'}")


def nearly(working: Table, published: Table, columns: list[str]) -> Iterator[Compared | Finding]:
    """Each column's largest difference in units of what is allowed there; cells that are further apart than allowed."""
    compared = sum(1 for column in columns for _ in pairs(working, published, column))
    for column in columns:
        spread = tolerance(published, column, compared)
        worst = Compared(column, 0.0, 0.0, "")
        for where, mine, theirs in pairs(working, published, column):
            one, other = number(mine), number(theirs)
            if mine == theirs:
                continue
            if one is None or other is None or not math.isfinite(one):
                yield Finding(f"{where}, {column}", f"is {mine or 'empty'}, published {theirs or 'empty'}")
                continue
            here = Compared(column, abs(one - other), max(spread, FLOOR * abs(other)), where)
            if here.difference * worst.tolerance >= worst.difference * here.tolerance:
                worst = here
            if here.difference > here.tolerance:
                yield Finding(f"{where}, {column}", f"is {mine}, published {theirs}; {here.tolerance:.3g} is allowed")
        yield worst
