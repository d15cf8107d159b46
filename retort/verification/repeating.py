"""Two runs of the same comparisons with other seeds: how many verdicts agree, and how many should."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from retort.verification.playing import DECIDED, JUDGED, Key, Line, RepeatedError, key, predicted
from retort.verification.published import Source
from stages.findings.gathering import MEASURED
from stages.settings import paths

HEADLINE, ALL = "headline", "all"
"""Which rows were compared."""


@dataclass(frozen=True)
class Repeated:
    """How the verdicts of two runs compare, and how they should; `reversed` names better that became worse or back."""

    compared: int
    agree: int
    expected: float
    low: float
    high: float
    reversed: tuple[Key, ...]

    @property
    def share(self) -> float:
        """The share of verdicts that agree."""
        return self.agree / self.compared

    @property
    def as_expected(self) -> bool:
        """Whether as many agree as power predicts; more do no harm."""
        return self.share >= self.low and not self.reversed


def judged(lines: Iterable[Line]) -> dict[Key, Line]:
    """Lines of several seeds with an interval."""
    return {key(line): line for line in lines if line["verdict"] in JUDGED and line["low"] != ""}


def repeated(
    first: Iterable[Line], second: Iterable[Line], problems: Mapping[str, str], wanted: Collection[Key] | None = None
) -> Repeated:
    """How the verdicts of one run, all or those wanted, come out in another.

    `problems` says which problem a row is of. The others of its problem and metric are rows of the same family.
    """
    mine, theirs = judged(first), judged(second)
    pairs = {
        each: (line["verdict"], theirs[each]["verdict"])
        for each, line in mine.items()
        if each in theirs and (wanted is None or each in wanted)
    }
    if not pairs:
        raise RepeatedError("the runs have no comparison of several seeds in common that both trained")
    turned_round = tuple(each for each, both in pairs.items() if set(both) == set(DECIDED))
    expected, low, high = predicted(mine, theirs, pairs, problems)
    agree = sum(one == other for one, other in pairs.values())
    return Repeated(len(pairs), agree, expected, low, high, turned_round)


def of_places(here: Source, there: Source) -> dict[str, Repeated]:
    """The runs of two places, on the column that decides each problem: headline rows, and all rows that both have."""
    mine, theirs = (table(place, paths.comparisons()) for place in (here, there))
    if mine == theirs:
        raise RepeatedError(f"{there.name} holds the very same comparisons, which says nothing about other seeds")
    rows, others = (table(place, paths.results()) for place in (here, there))
    problems = {line["variant"]: line["problem"] for line in rows}
    decides = {name: each["headline"] for name, each in json.loads(read(here, paths.dictionary()))["problems"].items()}
    mine = [line for line in mine if line["metric"] == decides[problems[line["variant"]]]]
    twice = [each for each in judged(mine) if all(anew(name, each[2], rows, others) for name in each[:2])]
    marked = {line["variant"] for line in rows if line["headline"] == "true"}
    parts = {HEADLINE: [each for each in twice if each[0] in marked], ALL: twice}
    return {name: repeated(mine, theirs, problems, keys) for name, keys in parts.items() if keys or name == ALL}


def anew(row: str, metric: str, *runs: Sequence[Line]) -> bool:
    """Whether a row was trained in each of two runs: where both hold the very same numbers, one took them over."""
    one, other = ([(line["seed"], line[metric]) for line in lines if line["variant"] == row] for lines in runs)
    return one != other


def read(place: Source, path: Path) -> str:
    """A file of a run."""
    content = place.read(path)
    if content is None:
        raise RepeatedError(f"{place.name} has no {path}")
    return content.decode("utf-8")


def table(place: Source, path: Path) -> list[dict[str, str]]:
    """A table of a run, as it is since noise is pooled."""
    found = list(csv.DictReader(io.StringIO(read(place, path))))
    if path == paths.comparisons() and found and not set(MEASURED) <= found[0].keys():
        raise RepeatedError(f"{place.name}: {path} was made by an older version; `retort repro` makes it anew")
    return found
