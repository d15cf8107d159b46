"""The columns of the tables: where each number comes from, its unit, and which direction is better."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, replace

from stages.findings.dictionary import Dictionary

DIGITS, MOST_DECIMALS = 3, 6
RELATIVE = "l1_relative"
TRAINING = "training_macs"


@dataclass(frozen=True)
class Column:
    """A number of every row: `key` names it as results/ does, `factor` turns it into `unit`, `sign` leads to a note.

    One that is measured has a direction that is `better`. One that is `over_input` is the ratio of that column to what
    returning the input scores in it.
    """

    key: str
    title: str
    unit: str = ""
    factor: float = 1
    measured: bool = False
    sign: str = ""
    over_input: str = ""
    better: str = ""

    @property
    def source(self) -> str:
        """The column of results/ that it is made from."""
        return self.over_input or self.key

    @property
    def heading(self) -> str:
        """The title with its sign and an arrow to the better side."""
        return f"{self.title}{self.sign}{ {'min': ' ↓', 'max': ' ↑', '': ''}[self.better] }"


def costs(unit: str = "M", factor: float = 1e-6, *, both_rules: bool = False) -> tuple[Column, ...]:
    """What a row costs; multiply-accumulates in a unit that suits its networks, by one rule or both in use."""
    return (
        Column("parameters", "Parameters", "k", 1e-3),
        Column("macs", "MACs", unit, factor),
        *([Column("macs_output_rule", "MACs, output rule", unit, factor)] if both_rules else []),
        Column(TRAINING, "Training MACs", "G", 1e-9),
        Column("bytes", "Weights", "kB", 1e-3),
        Column("compression", "Compression", "×"),
        Column("latency_ms", "Latency", "ms"),
        Column("speed_up", "Speed-up", "×"),
    )


def measured(found: Dictionary, columns: Iterable[Column]) -> tuple[Column, ...]:
    """Columns of measured numbers with the direction that the dictionary gives them."""
    return tuple(replace(each, measured=True, better=found.described(each.source).better) for each in columns)


def capital(title: str) -> str:
    """A title that begins with a capital letter."""
    return title[:1].upper() + title[1:]


def decimals(values: Iterable[float]) -> int:
    """As many for the whole column as give a typical value three digits, so that decimal points can stand in line."""
    sizes = [abs(value) for value in values if value]
    if not sizes:
        return 0
    return min(max(DIGITS - 1 - math.floor(math.log10(statistics.median(sizes))), 0), MOST_DECIMALS)


def written(value: float, places: int) -> str:
    """A number with a fixed count of decimals and no negative zero."""
    text = f"{value:.{places}f}"
    return text.removeprefix("-") if float(text) == 0 else text
