"""What a search is worth: rows of what it found best against its controls, made, taught and judged alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stages.findings import comparing
from stages.findings.paces import LESSONS, PACES
from stages.settings.rows import CHOSEN, PICK, VariantRow

BEST = "best"
"""What a search itself picked; its other picks are controls."""


@dataclass(frozen=True)
class Pairing:
    """The row of what a search found best, and that of another of its picks."""

    variant: str
    search: str
    against: str
    beside: str


def of_rows(rows: Mapping[str, VariantRow]) -> Iterator[Pairing]:
    """Every row of a search's best against the same of each control."""
    for name, row in rows.items():
        if row.student.get(PICK) == BEST:
            for other, each in rows.items():
                if CHOSEN in each.student and alike(row, each):
                    yield Pairing(name, row.student[CHOSEN], each.student[PICK], other)


def alike(row: VariantRow, other: VariantRow) -> bool:
    """Whether two rows agree in all but which of a search's picks they are."""
    fields = (field for field in (*comparing.SAME, *LESSONS, *PACES) if field != "student")
    if row.student[PICK] == other.student[PICK] or any(getattr(row, f) != getattr(other, f) for f in fields):
        return False
    mine, theirs = ({key: value for key, value in each.student.items() if key != PICK} for each in (row, other))
    return mine == theirs
