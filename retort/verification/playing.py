"""How many verdicts of two runs should agree, found by playing both.

How often two runs agree follows from their own power. A true difference that is far from zero in units of its error
comes out twice; one of which chance decides comes out as often as a coin says. So the share that should agree is
found by playing: true differences are drawn from what one run says of them, two runs are drawn from these with the
noise and the shared controls that its tables tell, and are judged as results are (pooled deviation, Holm). Each run is
played as it was, with its own seeds and among the rows that it compared: fewer seeds show less, and fewer rows are
corrected for less. The middle 95 % of the plays are the interval in which the share of real runs must lie.

What one run says of its true differences is taken together: their distribution, in standard errors, is the one most
likely to have given what was measured (nonparametric maximum likelihood; Kiefer and Wolfowitz 1956). Taken one by one,
differences that noise made large would be believed, and more verdicts expected to change than do.

Plays assume that differences scatter alike in both runs, on the axis on which the first was judged, that noise is
normal, and that families are independent: one metric of each problem, as the columns that decide are. Metrics of the
same trainings are not. Rows that only the other run has are not played: nothing is known of them here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import t

from stages.findings.comparing import ALARMS, NEAR
from stages.findings.contrasts import Axis

DECIDED = ("better", "worse")
JUDGED = (*DECIDED, "no difference", "no evidence")
"""Verdicts of several seeds, by the numbers that plays call them."""
PLAYS = 1000
SEED = 0
GRID, ROUNDS = 201, 300
"""Points of the distribution of true differences, and rounds of its estimation."""
MIDDLE = 0.95

Line = Mapping[str, str]
Key = tuple[str, str, str]
"""Row, what it is held against, metric."""


class RepeatedError(ValueError):
    """Two runs cannot be compared; says why."""


@dataclass(frozen=True)
class Family:
    """The lines of one problem and metric, on their axis: differences, deviations, how a verdict turns them round."""

    keys: tuple[Key, ...]
    seeds: Int[np.ndarray, " lines"]
    mean: Float[np.ndarray, " lines"]
    deviation: Float[np.ndarray, " lines"]
    degrees: Float[np.ndarray, " lines"]
    control: Float[np.ndarray, " lines"]
    axis: Axis
    pooled: bool
    better: str

    @property
    def error(self) -> Float[np.ndarray, " lines"]:
        """Standard errors of the mean differences."""
        return self.deviation / np.sqrt(self.seeds)


def key(line: Line) -> Key:
    """Which comparison a line of a table of differences is."""
    return line["variant"], line.get("control", line.get("beside", "")), line["metric"]


def families(lines: Iterable[Line], problems: Mapping[str, str]) -> list[Family]:
    """The lines as they were judged, problem by problem and metric by metric; those without any noise say nothing."""
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if float(line["deviation"]) > 0:
            found.setdefault((problems[line["variant"]], line["metric"]), []).append(line)
    return [family(each) for each in found.values()]


def family(lines: Sequence[Line]) -> Family:
    """Lines of one problem and metric."""

    def column(name: str) -> Float[np.ndarray, " lines"]:
        return np.array([float(line[name]) for line in lines])

    scale, control, difference = lines[0]["scale"], column(sides(lines[0])[1]), column("difference")
    axis: Axis = "log" if scale == "log" else "raw"
    mean = np.log1p(difference / control) if axis == "log" else difference
    keys = tuple(key(line) for line in lines)
    numbers = column("deviation"), column("degrees"), control
    return Family(keys, column("n").astype(int), mean, *numbers, axis, scale != "own", lines[0]["better"])


def elsewhere(family: Family, places: Sequence[int], lines: Sequence[Line]) -> Family:
    """Some lines of a family as another run judged them: its seeds and what they tell of noise, which is the same."""
    seeds, degrees = (np.array([float(line[name]) for line in lines]) for name in ("n", "degrees"))
    keys = tuple(family.keys[place] for place in places)
    known = family.mean[[*places]], family.deviation[[*places]]
    pooled = lines[0]["scale"] != "own"
    control = family.control[[*places]]
    return Family(keys, seeds.astype(int), *known, degrees, control, family.axis, pooled, family.better)


def sides(line: Line) -> tuple[str, str]:
    """The columns of a table that hold the numbers of a row and of what it is held against."""
    columns = list(line)
    place = columns.index("n")
    return columns[place + 1], columns[place + 2]


def believed(found: Sequence[Family]) -> tuple[Float[np.ndarray, " grid"], list[Float[np.ndarray, "lines grid"]]]:
    """Possible true differences in standard errors, and of each line how much each is to be believed."""
    measured = np.concatenate([each.mean / each.error for each in found])
    degrees = np.concatenate([each.degrees for each in found])
    grid = np.unique(np.append(np.linspace(measured.min(), measured.max(), GRID), 0.0))
    likelihood = t.pdf(measured[:, None] - grid, degrees[:, None])
    weights = np.full(len(grid), 1 / len(grid))
    for _ in range(ROUNDS):
        shares = likelihood * weights
        weights = (shares / shares.sum(axis=1, keepdims=True)).mean(axis=0)
    shares = likelihood * weights
    ends = np.cumsum([len(each.keys) for each in found])[:-1]
    return grid, np.split(shares / shares.sum(axis=1, keepdims=True), ends)


def play(
    family: Family, truth: Float[np.ndarray, "plays lines"], random: np.random.Generator
) -> Int[np.ndarray, "plays lines"]:
    """The verdicts of runs in which these are the true differences, by their place in JUDGED."""
    plays, most = len(truth), int(family.seeds.max())
    held = np.arange(most) < family.seeds[:, None]
    noise = drawn(family, plays, most, random)
    differences = truth[:, :, None] + family.deviation[:, None] * noise
    mean = np.where(held, differences, 0.0).sum(axis=2) / family.seeds
    squares = (np.where(held, differences - mean[:, :, None], 0.0) ** 2).sum(axis=2)
    if family.pooled:
        deviation = np.sqrt(squares.sum(axis=1, keepdims=True) / (family.seeds - 1).sum())
    else:
        deviation = np.sqrt(squares / (family.seeds - 1))
    return verdicts(family, mean, deviation / np.sqrt(family.seeds))


def drawn(family: Family, plays: int, most: int, random: np.random.Generator) -> Float[np.ndarray, "plays lines seeds"]:
    """Noise of unit deviation; of a shared row at most half of the quietest line's variance comes."""
    names = dict.fromkeys(name for row, other, _ in family.keys for name in (row, other))
    rows = {name: random.standard_normal((plays, most)) for name in names}
    part = np.sqrt((family.deviation.min() ** 2 / 2) / family.deviation**2)
    rest = np.sqrt(1 - part**2)
    lines = [
        mine * rows[row] - others * rows[other]
        for (row, other, _), mine, others in zip(family.keys, rest, part, strict=True)
    ]
    return np.stack(lines, axis=1)


def verdicts(
    family: Family, mean: Float[np.ndarray, "plays lines"], error: Float[np.ndarray, "plays lines"]
) -> Int[np.ndarray, "plays lines"]:
    """What Holm's intervals say, as `comparing.verdict` would."""
    lines = len(family.keys)
    chance = 2 * t.sf(np.abs(mean) / error, family.degrees)
    order = np.argsort(chance, axis=1)
    levels = ALARMS / np.arange(lines, 0, -1)
    passed = np.logical_and.accumulate(np.take_along_axis(chance, order, axis=1) <= levels, axis=1)
    last = np.where(passed, np.arange(lines), np.minimum(passed.sum(axis=1, keepdims=True), lines - 1))
    place = np.empty_like(last)
    np.put_along_axis(place, order, last, axis=1)
    bounds = t.isf(levels[:, None] / 2, family.degrees)
    reach = np.take_along_axis(np.broadcast_to(bounds.T, (len(mean), lines, lines)), place[:, :, None], axis=2)[:, :, 0]
    low, high = (turned(family, mean + sign * reach * error) for sign in (-1, 1))
    return said(family, low, high)


def turned(family: Family, value: Float[np.ndarray, "plays lines"]) -> Float[np.ndarray, "plays lines"]:
    """Differences in the metric's unit."""
    return family.control * np.expm1(np.minimum(value, 50.0)) if family.axis == "log" else value


def said(
    family: Family, low: Float[np.ndarray, "plays lines"], high: Float[np.ndarray, "plays lines"]
) -> Int[np.ndarray, "plays lines"]:
    """Verdicts by their place in JUDGED."""
    near = NEAR * np.abs(family.control)
    fell: Bool[np.ndarray, "plays lines"] = high < 0
    decided = np.where(fell == (family.better == "min"), 0, 1)
    return np.where((low <= 0) & (high >= 0), np.where((low >= -near) & (high <= near), 2, 3), decided)


def predicted(
    first: Mapping[Key, Line],
    second: Mapping[Key, Line],
    counted: Collection[Key],
    problems: Mapping[str, str],
    plays: int = PLAYS,
) -> tuple[float, float, float]:
    """The share of verdicts that agree in two runs like these: the mean of plays, and their middle 95 %.

    True differences and noise are those of the first, whose verdicts are judged in both; of these some are counted.
    """
    found = families(first.values(), problems)
    grid, shares = believed(found)
    random = np.random.default_rng(SEED)
    agree, count = np.zeros(plays), 0
    for family, belief in zip(found, shares, strict=True):
        places = [place for place, each in enumerate(family.keys) if each in second]
        if not any(family.keys[place] in counted for place in places):
            continue
        other = elsewhere(family, places, [second[family.keys[place]] for place in places])
        truth = np.stack([random.choice(grid, plays, p=each) for each in belief], axis=1) * family.error
        one, two = play(family, truth, random)[:, places], play(other, truth[:, places], random)
        mine = [each in counted for each in other.keys]
        agree += (one == two)[:, mine].sum(axis=1)
        count += sum(mine)
    if not count:
        raise RepeatedError("the runs have no comparison in common that scatters")
    agree /= count
    low, high = np.quantile(agree, [(1 - MIDDLE) / 2, (1 + MIDDLE) / 2])
    return float(agree.mean()), float(low), float(high)
