"""The numbers that people look at first, for `dvc metrics show` and `dvc metrics diff`: one small file per row.

Of each problem its teacher and its headline rows; where none is marked so, its first rows of several seeds, or its
first rows. A file holds what decides in any problem, as far as the row was measured by it, what the row costs, and the
verdict against its control. Names are those of results.csv, behind measured ones whether the number is the mean over
seeds or their standard deviation: a number that is called `error` and no more would be an error to DVC.
"""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stages.findings.gathering import Gathered
from stages.findings.naming import NONE
from stages.settings import paths
from stages.settings.rows import VariantRow

FOLDER = paths.RESULTS / "metrics"
COUNTED = ("parameters", "macs")
DIGITS = 6
MOST = 8
"""As many students of a problem as lines of a plot whose colours can be told apart."""


def of_problems(rows: Mapping[str, VariantRow]) -> dict[str, list[str]]:
    """The rows of each problem that are looked at first, in the order of params."""
    found: dict[str, list[str]] = {}
    for name, row in rows.items():
        found.setdefault(row.problem, []).append(name)
    return {problem: first(names, rows) for problem, names in found.items()}


def first(names: list[str], rows: Mapping[str, VariantRow]) -> list[str]:
    """Of the rows of one problem the teacher, and the best known of the others."""
    others = [name for name in names if rows[name].compression != NONE]
    marked = [name for name in others if rows[name].headline]
    several = [name for name in others if len(rows[name].seeds) > 1]
    chosen = (marked or several or others)[:MOST]
    return [name for name in names if name in chosen or rows[name].compression == NONE]


def file(row: str) -> Path:
    """Where the numbers of a row stand."""
    return FOLDER / f"{row}.json"


def verdicts(comparisons: str) -> dict[tuple[str, str], str]:
    """(row, metric) -> what comparisons.csv, given as text, says of it."""
    return {(line["variant"], line["metric"]): line["verdict"] for line in csv.DictReader(io.StringIO(comparisons))}


def texts(found: Gathered, comparisons: str) -> dict[Path, str]:
    """The file of every row; `comparisons` is the text of comparisons.csv."""
    concluded = verdicts(comparisons)
    deciding = dict.fromkeys(problem.headline for problem in found.dictionary.problems.values())
    contents = {
        name: numbers(found, name, list(deciding), concluded)
        for names in of_problems(found.rows).values()
        for name in names
    }
    return {file(name): json.dumps(each, indent=1, ensure_ascii=False) + "\n" for name, each in contents.items()}


def numbers(
    found: Gathered, name: str, deciding: list[str], concluded: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    """What is measured, counted and concluded of a row."""
    row, seeds = found.rows[name], found.reports[name]["seeds"].values()
    judged_by = found.dictionary.headline(row.problem).name
    content: dict[str, Any] = {}
    for metric in deciding:
        values = [each["overall"][metric] for each in seeds if metric in each["overall"]]
        if values:
            content[f"{metric}_mean"] = round(statistics.fmean(values), DIGITS)
        if metric == judged_by and len(values) > 1:
            content[f"{metric}_deviation"] = round(statistics.stdev(values), DIGITS)
    content |= {key: found.costs[name]["kept"][key] for key in COUNTED}
    content["seeds"] = len(row.seeds)
    verdict = concluded.get((name, judged_by))
    return {**content, "verdict": verdict} if verdict else content
