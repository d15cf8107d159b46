"""What teaching each network and matching each layer does: main effects of the factorial, of each problem and of all.

Rows taught by layers differ in four things: whether the last block is matched, whether earlier ones are too, whether
the image is, and whether the discriminator is taught. The effect of one is the mean difference between rows that have
it and rows that agree with these in all others and do not. Two of them interact where the effect of one depends on the
other: half the difference of both effects, as is usual.

Numbers are divided by the mean of the untaught student of the same size, so that problems of different errors can be
averaged: every difference is a share of what that student scores.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stages.findings import comparing, naming
from stages.findings.contrasts import Contrast, Values
from stages.settings import paths
from stages.settings.rows import VariantRow

TABLE = paths.factorial()
"""Main effects and interactions, and what is known of them."""
ALL = "all"
KINDS = (naming.NONE, naming.BY_LAYERS)
IMAGE = "image"
GENERATOR, DISCRIMINATOR, BOTH = "generator alone", "discriminator alone", "both"
BLOCK, EARLIER, PICTURE, CRITIC = "last block", "earlier blocks", "image", "discriminator"
FACTORS = (BLOCK, EARLIER, PICTURE, CRITIC)
INTERACTIONS = ((BLOCK, PICTURE), (BLOCK, CRITIC), (PICTURE, CRITIC))
CROSS = " × "
EFFECTS = (GENERATOR, DISCRIMINATOR, BOTH, *FACTORS, *(one + CROSS + other for one, other in INTERACTIONS))
CONTROL = ("teacher", "compression", "compression_settings", "student", "schedule", "play", "examination", "problem")
"""What rows of one factorial agree in."""


@dataclass(frozen=True, order=True)
class Cell:
    """What a row of the factorial is taught: of the generator by which layers, and the discriminator."""

    block: bool
    earlier: bool
    image: bool
    critic: bool

    @property
    def generator(self) -> bool:
        """Whether the generator is taught anything."""
        return self.block or self.image

    def has(self, factor: str) -> bool:
        """Whether a factor is at work."""
        return {BLOCK: self.block, EARLIER: self.earlier, PICTURE: self.image, CRITIC: self.critic}[factor]

    def other(self, factor: str) -> Cell:
        """The same but for one factor."""
        now = [self.has(each) != (each == factor) for each in FACTORS]
        return Cell(*now)


NOTHING = Cell(block=False, earlier=False, image=False, critic=False)


@dataclass(frozen=True)
class Factorial:
    """Rows of one size of student on one problem, cell by cell."""

    title: str
    problem: str
    cells: Mapping[Cell, str]

    @property
    def control(self) -> str:
        """The row that is taught nothing."""
        return self.cells[NOTHING]


@dataclass(frozen=True)
class Asked:
    """An effect, over which factorials it is a mean, and the rows that it holds against each other."""

    effect: str
    over: str
    problems: tuple[str, ...]
    contrast: Contrast


def usual(rows: Sequence[VariantRow]) -> float | None:
    """The most common weight of a group's lessons."""
    weights = Counter(row.generator_lesson["weight"] for row in rows if "weight" in row.generator_lesson)
    return weights.most_common(1)[0][0] if weights else None


def plain(row: VariantRow, weight: float | None) -> bool:
    """Whether a row belongs to a factorial: if taught, then by layers, as the method is drawn, at the usual weight."""
    lesson, critic = row.generator_lesson, row.discriminator_lesson
    drawn = all(each.get("reading", "drawn") == "drawn" for each in (lesson, critic))
    ours = row.distill.generator in KINDS and row.distill.discriminator in KINDS
    return (
        ours and drawn and lesson.get("adapter_side", "student") == "student" and lesson.get("weight", weight) == weight
    )


def cell(row: VariantRow) -> Cell:
    """What a row is taught."""
    taps = set(row.generator_lesson.get("match", {})) if row.distill.generator != naming.NONE else set()
    inner = taps - {IMAGE}
    return Cell(bool(inner), len(inner) > 1, IMAGE in taps, row.distill.discriminator != naming.NONE)


def of_rows(rows: Mapping[str, VariantRow]) -> list[Factorial]:
    """Every group of rows that has an untaught row and at least two taught ones, at that row's pace."""
    groups: dict[tuple[str, ...], dict[str, VariantRow]] = {}
    for name, row in rows.items():
        key = tuple(repr(getattr(row, field)) for field in CONTROL)
        if row.compression != naming.NONE:
            groups.setdefault(key, {})[name] = row
    return [found for members in groups.values() if (found := of_group(members)) is not None]


def of_group(members: Mapping[str, VariantRow]) -> Factorial | None:
    """The rows of a group, cell by cell; the first of several in one."""
    weight = usual(list(members.values()))
    untaught = next((row for row in members.values() if not comparing.taught(row)), None)
    cells: dict[Cell, str] = {}
    for name, row in members.items():
        if untaught is not None and row.pace == untaught.pace and plain(row, weight):
            cells.setdefault(cell(row), name)
    if untaught is None or len(cells) < len((NOTHING, GENERATOR, DISCRIMINATOR)):
        return None
    return Factorial(f"{untaught.problem}: {naming.made(untaught)}", untaught.problem, cells)


def mean(pairs: Sequence[tuple[str, str]]) -> Contrast:
    """The mean difference of pairs of rows; no row stands on both sides."""
    found: dict[str, float] = {}
    for more, less in pairs:
        found[more] = found.get(more, 0.0) + 1 / len(pairs)
        found[less] = found.get(less, 0.0) - 1 / len(pairs)
    return found


def effects(found: Factorial) -> dict[str, Contrast]:
    """Every effect that a factorial's rows can tell."""
    cells = found.cells
    kinds = {
        GENERATOR: [name for each, name in cells.items() if each.generator and not each.critic],
        DISCRIMINATOR: [name for each, name in cells.items() if each.critic and not each.generator],
        BOTH: [name for each, name in cells.items() if each.critic and each.generator],
    }
    said = {kind: mean([(name, found.control) for name in names]) for kind, names in kinds.items() if names}
    for factor in FACTORS:
        having = [each for each in cells if each.has(factor) and each.other(factor) in cells]
        if having:
            said[factor] = mean([(cells[each], cells[each.other(factor)]) for each in having])
    for first, second in INTERACTIONS:
        pairs = [pair for each in cells for pair in square(cells, each, first, second)]
        if pairs:
            said[first + CROSS + second] = mean(pairs)
    return said


def square(cells: Mapping[Cell, str], corner: Cell, first: str, second: str) -> list[tuple[str, str]]:
    """Two pairs whose differences add up to an interaction, from a cell that has both; none if one of four lacks."""
    if not (corner.has(first) and corner.has(second)):
        return []
    four = (corner, corner.other(first).other(second), corner.other(first), corner.other(second))
    if any(each not in cells for each in four):
        return []
    return [(cells[four[0]], cells[four[2]]), (cells[four[1]], cells[four[3]])]


def asked(found: Sequence[Factorial]) -> list[list[Asked]]:
    """Families of effects: those of all factorials together, then those of each."""
    each = {one.title: effects(one) for one in found}
    words = dict.fromkeys(word for said in each.values() for word in said)
    together = []
    for word in words:
        having = [one for one in found if word in each[one.title]]
        contrast = {row: weight / len(having) for one in having for row, weight in each[one.title][word].items()}
        together.append(Asked(word, ALL, tuple(dict.fromkeys(one.problem for one in having)), contrast))
    alone = [
        [Asked(word, one.title, (one.problem,), each[one.title][word]) for word in words if word in each[one.title]]
        for one in found
    ]
    return [family for family in (together, *alone) if family]


def shares(found: Sequence[Factorial], reports: Mapping[str, Any], metric: str) -> Values | None:
    """Numbers as shares of the mean of their untaught row; none where that is not above zero, or a row has none."""
    values: dict[str, dict[str, float]] = {}
    for one in found:
        mine = {name: reports[name]["seeds"] for name in one.cells.values()}
        if any(metric not in seed["overall"] for seeds in mine.values() for seed in seeds.values()):
            return None
        unit = statistics.fmean(seed["overall"][metric] for seed in mine[one.control].values())
        if unit <= 0:
            return None
        values |= {
            name: {s: seed["overall"][metric] / unit for s, seed in seeds.items()} for name, seeds in mine.items()
        }
    return values


def lines(
    rows: Mapping[str, VariantRow], reports: Mapping[str, Any], better: Mapping[str, str]
) -> Iterator[dict[str, object]]:
    """What the table holds; `better` says of each metric which direction is. Rows judged otherwise stand apart."""
    found = of_rows(rows)
    for examination in dict.fromkeys(rows[one.control].examination for one in found):
        mine = [one for one in found if rows[one.control].examination == examination]
        for metric, direction in better.items():
            values = shares(mine, reports, metric)
            if values is not None:
                yield from judged(asked(mine), values, metric, direction)


def judged(
    families: Sequence[Sequence[Asked]], values: Values, metric: str, better: str
) -> Iterator[dict[str, object]]:
    """The effects of one metric with their intervals, family by family."""
    for family in families:
        results = comparing.compare([each.contrast for each in family], values, better)
        for each, result in zip(family, results, strict=True):
            numbers = vars(result)
            both = {"with": numbers["taught"], "without": numbers["control"]}
            yield {
                "effect": each.effect,
                "over": each.over,
                "problems": " ".join(each.problems),
                "rows": " ".join(each.contrast),
                "metric": metric,
                "better": better,
                **both,
                **numbers,
            }


def columns(measured: Sequence[str]) -> tuple[str, ...]:
    """The table's columns; `measured` are those that all tables of differences have."""
    return ("effect", "over", "problems", "rows", "metric", "better", "n", "with", "without", *measured)
