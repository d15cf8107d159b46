"""What the tables are made of, read from `results/` and refused where a row is missing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stages.findings import dictionary
from stages.findings.dictionary import Dictionary
from stages.findings.tables import TableError
from stages.measuring.columns import DRAWS, HIGH, INPUT, LOW, PERFECT
from stages.settings import paths, sweeps
from stages.settings.rows import Params, VariantRow

Fields = Mapping[str, str]
COST = "cost"


@dataclass(frozen=True)
class Gathered:
    """Some rows of params; lines of results.csv by row, of comparisons.csv by row and metric, costs and times."""

    settings: Params
    rows: Mapping[str, VariantRow]
    dictionary: Dictionary
    lines: Mapping[str, list[Fields]]
    comparisons: Mapping[tuple[str, str], Fields]
    choices: Mapping[str, Any]
    costs: Mapping[str, Any]
    latency: Mapping[str, Any]

    def of(self, examination: str) -> Gathered:
        """What was gathered of the rows of one kind of examination."""
        return self.only({name: row for name, row in self.rows.items() if row.examination == examination})

    def only(self, rows: Mapping[str, VariantRow]) -> Gathered:
        """The same of fewer rows."""
        return replace(self, rows=rows, lines={name: self.lines[name] for name in rows})

    def examinations(self) -> list[str]:
        """The kinds of examination, in the order of the rows."""
        return list(dict.fromkeys(row.examination for row in self.rows.values()))

    def evaluation(self) -> Mapping[str, Any]:
        """The settings of the examination that all these rows went through."""
        (examination,) = self.examinations()
        return self.settings.evaluation[examination]

    def problems(self) -> dict[str, list[str]]:
        """The rows of each problem."""
        found: dict[str, list[str]] = {}
        for name, row in self.rows.items():
            found.setdefault(row.problem, []).append(name)
        return found

    def values(self, row: str, metric: str) -> list[float]:
        """A measured number of a row, seed by seed; empty where it was not measured."""
        cells = [line.get(metric, "") for line in self.lines[row]]
        return [float(cell) for cell in cells if cell]

    def over_input(self, row: str, metric: str) -> list[float]:
        """A measured number over what returning the input scores, seed by seed."""
        inputs = self.values(row, f"{INPUT}{metric}")
        return [mine / unchanged for mine, unchanged in zip(self.values(row, metric), inputs, strict=True)]

    def any_has(self, metric: str) -> bool:
        """Whether some row has a number in a column."""
        return any(self.values(name, metric) for name in self.lines)

    def measured(self) -> list[str]:
        """The measured columns that some row has, without bounds and references."""
        return [
            name
            for name, column in self.dictionary.columns.items()
            if column.metric != COST and not name.endswith((LOW, HIGH)) and not name.startswith((INPUT, PERFECT, DRAWS))
            if self.any_has(name)
        ]

    def verdict(self, row: str, metric: str) -> str:
        """What the comparison with the control says; empty for a row that is not taught."""
        return self.comparisons.get((row, metric), {}).get("verdict", "")

    def verdicts(self, rows: Collection[str], metric: str) -> dict[tuple[str, str], str]:
        """What is said of these rows and their controls, by row and control."""
        known = ((row, self.comparisons.get((row, metric))) for row in rows)
        return {(row, line["control"]): line["verdict"] for row, line in known if line and line["control"] in rows}

    def time(self, row: str, *, batch: int = 1, threads: int = 1) -> Mapping[str, Any]:
        """The row's times on the processor; empty where none were taken."""
        network = self.latency["networks"].get(self.latency["variants"].get(row), {"times": []})
        wanted = {"device": "cpu", "threads": threads, "batch": batch}
        return next((each for each in network["times"] if wanted.items() <= each.items()), {})


def text(path: Path) -> str:
    """The content of a result file."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TableError(f"{path} does not exist; `retort repro` makes it") from None


def table(path: Path) -> list[Fields]:
    """The lines of a table, by column."""
    return list(csv.DictReader(io.StringIO(text(path))))


def load(settings: Params) -> Gathered:
    """All that the tables need, of exactly the rows of params."""
    rows = sweeps.rows(settings)
    lines: dict[str, list[Fields]] = {name: [] for name in rows}
    for line in table(paths.results()):
        if line["variant"] in lines:
            lines[line["variant"]].append(line)
    costs, latency = json.loads(text(paths.costs())), json.loads(text(paths.latency()))
    for name, row in rows.items():
        seeds = [int(line["seed"]) for line in lines[name]]
        if seeds != row.seeds:
            raise TableError(f"{paths.results()} holds seeds {seeds} of {name}, the row has {row.seeds}; run again")
        if name not in costs["variants"]:
            raise TableError(f"{paths.costs()} does not know {name}; run `retort repro` again")
    choices = {name: json.loads(text(paths.choice(name))) for name in settings.searches}
    comparisons = {(line["variant"], line["metric"]): line for line in table(paths.comparisons())}
    return Gathered(settings, rows, dictionary.read(), lines, comparisons, choices, costs, latency)
