"""The columns of the summary: where each number comes from, its unit, and which direction is better."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from stages.harness.findings import tables
from stages.harness.settings.rows import Evaluation
from stages.tables.gathered import Gathered

DIGITS, MOST_DECIMALS = 3, 6
RELATIVE = "l1_relative"


@dataclass(frozen=True)
class Column:
    """A number of every row: `key` names it as results/ does, `factor` turns it into `unit`, `sign` leads to a note."""

    key: str
    title: str
    unit: str
    factor: float
    measured: bool = False
    sign: str = ""

    @property
    def better(self) -> str:
        """min, max, or nothing where neither is."""
        if not self.measured:
            return ""
        return tables.described("l1" if self.key == RELATIVE else self.key).better

    @property
    def heading(self) -> str:
        """The title with its sign and an arrow to the better side."""
        return f"{self.title}{self.sign}{ {'min': ' ↓', 'max': ' ↑', '': ''}[self.better] }"


def perceptual(settings: Evaluation, found: Gathered) -> Column:
    """Distance to the exact images; to the teacher's where no row has exact ones."""
    exact = f"lpips_{settings.lpips}_truth"
    known = any(found.values(name, exact) for name in found.lines)
    key, title = (exact, "LPIPS to truth") if known else (f"lpips_{settings.lpips}_teacher", "LPIPS to teacher")
    return Column(key, title, "", 1, True, "‡" if settings.lpips == "judge" else "")


def columns(found: Gathered) -> tuple[Column, ...]:
    """All columns, in their order."""
    settings = found.settings.evaluation
    suffix, sign = ("_judge", "†") if settings.extractor == "judge" else ("", "")
    return (
        Column("parameters", "Parameters", "k", 1e-3),
        Column("macs", "MACs", "M", 1e-6),
        Column("macs_output_rule", "MACs, output rule", "M", 1e-6),
        Column("bytes", "Weights", "kB", 1e-3),
        Column("compression", "Compression", "×", 1),
        Column("latency_ms", "Latency", "ms", 1),
        Column("speed_up", "Speed-up", "×", 1),
        Column(f"fid{suffix}", "FID", "", 1, True, sign),
        Column(f"kid{suffix}", "KID", "10⁻³", 1e3, True, sign),
        perceptual(settings, found),
        Column("accuracy_target", "Accuracy", "%", 100, True),
        Column("l1", "Exact error L1", "10⁻³", 1e3, True),
        Column(RELATIVE, "L1 / input", "", 1, True),
    )


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
