"""How often `retort verify` refuses an honest run: runs of other seeds are drawn, and held against the published one.

A drawn number of a row and seed is normal, by itself, around what may be true of its row: the published mean, give or
take what so many seeds leave open. So drawn and published numbers differ by the noise of both. Few seeds say little of
how far a row scatters, so that it is taken from them and from the other rows of its problem, by as much as these are
alike (`moderating`), on the axis, raw or logarithmic, on which they are more alike. A teacher, of one seed, scatters
like the rows of its problem.

What is left as it is: counts, losses, judges and references, what a search found. So that another run's teachers taught
other students is no part of this; second teachers tell how much that moves.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from retort.benches import moderating
from retort.verification import agreement, claimed, derived, verdicts, verifying
from retort.verification.agreement import Judges
from retort.verification.derived import Derived
from retort.verification.published import Source
from retort.verification.verifying import Check
from stages.findings import claims, gathering
from stages.findings.claims import Claim
from stages.findings.contrasts import Axis
from stages.findings.gathering import Gathered
from stages.metrics import cost
from stages.settings import params, paths, sweeps
from stages.settings.rows import Params

ENOUGH = 0.95
"""The share of honest runs that must be accepted."""

Tell = Callable[[str], None]
Values = Mapping[str, Mapping[str, float]]
"""Row -> seed -> number."""


@dataclass(frozen=True)
class Noise:
    """How far each row of a problem scatters in a column, and on which axis."""

    axis: Axis
    alike: float
    deviations: Mapping[str, float]


def moderated(values: Values, axis: Axis) -> Noise:
    """How far rows scatter on an axis, as they and others say; those of one seed as the others."""
    function = math.log if axis == "log" else float
    numbers = [[function(x) for x in each.values()] for each in values.values()]
    variances = np.array([statistics.variance(each) if len(each) > 1 else 0.0 for each in numbers])
    degrees = np.array([len(each) - 1.0 for each in numbers])
    found, known = moderating.moderated(variances, degrees)
    alike = float((known - degrees)[0])
    return Noise(axis, alike, dict(zip(values, np.sqrt(found).tolist(), strict=True)))


def noise(values: Values) -> Noise | None:
    """How the numbers of a column scatter in a problem; nothing where no row has two seeds."""
    if all(len(each) == 1 for each in values.values()):
        return None
    axes: list[Axis] = ["raw", "log"] if all(x > 0 for each in values.values() for x in each.values()) else ["raw"]
    return max((moderated(values, axis) for axis in axes), key=lambda each: each.alike)


def drawn(values: Values, found: Noise, random: np.random.Generator) -> Values:
    """The numbers of another run; none leaves the range of shares, or of numbers above zero, if all are in it."""
    numbers = np.array([x for each in values.values() for x in each.values()])
    lowest, highest = (0.0 if numbers.min() >= 0 else -math.inf), (1.0 if 0 <= numbers.max() <= 1 else math.inf)
    made: dict[str, dict[str, float]] = {}
    for row, each in values.items():
        mine = np.array([*each.values()])
        published, deviation = (np.log(mine) if found.axis == "log" else mine), found.deviations[row]
        truth = published.mean() + deviation / math.sqrt(len(mine)) * random.standard_normal()
        others = truth + deviation * random.standard_normal(len(mine))
        others = np.exp(others) if found.axis == "log" else np.abs(others) if numbers.min() > 0 else others
        made[row] = dict(zip(each, np.clip(others, lowest, highest).tolist(), strict=True))
    return made


class Strangers:
    """The published numbers, and runs of other seeds that would fit them."""

    def __init__(self, settings: Params, stated: list[Claim]) -> None:
        self.settings, self.stated = settings, stated
        self.found = gathering.gather(sweeps.rows(settings), cost.COLUMNS)
        known = {place: (values, noise(values)) for place, values in columns(self.found)}
        self.noises = {place: found for place, (_, found) in known.items() if found}
        self.values = {place: known[place][0] for place in self.noises}

    def run(self, random: np.random.Generator) -> Derived:
        """All that follows from the numbers of one run."""
        made: dict[str, dict[str, dict[str, float]]] = {}
        for place, values in self.values.items():
            for row, each in drawn(values, self.noises[place], random).items():
                for seed, number in each.items():
                    made.setdefault(row, {}).setdefault(seed, {})[place[1]] = number
        reports = {
            name: {
                **report,
                "seeds": {
                    seed: {**each, "overall": {**each["overall"], **made.get(name, {}).get(seed, {})}}
                    for seed, each in report["seeds"].items()
                },
            }
            for name, report in self.found.reports.items()
        }
        return derived.of_gathered(replace(self.found, reports=reports), self.settings, self.stated)


def columns(found: Gathered) -> Iterator[tuple[tuple[str, str], Values]]:
    """Problem and column -> row -> seed -> number, of what is measured of networks."""
    rows: dict[str, list[str]] = {}
    for name, row in found.rows.items():
        rows.setdefault(row.problem, []).append(name)
    for problem, names in rows.items():
        for column in overall(found, names[0]):
            values = {
                name: {seed: each["overall"][column] for seed, each in found.reports[name]["seeds"].items()}
                for name in names
                if column in overall(found, name)
            }
            yield (problem, column), values


def overall(found: Gathered, name: str) -> dict[str, float]:
    """What was measured of a row's first network."""
    first: dict[str, float] = found.reports[name]["seeds"][str(found.rows[name].seeds[0])]["overall"]
    return {column: value for column, value in first.items() if isinstance(value, float | int)}


def source(name: str, run: Derived) -> Source:
    """A run as published results are read."""
    texts = {path.as_posix(): text.encode() for path, text in run.tables.items()}
    return Source(name, texts.get)


def held(here: Derived, there: Derived, settings: Params) -> list[Check]:
    """What `retort verify` asks of a run beside another: numbers, verdicts, claims."""
    one, other = source("here", here), source("the other run", there)
    numbers = Check("numbers")
    mine, theirs = (agreement.read(each.read(paths.results()) or b"") for each in (one, other))
    verifying.table_against(mine, theirs, Judges(), [*sweeps.rows(settings)], numbers)
    problems = {name: row.problem for name, row in sweeps.rows(settings).items()}
    texts: dict[Path, bytes] = {path: text.encode() for path, text in here.tables.items()}
    turned = verdicts.turned(texts, other, problems)
    flipped, told, _ = claimed.against(here.outcomes, other, exact=False)
    return [
        numbers,
        Check("verdicts", turned.findings, verdicts.moved(turned.led), turned.told),
        Check("claims", flipped, told=told),
    ]


def run(seed: int, draws: int, tell: Tell) -> dict[str, Any]:
    """How many of some drawn runs are refused, why, and how much is compared in each."""
    settings = params.read()
    strangers = Strangers(settings, claims.read())
    published = derived.of_gathered(strangers.found, settings, strangers.stated)
    refused, reasons, examples, opened, louder = 0, Counter[str](), [], [], []
    for case in range(draws):
        checks = held(strangers.run(np.random.default_rng([seed, case])), published, settings)
        wrong = [(check.question, finding) for check in checks for finding in check.findings]
        refused += bool(wrong)
        reasons.update({question for question, _ in wrong})
        examples += [f"case {case}: {finding.where} {finding.what}" for _, finding in wrong]
        opened.append(len(checks[-1].told))
        louder.append(len(checks[0].told))
        tell(f"case {case + 1} of {draws}: {'refused' if wrong else 'accepted'}")
    return {
        "seed": seed,
        "cases": draws,
        "accepted": draws - refused,
        "refused_by": dict(reasons),
        "findings": examples,
        "numbers": sum(len(each) for values in strangers.values.values() for each in values.values()),
        "numbers_told": float(np.mean(louder)),
        "claims": len(strangers.stated),
        "claims_opened_or_closed": float(np.mean(opened)),
    }
