"""Claims in claims.yaml against the results: each holds, fails, or cannot be told from what was measured.

Row against row: the interval over paired seeds of results/comparisons.csv, additions.csv, paces.csv or picks.csv must
lie on one side of zero, or of `margin`.
Row against a number, the input or perfection: the interval of the row itself, over seeds where it has several, over
test images where it has one. Counts have no interval.
The cosine of lesson and game against a number: the interval of results/evidence.csv, of a row or of all rows of a
problem. A search's `tau` against a number: its bootstrap interval.
"""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from scipy.stats import t as student

from retort.checking import yaml_text
from retort.verification.agreement import Table
from stages.findings.dictionary import Dictionary
from stages.findings.tables import TableError
from stages.metrics import cost
from stages.settings import paths, sweeps
from stages.settings.rows import Params, Row

COMPARED = (paths.comparisons(), paths.additions(), paths.paces(), paths.picks())
"""The tables of differences between rows."""
REFERENCES = {"input": "reference_input_", "perfect": "perfect_"}
LEVEL = 0.95

COSINES = {"cosine_first": "first", "cosine_last": "last", "cosine_slope": "slope"}
"""What claims call columns of results/evidence.csv."""
TAU = "tau"

State = Literal["holds", "fails", "cannot tell", "other scale"]


class ClaimsError(ValueError):
    """claims.yaml is not sound; says what and where."""


class Claim(Row):
    """A sentence, and the figures that decide it."""

    claim: Annotated[str, Field(min_length=1)]
    row: str
    metric: str
    relation: Literal["better_than", "not_worse_than", "at_most", "at_least"]
    than: str | int | float
    times: Annotated[float, Field(gt=0)] = 1.0
    margin: Annotated[float, Field(ge=0)] = 0.0


@dataclass(frozen=True)
class Outcome:
    """What became of a claim, with the figures that decided."""

    claim: str
    state: State
    figures: str


@dataclass(frozen=True)
class Results:
    """What claims are held against."""

    rows: Params
    table: Table
    comparisons: Mapping[tuple[str, str, str], Mapping[str, str]]
    reports: Mapping[str, Mapping[str, Any]]
    columns: Dictionary
    intervals: Mapping[tuple[str, str], tuple[float, float]]


def read(file: Path = paths.CLAIMS) -> list[Claim]:
    """The claims, checked."""
    content, problems = yaml_text.read(file)
    listed = content.get("claims")
    if problems or not isinstance(listed, list):
        told = "; ".join(str(problem) for problem in problems) or "needs a list under `claims:`"
        raise ClaimsError(f"{file}: {told}")
    found = []
    for index, entry in enumerate(listed):
        try:
            found.append(Claim.model_validate(entry))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join([f"claims[{index}]", *(str(part) for part in first["loc"])])
            raise ClaimsError(f"{file}: {where}: {first['msg']}; found {first['input']!r}") from None
    return found


def sign(metric: str, results: Results) -> int:
    """1 where less is better, -1 where more is."""
    try:
        better = results.columns.described(metric).better
    except TableError as error:
        raise ClaimsError(f"{paths.CLAIMS}: {error}") from None
    if not better:
        raise ClaimsError(f"{paths.CLAIMS}: neither side of {metric} is better; use at_most or at_least")
    return 1 if better == "min" else -1


def comparisons(text: bytes) -> dict[tuple[str, str, str], dict[str, str]]:
    """(row, other row, metric) -> the line of a table of differences."""
    reader = csv.DictReader(io.StringIO(text.decode("utf-8")))
    return {(line["variant"], line.get("control", line.get("beside", "")), line["metric"]): line for line in reader}


def intervals(evidence: bytes, choices: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], tuple[float, float]]:
    """(row, problem or search, metric) -> the bounds that results/evidence.csv and results/choices hold of it."""
    found = {(name, TAU): (choice["tau_low"], choice["tau_high"]) for name, choice in choices.items()}
    for line in csv.DictReader(io.StringIO(evidence.decode("utf-8"))):
        for metric, column in COSINES.items():
            if line[f"{column}_low"] != "":
                ends = float(line[f"{column}_low"]), float(line[f"{column}_high"])
                found[line["variant"] or line["problem"], metric] = ends
    return found


def judge(claim: Claim, results: Results) -> Outcome:
    """Whether a claim holds."""
    known = sweeps.rows(results.rows)
    if claim.metric in (TAU, *COSINES):
        return against_number(claim, results)
    named = [name for name in (claim.row, claim.than) if isinstance(name, str) and name not in REFERENCES]
    absent = [name for name in named if name not in known]
    if absent:
        return Outcome(claim.claim, "other scale", f"{paths.PARAMS} has no row {', '.join(absent)}")
    if claim.metric not in results.table.columns:
        return Outcome(claim.claim, "cannot tell", f"{paths.results()} has no column {claim.metric}")
    if claim.relation in ("better_than", "not_worse_than") and claim.than in known:
        return against_row(claim, results)
    return against_number(claim, results)


def against_row(claim: Claim, results: Results) -> Outcome:
    """By the paired difference of the two rows."""
    line = results.comparisons.get((claim.row, str(claim.than), claim.metric))
    if line is None:
        tables = ", ".join(str(path) for path in COMPARED)
        told = f"none of {tables} compares {claim.row} with {claim.than} in {claim.metric}"
        return Outcome(claim.claim, "cannot tell", told)
    if line["low"] == "":
        return Outcome(claim.claim, "cannot tell", f"difference {line['difference']} of a single seed")
    side, margin = sign(claim.metric, results), claim.margin if claim.relation == "not_worse_than" else 0.0
    state = decide([side * float(line[end]) - margin for end in ("low", "high")], claim.relation)
    figures = f"difference {line['difference']}, interval {line['low']} to {line['high']}"
    return Outcome(claim.claim, state, f"{figures}, margin {margin:g}" if margin else figures)


def decide(ends: list[float], relation: str) -> State:
    """Whether a quantity that must not be positive, or must be negative, is so everywhere in its interval."""
    most, least = max(ends), min(ends)
    if most < 0 or (most == 0 and relation != "better_than"):
        return "holds"
    return "fails" if least > 0 else "cannot tell"


def values(row: str, metric: str, table: Table) -> list[float]:
    """A column of a row, seed by seed."""
    cells = [each.get(metric, "") for key, each in table.rows.items() if key[0] == row]
    return [float(cell) for cell in cells if cell not in ("", "nan")]


def interval(row: str, metric: str, results: Results) -> tuple[float, float] | None:
    """Where the row's mean lies, if that can be said."""
    if (row, metric) in results.intervals:
        return results.intervals[row, metric]
    found = values(row, metric, results.table)
    if metric in cost.COLUMNS and found:
        return min(found), max(found)
    if len(found) > 1:
        mean, error = statistics.mean(found), statistics.stdev(found) / math.sqrt(len(found))
        reach = error * float(student.ppf((1 + LEVEL) / 2, len(found) - 1))
        return mean - reach, mean + reach
    for seed in results.reports.get(row, {}).get("seeds", {}).values():
        if metric in seed["intervals"]:
            low, high = seed["intervals"][metric]
            return low, high
    return None


def bound(claim: Claim, results: Results) -> float | None:
    """The number on the other side of a claim."""
    if not isinstance(claim.than, str):
        return claim.times * claim.than
    if claim.than in REFERENCES:
        references = results.reports.get(claim.row, {}).get("references", {})
        found = references.get(REFERENCES[claim.than] + claim.metric)
        return None if found is None else claim.times * found
    cells = values(claim.than, claim.metric, results.table)
    return claim.times * statistics.mean(cells) if cells else None


def against_number(claim: Claim, results: Results) -> Outcome:
    """By the interval of the row itself."""
    limit, here = bound(claim, results), interval(claim.row, claim.metric, results)
    if limit is None or here is None:
        what = (
            f"no {claim.metric} of {claim.than}" if limit is None else f"no interval of {claim.metric} of {claim.row}"
        )
        return Outcome(claim.claim, "cannot tell", f"the results hold {what}")
    sides = {"at_most": 1, "at_least": -1}
    side = sides[claim.relation] if claim.relation in sides else sign(claim.metric, results)
    margin = claim.margin if claim.relation == "not_worse_than" else 0.0
    state = decide([side * (end - limit) - margin for end in here], claim.relation)
    return Outcome(claim.claim, state, f"{here[0]:.4g} to {here[1]:.4g} against {limit:.4g}")
