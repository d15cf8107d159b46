"""Claims against the results: each holds, does not hold, or cannot be told from what was measured.

Row against row: the interval over paired seeds of results/comparisons.csv, additions.csv, paces.csv or picks.csv must
lie on one side of zero, or of `margin`.
Row against a number, the input or perfection, or a multiple of another row: the interval of the row itself, over seeds
where it has several, over test images where it has one; and that of the other row. Counts have no interval.
An effect of results/factorial.csv or a difference of results/lengths.csv against a number: its interval there.
The cosine of lesson and game against a number: the interval of results/evidence.csv, of a row or of all rows of a
problem. A search's `tau` against a number: its bootstrap interval.
"""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from scipy.stats import t as student

from stages.findings import lookups
from stages.findings.claims import Claim, ClaimsError, Outcome, State
from stages.findings.dictionary import Dictionary
from stages.findings.lookups import Estimate, Lookup
from stages.findings.tables import TableError
from stages.measuring.columns import INPUT, PERFECT
from stages.settings import paths
from stages.settings.rows import CHOSEN, VariantRow

DIFFERENCES = {
    paths.comparisons(): ("control", "taught", "untaught"),
    paths.additions(): ("beside", "more", "less"),
    paths.paces(): ("beside", "paced", "other"),
    paths.picks(): ("beside", "best", "other"),
}
"""The tables of differences between rows: their columns of the other row, and of both rows' means."""
DIGITS = 3
REFERENCES = {"input": INPUT, "perfect": PERFECT}
LEVEL = 0.95

COSINES = {"cosine_first": "first", "cosine_last": "last", "cosine_slope": "slope"}
"""What claims call columns of results/evidence.csv."""
TAU = "tau"

Line = Mapping[str, str]
Parsed = TypeVar("Parsed")


@dataclass(frozen=True)
class Difference:
    """A row minus another over their common seeds, both means, and the bounds where seeds are enough for them."""

    mine: float
    other: float
    middle: float
    ends: tuple[float, float] | None


@dataclass(frozen=True)
class Results:
    """What claims are held against; `counted` are the columns that no training moves."""

    rows: Mapping[str, VariantRow]
    lines: Sequence[Line]
    differences: Mapping[tuple[str, str, str], Difference]
    evidence: Mapping[tuple[str, str], Estimate]
    looked: Mapping[lookups.Key, Lookup]
    choices: Mapping[str, Mapping[str, Any]]
    reports: Mapping[str, Mapping[str, Any]]
    dictionary: Dictionary
    counted: Collection[str]


def results(
    rows: Mapping[str, VariantRow],
    texts: Mapping[Path, str],
    choices: Mapping[str, Mapping[str, Any]],
    reports: Mapping[str, Mapping[str, Any]],
    dictionary: Dictionary,
    counted: Collection[str],
) -> Results:
    """What claims are held against, from the texts of the tables; one that is not there says nothing."""
    read = (*DIFFERENCES, *lookups.TABLES, paths.results(), paths.evidence())
    found = {path: lines(texts.get(path, "")) for path in read}
    differences = {key: each for path in DIFFERENCES for key, each in parsed(path, found[path], differing)}
    evidence = dict(parsed(paths.evidence(), found[paths.evidence()], cosines))
    looked = {key: each for path in lookups.TABLES for key, each in parsed(path, found[path], lookups.of_line)}
    return Results(rows, found[paths.results()], differences, evidence, looked, choices, reports, dictionary, counted)


def lines(text: str) -> list[dict[str, str]]:
    """The lines of a table."""
    return list(csv.DictReader(io.StringIO(text)))


def parsed(path: Path, table: Sequence[Line], of_line: Callable[[Path, Line], Iterable[Parsed]]) -> Iterator[Parsed]:
    """What the lines of a table hold; raises where one is not as gather_results writes it."""
    for number, line in enumerate(table, 2):
        try:
            yield from of_line(path, line)
        except (KeyError, ValueError, TypeError) as error:
            raise TableError(f"{path} line {number} cannot be read ({error!r}); `retort repro` makes it") from None


def differing(path: Path, line: Line) -> Iterator[tuple[tuple[str, str, str], Difference]]:
    """Row, other row and metric, and how they differ, where they have common seeds."""
    other, *means = DIFFERENCES[path]
    if line["difference"] != "":
        ends = (float(line["low"]), float(line["high"])) if line["low"] != "" else None
        mine, theirs, middle = (float(line[column]) for column in (*means, "difference"))
        yield (line["variant"], line[other], line["metric"]), Difference(mine, theirs, middle, ends)


def cosines(_: Path, line: Line) -> Iterator[tuple[tuple[str, str], Estimate]]:
    """Row, or else problem, and metric, and its estimate, where there is one."""
    for metric, column in COSINES.items():
        if line[f"{column}_low"] != "":
            numbers = (float(line[each]) for each in (column, f"{column}_low", f"{column}_high"))
            yield (line["variant"] or line["problem"], metric), Estimate(*numbers)


def judge(claim: Claim, found: Results) -> Outcome:
    """What becomes of a claim."""
    absent = [name for name in named(claim) if not known(name, claim, found)]
    rows = tuple(behind(claim, found))
    problems = tuple(dict.fromkeys([*itself(claim, found), *(found.rows[row].problem for row in rows)]))
    if absent:
        return Outcome(claim, "other scale", f"{paths.PARAMS} has no {', '.join(absent)}", rows, problems)
    return Outcome(claim, *decided(claim, found), rows, problems)


def itself(claim: Claim, found: Results) -> list[str]:
    """The problem that a claim calls by name, also where none of its rows recorded anything."""
    problems = {row.problem for row in found.rows.values()}
    return [claim.row] if claim.metric in COSINES and claim.row not in found.rows and claim.row in problems else []


def named(claim: Claim) -> list[str]:
    """What a claim calls by name."""
    return [each for each in (claim.row, claim.than) if isinstance(each, str) and each not in REFERENCES]


def known(name: str, claim: Claim, found: Results) -> bool:
    """Whether params have what a claim calls by name."""
    if claim.of:
        return any((row, of) == (name, claim.of) for row, of, _ in found.looked)
    if claim.metric == TAU:
        return name in found.choices
    return name in found.rows or (claim.metric in COSINES and name in {row.problem for row in found.rows.values()})


def behind(claim: Claim, found: Results) -> list[str]:
    """The rows that decide a claim."""
    if claim.of:
        here = found.looked.get((claim.row, claim.of, claim.metric))
        return [name for name in here.rows if name in found.rows] if here else []
    if claim.metric == TAU:
        return [name for name, row in found.rows.items() if row.student.get(CHOSEN) == claim.row]
    if claim.metric in COSINES and claim.row not in found.rows:
        recorded = [name for name, metric in found.evidence if metric == claim.metric and name in found.rows]
        return [name for name in recorded if found.rows[name].problem == claim.row]
    return [name for name in named(claim) if name in found.rows]


def decided(claim: Claim, found: Results) -> tuple[State, str]:
    """Whether a claim about what is there holds, and the figures that say so."""
    if claim.of or claim.metric in (TAU, *COSINES):
        return against_number(claim, found)
    if not any(claim.metric in line for line in found.lines):
        return "cannot tell", f"{paths.results()} has no column {claim.metric}"
    if claim.relation in ("better_than", "not_worse_than") and claim.than in found.rows:
        return against_row(claim, found)
    return against_number(claim, found)


def sign(metric: str, found: Results) -> int:
    """1 where less is better, -1 where more is."""
    try:
        better = found.dictionary.described(metric).better
    except TableError as error:
        raise ClaimsError(f"{paths.CLAIMS}: {error}") from None
    if not better:
        raise ClaimsError(f"{paths.CLAIMS}: neither side of {metric} is better; use at_most or at_least")
    return 1 if better == "min" else -1


def against_row(claim: Claim, found: Results) -> tuple[State, str]:
    """By the paired difference of the two rows."""
    here = found.differences.get((claim.row, str(claim.than), claim.metric))
    if here is None:
        tables = ", ".join(str(path) for path in DIFFERENCES)
        return "cannot tell", f"none of {tables} compares {claim.row} with {claim.than} in {claim.metric}"
    figures = f"{short(here.mine)} against {short(here.other)}: difference {short(here.middle)}"
    if here.ends is None:
        return "cannot tell", f"{figures} of a single seed"
    side, margin = sign(claim.metric, found), claim.margin if claim.relation == "not_worse_than" else 0.0
    state = decide([side * end - margin for end in here.ends], claim.relation)
    figures += f", interval {short(here.ends[0])} to {short(here.ends[1])}"
    return state, f"{figures}, margin {short(margin)}" if margin else figures


def short(number: float) -> str:
    """A number as it is read: three digits that count, thousands apart."""
    rounded = float(f"{number:.{DIGITS}g}")
    return f"{rounded + 0.0:,.0f}" if abs(rounded) >= 10**DIGITS else f"{rounded + 0.0:.{DIGITS}g}"


def decide(ends: list[float], relation: str) -> State:
    """Whether a quantity that must not be positive, or must be negative, is so everywhere in its interval."""
    most, least = max(ends), min(ends)
    if most < 0 or (most == 0 and relation != "better_than"):
        return "holds"
    return "does not hold" if least > 0 else "cannot tell"


def values(row: str, metric: str, found: Results) -> list[float]:
    """A column of a row, seed by seed."""
    cells = [line.get(metric, "") for line in found.lines if line["variant"] == row]
    return [float(cell) for cell in cells if cell not in ("", "nan")]


def estimate(row: str, metric: str, found: Results) -> Estimate | None:
    """A row's mean and where it lies, if that can be said."""
    if metric == TAU:
        choice = found.choices[row]
        return Estimate(choice["tau"], choice["tau_low"], choice["tau_high"])
    if metric in COSINES:
        return found.evidence.get((row, metric))
    cells = values(row, metric, found)
    if metric in found.counted and cells:
        return Estimate(statistics.fmean(cells), min(cells), max(cells))
    if len(cells) > 1:
        mean, error = statistics.mean(cells), statistics.stdev(cells) / math.sqrt(len(cells))
        reach = error * float(student.ppf((1 + LEVEL) / 2, len(cells) - 1))
        return Estimate(mean, mean - reach, mean + reach)
    for seed in found.reports.get(row, {}).get("seeds", {}).values():
        if metric in seed["intervals"]:
            return Estimate(seed["overall"][metric], *seed["intervals"][metric])
    return None


def claimed(claim: Claim, found: Results) -> Estimate | None:
    """What a claim is about, and where it lies, if that can be said."""
    if claim.of:
        here = found.looked.get((claim.row, claim.of, claim.metric))
        return here.estimate if here else None
    return estimate(claim.row, claim.metric, found)


def bound(claim: Claim, found: Results) -> Estimate | None:
    """The number on the other side of a claim; of another row with the interval of its own."""
    if not isinstance(claim.than, str):
        return exactly(claim.times * claim.than)
    if claim.than in REFERENCES:
        references = found.reports.get(claim.row, {}).get("references", {})
        reference = references.get(REFERENCES[claim.than] + claim.metric)
        return None if reference is None else exactly(claim.times * reference)
    here = estimate(claim.than, claim.metric, found)
    return here and Estimate(*(claim.times * each for each in (here.middle, here.low, here.high)))


def exactly(number: float) -> Estimate:
    """A number that is known."""
    return Estimate(number, number, number)


def against_number(claim: Claim, found: Results) -> tuple[State, str]:
    """By the interval of the row itself, and that of the other row."""
    limit, here = bound(claim, found), claimed(claim, found)
    if limit is None or here is None:
        asked = " of ".join(each for each in (claim.metric, claim.of, claim.row) if each)
        what = f"{claim.metric} of {claim.than}" if limit is None else f"interval of {asked}"
        return "cannot tell", f"the results hold no {what}"
    sides = {"at_most": 1, "at_least": -1}
    side = sides[claim.relation] if claim.relation in sides else sign(claim.metric, found)
    margin = claim.margin if claim.relation == "not_worse_than" else 0.0
    state = decide([side * end - margin for end in (here.low - limit.high, here.high - limit.low)], claim.relation)
    figures = f"{spanned(here)} against {spanned(limit)}"
    if claim.of:
        figures = f"{claim.of}: {short(here.middle)}, interval {short(here.low)} to {short(here.high)}"
        figures += f", against {spanned(limit)}" if limit.middle else ""
    return state, f"{figures}, margin {short(margin)}" if margin else figures


def spanned(known: Estimate) -> str:
    """A mean, and where it lies."""
    ends = "" if known.low == known.high else f" ({short(known.low)} to {short(known.high)})"
    return f"{short(known.middle)}{ends}"
