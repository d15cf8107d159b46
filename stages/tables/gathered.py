"""What the tables are made of, read from `results/` and refused where a row is missing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.harness.findings.tables import TableError
from stages.harness.settings import paths
from stages.harness.settings.rows import Params

Fields = Mapping[str, str]


@dataclass(frozen=True)
class Gathered:
    """Lines of results.csv by row, of comparisons.csv by row and metric, costs and times."""

    settings: Params
    lines: Mapping[str, list[Fields]]
    comparisons: Mapping[tuple[str, str], Fields]
    costs: Mapping[str, Any]
    latency: Mapping[str, Any]

    def values(self, row: str, metric: str) -> list[float]:
        """A measured number of a row, seed by seed; empty where it was not measured."""
        cells = [line.get(metric, "") for line in self.lines[row]]
        return [float(cell) for cell in cells if cell]

    def verdict(self, row: str, metric: str) -> str:
        """What the comparison with the control says; empty for a row that is not taught."""
        return self.comparisons.get((row, metric), {}).get("verdict", "")

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
    lines: dict[str, list[Fields]] = {name: [] for name in settings.variants}
    for line in table(paths.results()):
        if line["variant"] in lines:
            lines[line["variant"]].append(line)
    costs, latency = json.loads(text(paths.costs())), json.loads(text(paths.latency()))
    for name, row in settings.variants.items():
        seeds = [int(line["seed"]) for line in lines[name]]
        if seeds != row.seeds:
            raise TableError(f"{paths.results()} holds seeds {seeds} of {name}, the row has {row.seeds}; run again")
        if name not in costs["variants"]:
            raise TableError(f"{paths.costs()} does not know {name}; run `retort repro` again")
    comparisons = {(line["variant"], line["metric"]): line for line in table(paths.comparisons())}
    return Gathered(settings, lines, comparisons, costs, latency)
