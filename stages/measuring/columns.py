"""What the columns of the tables mean, also where a prefix or a suffix says more about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal

Better = Literal["min", "max", ""]


@dataclass(frozen=True)
class Column:
    """A column of the tables: which direction is better, if one is, its unit, a short title, and what it is."""

    better: Better = ""
    unit: str = ""
    title: str = ""
    note: str = ""


INPUT, PERFECT, DRAWS, LOW, HIGH = "reference_input_", "perfect_", "real_draws_", "_low", "_high"
JUDGE, TRUTH, TEACHER = "_judge", "_truth", "_teacher"
FCN, RULE = "_fcn_judge", "_exact"


@dataclass(frozen=True)
class Affix:
    """What a prefix or suffix adds to a column's title and note; only a row's own numbers are better or worse."""

    title: str
    note: str
    own: bool


AFFIXES = {
    JUDGE: Affix("", "in the judge's features", True),
    TRUTH: Affix("to truth", "to the exact image", True),
    TEACHER: Affix("to teacher", "to the teacher's image", True),
    FCN: Affix("by fcn_judge", "classes read by a small network that learnt them from train photographs", True),
    RULE: Affix("by rule", "classes read by the nearest prototype in chromaticity, without any network", True),
    LOW: Affix("lower bound", "lower bound of the 95 % bootstrap interval over images", False),
    HIGH: Affix("upper bound", "upper bound of the 95 % bootstrap interval over images", False),
    INPUT: Affix("of the input", "what returning the input scores", False),
    PERFECT: Affix("of exact images", "what the exact images score", False),
    DRAWS: Affix("of real draws", "what as many real images score", False),
}


def named(column: str, affix: str) -> str:
    """A column's name with a prefix, which ends in an underscore, or a suffix, which begins with one."""
    return f"{column}{affix}" if affix.startswith("_") else f"{affix}{column}"


def affixed(column: Column, affix: str) -> Column:
    """What the column of this name means."""
    added = AFFIXES[affix]
    return replace(
        column,
        better=column.better if added.own else "",
        title=f"{column.title} {added.title}".strip(),
        note=f"{column.note}; {added.note}",
    )


def described(columns: Mapping[str, tuple[str, Column]]) -> dict[str, dict[str, str]]:
    """Columns, each with the metric that it comes from, as reports hold them."""
    return {
        name: {"metric": metric, **{k: v for k, v in asdict(column).items() if k != "note"}, "meaning": column.note}
        for name, (metric, column) in columns.items()
    }
