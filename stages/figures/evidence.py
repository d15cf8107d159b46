"""What all stages before the figures left in `results/`, and how rows are grouped and called."""

from __future__ import annotations

import csv
import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stages.harness.findings import records
from stages.harness.findings.tables import TableError
from stages.harness.settings import params, paths
from stages.harness.settings.rows import Params, VariantRow

Line = dict[str, str]
FRECHET = ("fid", "fid_judge")


@dataclass(frozen=True)
class Evidence:
    """The params and every result that a figure may show."""

    settings: Params
    lines: dict[str, list[Line]]
    comparisons: list[Line]
    curves: list[Line]
    costs: dict[str, Any]
    reports: dict[str, Any]
    times: dict[str, Any] | None

    @property
    def rows(self) -> Mapping[str, VariantRow]:
        """The compressed networks, in the order of params."""
        return self.settings.variants

    def problems(self) -> dict[str, list[str]]:
        """The rows of each image-to-image problem."""
        found: dict[str, list[str]] = {}
        for name, row in self.rows.items():
            found.setdefault(row.problem, []).append(name)
        return found

    def teacher(self, problem: str) -> str | None:
        """The row of a problem that is its uncompressed teacher."""
        return next((n for n in self.problems()[problem] if self.rows[n].compression == "none"), None)

    def has(self, name: str, column: str) -> bool:
        """Whether every seed of a row has a number in a column."""
        return all(line.get(column, "") != "" for line in self.lines[name])

    def values(self, name: str, column: str) -> list[float]:
        """The numbers of a row, seed by seed."""
        return [float(line[column]) for line in self.lines[name]]

    def mean(self, name: str, column: str) -> float:
        """The mean over seeds."""
        return statistics.fmean(self.values(name, column))

    def extent(self, name: str, column: str) -> tuple[float, float]:
        """From the lowest to the highest over seeds, and over each seed's interval where there is one."""
        low, high = (column + end if self.has(name, column + end) else column for end in ("_low", "_high"))
        return min(self.values(name, low)), max(self.values(name, high))


def load() -> Evidence:
    """Everything, read once."""
    settings = params.load_or_exit()
    lines: dict[str, list[Line]] = {}
    for line in table(paths.results()):
        lines.setdefault(line["variant"], []).append(line)
    missing = [name for name in settings.variants if name not in lines]
    if missing:
        raise TableError(f"{paths.results()} has no line of {', '.join(missing)}; run `retort repro`")
    return Evidence(
        settings,
        lines,
        table(paths.comparisons()),
        table(paths.training_curves()),
        records.read(paths.costs()),
        {name: records.read(paths.quality(name)) for name in settings.variants},
        records.read(paths.latency()) if paths.latency().exists() else None,
    )


def of_images(evidence: Evidence) -> Evidence:
    """What concerns rows that make images, which are those that have a Fréchet distance."""
    rows = {name: row for name, row in evidence.rows.items() if any(evidence.has(name, column) for column in FRECHET)}
    teachers = {row.teacher for row in rows.values()}
    settings = evidence.settings.model_copy(
        update={
            "variants": rows,
            "teachers": {name: row for name, row in evidence.settings.teachers.items() if name in teachers},
        }
    )
    return replace(
        evidence,
        settings=settings,
        lines={name: evidence.lines[name] for name in rows},
        comparisons=[line for line in evidence.comparisons if line["variant"] in rows],
        curves=[line for line in evidence.curves if line["name"] in rows or line["name"] in teachers],
        reports={name: evidence.reports[name] for name in rows},
    )


def table(path: Path) -> list[Line]:
    """A table of results."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise TableError(f"{path} does not exist; `retort repro` makes it") from None


def group(row: VariantRow) -> tuple[str, ...]:
    """What rows share that differ only in what they were taught."""
    return row.problem, row.compression, dumped(row.student), dumped(row.compression_settings), row.schedule


def dumped(settings: Mapping[str, Any]) -> str:
    """Settings as text that equal ones share."""
    return json.dumps(settings, sort_keys=True)


def groups(evidence: Evidence) -> dict[tuple[str, ...], list[str]]:
    """Rows that differ only in what they were taught; teachers are in none."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name, row in evidence.rows.items():
        if row.compression != "none":
            found.setdefault(group(row), []).append(name)
    return found


def made(row: VariantRow) -> str:
    """How the student of a row is made, in words."""
    parts = [f"{key} {value}" if not isinstance(value, str) else value for key, value in row.student.items()]
    return ", ".join([*parts] if row.compression == "resize" else [row.compression, *parts])


def called(row: VariantRow) -> str:
    """A short name of a row among those of its group: the thesis's, or what it is taught."""
    if row.compression == "none":
        return "teacher"
    if row.thesis or not taught(row):
        return row.thesis or "no KD"
    generator = matched(row.generator_lesson) if row.distill.generator == "euclidean" else row.distill.generator
    names = ["D"] if row.distill.discriminator != "none" else []
    return "+".join([*names, generator] if row.distill.generator != "none" else names)


def matched(lesson: Mapping[str, Any]) -> str:
    """Which of the teacher's layers a lesson looks at."""
    taps = list(lesson.get("match", {}))
    blocks = [tap.removeprefix("res") for tap in taps if tap.startswith("res")]
    others = [tap for tap in taps if not tap.startswith("res")]
    words = [f"block{'s' if len(blocks) > 1 else ''} {', '.join(blocks)}"] if blocks else []
    return " + ".join([*words, *others])


def taught(row: VariantRow) -> bool:
    """Whether either network of a row has a lesson."""
    return (row.distill.generator, row.distill.discriminator) != ("none", "none")


@dataclass(frozen=True)
class Effect:
    """What teaching changed in one row, as a share of its control's number; negative is less."""

    name: str
    share: float
    low: float | None
    high: float | None
    verdict: str

    @property
    def proven(self) -> bool:
        """Whether an interval leaves zero out."""
        return self.verdict in ("better", "worse")


def effects(evidence: Evidence, metric: str) -> dict[str, Effect]:
    """The effect of every row that has a control with common seeds."""
    found = {}
    for line in evidence.comparisons:
        if line["metric"] == metric and line["difference"] != "" and float(line["untaught"]) != 0:
            unit = abs(float(line["untaught"]))
            low, high = (float(line[end]) / unit if line[end] != "" else None for end in ("low", "high"))
            found[line["variant"]] = Effect(
                line["variant"], float(line["difference"]) / unit, low, high, line["verdict"]
            )
    return found


def headline(evidence: Evidence) -> tuple[str, str]:
    """The metric that decides and its name: the exact error where every row has one, else the Fréchet distance."""
    if all(evidence.has(name, "l1") for name in evidence.rows):
        return "l1", "exact error"
    return frechet(evidence)


def frechet(evidence: Evidence) -> tuple[str, str]:
    """The Fréchet distance, whose name says where features come from."""
    # What was used, not what params ask for by now.
    if next(iter(evidence.reports.values()))["protocol"]["shared"]["extractor"] == "judge":
        return "fid_judge", "FID† (judge's features)"
    return "fid", "FID"
