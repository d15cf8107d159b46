"""Whether the differences that were published come out on the same side.

Two runs that call the same difference better and worse cannot both be right. Chance makes such a pair now and then, as
there are hundreds of families (problem, metric, table), each corrected for itself: of two p that are uniform the
product is below x in x (1 - ln x) of all cases, and half of the signs are opposite. A reversal is a finding where
chance would make one as sure in REVERSALS of all honest runs at most; the others are told.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from retort.verification.published import Source
from retort.verification.recorded import Finding
from stages.findings.outcomes import DIFFERENCES

REVERSALS = 0.03
DECIDED = {"better": "worse", "worse": "better"}
"""Verdicts that can be reversed, and into what."""
NEEDED = ("variant", "metric", "verdict", "p_holm")


@dataclass(frozen=True)
class Verdict:
    """What was said of a difference, and how often chance would say so where there is none."""

    word: str
    p: float


Key = tuple[str, str, str]
"""Row, other row, metric."""


@dataclass
class Turned:
    """Reversals that are findings or told, how many verdicts led from which to which, and what is missing."""

    findings: list[Finding] = field(default_factory=list)
    told: list[Finding] = field(default_factory=list)
    led: Counter[tuple[str, str]] = field(default_factory=Counter)
    unpublished: list[Path] = field(default_factory=list)


def read(text: bytes, other: str) -> dict[Key, Verdict]:
    """The verdicts of a table of differences, whose column of the other row has this name."""
    reader = csv.DictReader(io.StringIO(text.decode("utf-8")))
    absent = [name for name in (*NEEDED, other) if name not in (reader.fieldnames or ())]
    if absent:
        raise ValueError(f"has no column {', '.join(absent)}")
    return {
        (line["variant"], line[other], line["metric"]): Verdict(line["verdict"], float(line["p_holm"] or 1))
        for line in reader
    }


def turned(here: Mapping[Path, bytes], source: Source, problems: Mapping[str, str]) -> Turned:
    """How verdicts here differ from those of a source; `problems` are those of the rows."""
    found = Turned()
    opposite: list[tuple[Path, Key, Verdict, Verdict]] = []
    families: set[tuple[Path, str, str]] = set()
    for path, (other, *_) in DIFFERENCES.items():
        text = source.read(path)
        if text is None:
            found.unpublished.append(path)
            continue
        try:
            mine, theirs = read(here[path], other), read(text, other)
        except (ValueError, csv.Error) as error:
            found.findings.append(Finding(path.as_posix(), f"here or in {source.name} {error}"))
            continue
        found.led.update((each.word, mine[key].word) for key, each in theirs.items() if key in mine)
        families |= {(path, problems.get(row, ""), metric) for row, _, metric in theirs}
        opposite += [(path, key, *pair) for key, pair in reversed_in(mine, theirs)]
    for path, key, here_, there in opposite:
        row, other, metric = key
        finding = Finding(
            f"{path.as_posix()}, {metric}",
            f"{row} is {here_.word} than {other} here (p {here_.p:.2g}), {there.word} as published (p {there.p:.2g})",
        )
        (found.findings if expected(here_.p * there.p, len(families)) <= REVERSALS else found.told).append(finding)
    return found


def reversed_in(
    mine: Mapping[Key, Verdict], theirs: Mapping[Key, Verdict]
) -> Iterator[tuple[Key, tuple[Verdict, Verdict]]]:
    """Verdicts of one table that say the opposite."""
    for key, each in theirs.items():
        if key in mine and mine[key].word == DECIDED.get(each.word):
            yield key, (mine[key], each)


def expected(product: float, families: int) -> float:
    """How many reversals at least as sure chance makes in a run, where no difference is real."""
    return 0.0 if product <= 0 else families * product * (1 - math.log(product)) / 2


def moved(led: Mapping[tuple[str, str], int]) -> str:
    """How many verdicts are the same, and where the others went."""
    same = sum(count for (theirs, mine), count in led.items() if theirs == mine)
    others = sorted(((count, theirs, mine) for (theirs, mine), count in led.items() if theirs != mine), reverse=True)
    text = f"{same} of {sum(led.values())} the same"
    return "; ".join([text, *(f"{count} from {theirs} to {mine}" for count, theirs, mine in others)])
