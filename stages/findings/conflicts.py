"""Whether the conflict between lesson and game grows as a student gets better: its evidence, training by training.

The conflict is read off the cosine of both gradients, which falls as it grows. The slope is that of the least squares
line through the records of one training, per whole training. Intervals are Student's t over trainings, two-sided 95 %;
the sign test asks how often as many slopes of one sign come about by chance. Trainings of one seed share their first
weights and their batches: over all rows of a problem they are counted as if they did not.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.stats import binomtest, linregress

from stages.findings import comparing
from stages.findings.courses import Course
from stages.findings.moments import COSINE, GAME, LESSON, STEP, WEIGHT, Moment, Moments
from stages.findings.naming import paced
from stages.settings.rows import Params, VariantRow

THIRD = 1 / 3
LEAST = 4
"""Records of one training through which a line is drawn."""
COLUMNS = (
    "problem", "variant", "pace", "dose", "trainings", "records",
    "first", "first_low", "first_high", "last", "last_low", "last_high", "at_end",
    "slope", "slope_low", "slope_high", "falling", "sign_p", "opposed", "pull_first", "pull_last", "conflict",
)  # fmt: skip
MEANS = ("opposed", "pull_first", "pull_last")
ALL = ""
"""The variant of the line that holds all trainings of a problem."""


@dataclass(frozen=True)
class Record:
    """What was measured at one moment of a training: its share that had passed, the cosine, and the lesson's pull.

    The pull is λ times the norm of the lesson's gradient over that of the game's; none where the game's vanishes.
    """

    passed: float
    cosine: float
    pull: float | None


@dataclass(frozen=True)
class Training:
    """The records of one training, summed up."""

    records: int
    first: float
    last: float
    slope: float
    opposed: float
    pull_first: float
    pull_last: float


def records(moments: Sequence[Moment], steps: int) -> list[Record]:
    """The records of one training, which are the moments at which the cosine was measured."""
    return [
        Record(
            moment[STEP] / steps,
            moment[COSINE],
            moment[WEIGHT] * moment[LESSON] / moment[GAME] if moment[GAME] > 0 else None,
        )
        for moment in moments
        if COSINE in moment
    ]


def summed(found: Sequence[Record]) -> Training:
    """One training, of which both outer thirds hold records."""
    first, last = thirds(found)
    return Training(
        len(found),
        statistics.fmean(each.cosine for each in first),
        statistics.fmean(each.cosine for each in last),
        float(linregress([each.passed for each in found], [each.cosine for each in found]).slope),
        statistics.fmean(each.cosine < 0 for each in found),
        *(statistics.fmean([e.pull for e in each if e.pull is not None] or [0.0]) for each in (first, last)),
    )


def thirds(found: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """The records of the first and of the last third of a training."""
    return [each for each in found if each.passed <= THIRD], [each for each in found if each.passed > 1 - THIRD]


def trainings(settings: Params, name: str, row: VariantRow, recorded: Moments) -> list[Training]:
    """The trainings of a row that recorded enough."""
    steps = settings.schedules[row.schedule].steps
    found = [records(recorded.get((name, seed), ()), steps) for seed in row.seeds]
    return [summed(each) for each in found if len(each) >= LEAST and all(thirds(each))]


def lines(
    settings: Params, rows: Mapping[str, VariantRow], courses: Mapping[str, Course], recorded: Moments
) -> Iterator[dict[str, Any]]:
    """The table, problem by problem: every row that asked for evidence, then all trainings of the problem."""
    problems: dict[str, dict[str, list[Training]]] = {}
    for name, row in rows.items():
        found = trainings(settings, name, row, recorded) if row.evidence and name in courses else []
        if found:
            problems.setdefault(row.problem, {})[name] = found
    for problem, of_rows in problems.items():
        for name, found in of_rows.items():
            about = {"problem": problem, "variant": name, "pace": paced(rows[name]), "dose": courses[name].dose}
            yield {**dict.fromkeys(COLUMNS), **about, **line(found)}
        if len(of_rows) > 1:
            everything = [each for found in of_rows.values() for each in found]
            yield {**dict.fromkeys(COLUMNS), "problem": problem, "variant": ALL, **line(everything)}


def line(found: Sequence[Training]) -> dict[str, Any]:
    """What several trainings say together."""
    cells: dict[str, Any] = {"trainings": len(found), "records": sum(each.records for each in found)}
    for name in ("first", "last", "slope"):
        values = [getattr(each, name) for each in found]
        low, high = comparing.interval(values) if len(values) > 1 else (None, None)
        cells |= {name: statistics.fmean(values), f"{name}_low": low, f"{name}_high": high}
    falling = sum(each.slope < 0 for each in found)
    means = {name: statistics.fmean(getattr(each, name) for each in found) for name in MEANS}
    return {
        **cells,
        **means,
        "falling": falling,
        "sign_p": float(binomtest(falling, len(found)).pvalue),
        "at_end": sided(cells["last_low"], cells["last_high"], "opposed", "together"),
        "conflict": sided(cells["slope_low"], cells["slope_high"], "grows", "shrinks"),
    }


def sided(low: float | None, high: float | None, below: str, above: str) -> str:
    """A verdict only where the interval leaves zero out."""
    if low is None or high is None:
        return "single seed"
    if low <= 0 <= high:
        return "no evidence"
    return below if high < 0 else above
