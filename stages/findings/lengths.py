"""Whether what a lesson wins lasts: the same students trained for more and fewer steps, taught and untaught.

Rows are the same but for their length where they agree in everything except the schedule, and the schedules in
everything except the steps. A lesson costs: its teacher has to be watched. So a taught row is held against the untaught
one twice: trained for equally many steps, and at equal cost of training, where the untaught number is interpolated
between the two lengths whose costs enclose that of the taught row (linearly in the logarithm of the cost).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stages.findings import comparing, paces
from stages.findings.contrasts import Contrast, Values, pair
from stages.settings import paths
from stages.settings.rows import Params, Schedule, VariantRow

TABLE = paths.lengths()
"""Taught against untaught at each length, and how their difference changes with it."""
STEPS, COST, CHANGE = "equal steps", "equal cost", "change of the difference"
AT = (STEPS, COST, CHANGE)
LENGTH = ("steps",)
"""What schedules of one ladder differ in."""


@dataclass(frozen=True)
class Rung:
    """One length: a taught row and its untaught twin, their steps, and what their trainings cost."""

    steps: int
    taught: str
    control: str
    cost: int
    control_cost: int


@dataclass(frozen=True)
class Ladder:
    """A lesson at two or more lengths, the shortest first."""

    lesson: str
    rungs: tuple[Rung, ...]


@dataclass(frozen=True)
class Asked:
    """A taught row and what it is held against."""

    rung: Rung
    at: str
    contrast: Contrast


def but_length(schedule: Schedule) -> dict[str, Any]:
    """All of a schedule but how many steps it has."""
    return schedule.model_dump(exclude=set(LENGTH))


def alike(row: VariantRow, other: VariantRow, schedules: Mapping[str, Schedule]) -> bool:
    """Whether two rows differ in the length of their training alone, if in anything."""
    same = but_length(schedules[row.schedule]) == but_length(schedules[other.schedule])
    return same and paces.alike(row, other, "schedule")


def of_rows(settings: Params, rows: Mapping[str, VariantRow], costs: Mapping[str, Any]) -> list[Ladder]:
    """Every lesson that is taught at two or more lengths, each beside an untaught row of the same length."""
    found: list[list[str]] = []
    for name, row in rows.items():
        if comparing.taught(row) and settings.schedules[row.schedule].steps:
            mine = next((each for each in found if alike(rows[each[0]], row, settings.schedules)), None)
            if mine is None:
                found.append([name])
            else:
                mine.append(name)
    ladders = []
    for names in found:
        rungs = {each.steps: each for each in (rung(settings, rows, costs, name) for name in names) if each is not None}
        if len(rungs) > 1:
            ladders.append(Ladder(names[0], tuple(rungs[steps] for steps in sorted(rungs))))
    return ladders


def rung(settings: Params, rows: Mapping[str, VariantRow], costs: Mapping[str, Any], name: str) -> Rung | None:
    """A taught row beside its control; none where it has none."""
    control = comparing.control_of(rows[name], rows)
    if control is None:
        return None
    mine, other = (costs[each]["training"]["macs"] for each in (name, control))
    return Rung(settings.schedules[rows[name].schedule].steps, name, control, mine, other)


def at_cost(ladder: Ladder, cost: float) -> Contrast | None:
    """The untaught rows whose mean has a cost, with negative weights; none where no two of them enclose it."""
    for lower, upper in zip(ladder.rungs, ladder.rungs[1:], strict=False):
        if lower.control_cost <= cost <= upper.control_cost:
            first, second = math.log(lower.control_cost), math.log(upper.control_cost)
            share = (math.log(cost) - first) / (second - first)
            found = {lower.control: -(1 - share), upper.control: -share}
            return {name: weight for name, weight in found.items() if weight}
    return None


def asked(ladder: Ladder) -> list[Asked]:
    """Each rung at equal steps, and at equal cost where that is known."""
    found = [Asked(each, STEPS, pair(each.taught, each.control)) for each in ladder.rungs]
    for each in ladder.rungs:
        others = at_cost(ladder, each.cost)
        found += [Asked(each, COST, {each.taught: 1.0, **others})] if others else []
    return found


def change(ladder: Ladder) -> Contrast:
    """Half of how much the difference at the longest training differs from that at the shortest."""
    first, last = ladder.rungs[0], ladder.rungs[-1]
    return {last.taught: 0.5, last.control: -0.5, first.taught: -0.5, first.control: 0.5}


def lines(
    settings: Params,
    rows: Mapping[str, VariantRow],
    costs: Mapping[str, Any],
    reports: Mapping[str, Any],
    better: Mapping[str, str],
) -> Iterator[dict[str, object]]:
    """What the table holds; `better` says of each metric which direction is."""
    ladders = of_rows(settings, rows, costs)
    for problem in dict.fromkeys(rows[each.lesson].problem for each in ladders):
        mine = [each for each in ladders if rows[each.lesson].problem == problem]
        names = dict.fromkeys(name for each in mine for one in each.rungs for name in (one.taught, one.control))
        for metric, direction in better.items():
            values = numbers(names, reports, metric)
            if values is not None:
                yield from judged(mine, values, metric, direction)


def numbers(names: Sequence[str] | Mapping[str, None], reports: Mapping[str, Any], metric: str) -> Values | None:
    """A metric by row and seed; none where a row has none."""
    found = {name: {s: each["overall"].get(metric) for s, each in reports[name]["seeds"].items()} for name in names}
    return None if any(value is None for mine in found.values() for value in mine.values()) else found


def judged(ladders: Sequence[Ladder], values: Values, metric: str, better: str) -> Iterator[dict[str, object]]:
    """All differences of a problem as one family; then how each lesson's difference changes."""
    family = [(ladder, each) for ladder in ladders for each in asked(ladder)]
    results = comparing.compare([each.contrast for _, each in family], values, better)
    for (ladder, each), result in zip(family, results, strict=True):
        yield line(ladder, each, metric, better, vars(result))
    for ladder in ladders:
        (result,) = comparing.compare([change(ladder)], values, better)
        yield line(
            ladder, Asked(ladder.rungs[-1], CHANGE, change(ladder)), metric, better, changed(ladder, values, result)
        )


def changed(ladder: Ladder, values: Values, result: comparing.Comparison) -> dict[str, Any]:
    """The contrast of the change is half of it, and its two sides are no differences: what a reader expects instead."""
    seeds = [seed for seed in values[ladder.lesson] if all(seed in values[row] for row in change(ladder))]
    first, last = (
        sum(values[each.taught][seed] - values[each.control][seed] for seed in seeds) / len(seeds) if seeds else None
        for each in (ladder.rungs[0], ladder.rungs[-1])
    )
    doubled = {
        key: None if value is None else 2 * value
        for key in ("low", "high", "deviation", "detectable")
        for value in [getattr(result, key)]
    }
    difference = None if first is None or last is None else last - first
    return {**vars(result), **doubled, "taught": last, "control": first, "difference": difference}


def line(ladder: Ladder, each: Asked, metric: str, better: str, found: Mapping[str, Any]) -> dict[str, object]:
    """One line of the table."""
    others = [name for name in each.contrast if name != each.rung.taught]
    return {
        "lesson": ladder.lesson,
        "variant": each.rung.taught,
        "at": each.at,
        "beside": " ".join(others),
        "steps": each.rung.steps,
        "training_macs": each.rung.cost,
        "metric": metric,
        "better": better,
        **found,
        "untaught": found["control"],
    }


def columns(measured: Sequence[str]) -> tuple[str, ...]:
    """The table's columns; `measured` are those that all tables of differences have."""
    names = (
        "lesson",
        "variant",
        "at",
        "beside",
        "steps",
        "training_macs",
        "metric",
        "better",
        "n",
        "taught",
        "untaught",
    )
    return (*names, *measured)
