"""Figures of claims that are no row's own: effects of the factorial, and what lasts when students are trained longer.

Each has a name beside its row, or beside what it is a mean over: (`all`, `image`), (`row`, `equal cost`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stages.findings import factors, lengths

NAMES = (*factors.EFFECTS, *lengths.AT)
"""What a claim may ask of a row, or of all factorials together."""
TABLES = (factors.TABLE, lengths.TABLE)

Key = tuple[str, str, str]
"""Row or what is averaged over, name, and metric."""


@dataclass(frozen=True)
class Estimate:
    """A mean, and where it lies."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Lookup:
    """A difference, nothing where seeds are too few, and the rows that it is made of."""

    estimate: Estimate | None
    rows: tuple[str, ...]


def of_line(path: Path, line: Mapping[str, str]) -> Iterator[tuple[Key, Lookup]]:
    """What a line of one of the tables says."""
    if path == factors.TABLE:
        key, rows = (line["over"], line["effect"], line["metric"]), line["rows"].split()
    else:
        key, rows = (line["variant"], line["at"], line["metric"]), [line["variant"], *line["beside"].split()]
    numbers = [line[column] for column in ("difference", "low", "high")]
    yield key, Lookup(Estimate(*map(float, numbers)) if all(numbers) else None, tuple(rows))
