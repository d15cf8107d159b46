"""What a lesson's part adds: rows of one student of which one is taught all that the other is, and more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stages.findings import comparing
from stages.settings.rows import VariantRow

SIDES = "the other generator"
"""What is added where the same is taught to more networks."""
LISTED = "[]"
PART = 4
"""A leaf at least as long belongs to a part of a lesson or to what it compares; shorter ones are its own settings."""


@dataclass(frozen=True)
class Addition:
    """A row, the one whose lesson it extends, and what it has besides."""

    more: str
    less: str
    added: str


def leaves(value: Any, path: tuple[str, ...] = ()) -> frozenset[tuple[str, ...]]:  # noqa: ANN401 - settings of any lesson
    """Settings as the set of their single values, each behind its path; of a list every element."""
    if isinstance(value, Mapping):
        return frozenset(leaf for key, each in value.items() for leaf in leaves(each, (*path, str(key))))
    if isinstance(value, list):
        return frozenset((*path, LISTED, str(each)) for each in value)
    return frozenset({(*path, str(value))})


def said(row: VariantRow) -> frozenset[tuple[str, ...]]:
    """All that a row is taught."""
    return leaves({"generator": row.generator_lesson, "discriminator": row.discriminator_lesson})


def extends(row: VariantRow, other: VariantRow) -> bool:
    """Whether both are the same student, taught by the same lesson, which says all that the other's says and more."""
    same = (*comparing.SAME, "distill", "pace", "generator_pace", "discriminator_pace", "problem")
    alike = all(getattr(row, field) == getattr(other, field) for field in same)
    if not (alike and comparing.taught(other) and said(other) < said(row)):
        return False
    return all(len(leaf) >= PART for leaf in said(row) - said(other))


def of_rows(rows: Mapping[str, VariantRow]) -> Iterator[Addition]:
    """Every pair of rows of which one extends the other, with no third in between."""
    for name, row in rows.items():
        smaller = [other for other, each in rows.items() if extends(row, each)]
        for other in smaller:
            if not any(extends(rows[third], rows[other]) for third in smaller):
                yield Addition(name, other, added(row, rows[other]))


def added(row: VariantRow, other: VariantRow) -> str:
    """The parts that only the larger lesson has, or else the taps; of several networks' taps that more are taught."""
    new, old = said(row) - said(other), said(other)
    parts = dict.fromkeys(leaf[1] for leaf in sorted(new) if not any(leaf[:2] == each[:2] for each in old))
    if parts:
        return " + ".join(parts)
    taps = dict.fromkeys(leaf[-1] if leaf[-2] == LISTED else leaf[-2] for leaf in sorted(new))
    return SIDES if all("." in tap for tap in taps) else " + ".join(taps)
