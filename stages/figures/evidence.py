"""What all stages before the figures left in `results/`, and how rows are grouped."""

from __future__ import annotations

import csv
import json
import statistics
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from stages.findings import comparing, dictionary, factors, lengths, records
from stages.findings.dictionary import Column, Dictionary
from stages.findings.tables import TableError
from stages.settings import params, paths, sweeps
from stages.settings.rows import Params, TeacherRow, VariantRow

Line = dict[str, str]
Found = TypeVar("Found")
FRECHET = {"fid": "FID", "fid_judge": "FID† (judge's features)"}
"""The distance between sets of images, by where its features come from."""


@dataclass(frozen=True)
class Evidence:
    """The params, some of their rows, and every result of these that a figure may show."""

    settings: Params
    rows: Mapping[str, VariantRow]
    dictionary: Dictionary
    lines: Mapping[str, list[Line]]
    comparisons: list[Line]
    additions: list[Line]
    paces: list[Line]
    picks: list[Line]
    factorial: list[Line]
    lengths: list[Line]
    conflicts: list[Line]
    curves: list[Line]
    choices: Mapping[str, Any]
    costs: Mapping[str, Any]
    reports: Mapping[str, Any]
    times: Mapping[str, Any] | None

    @property
    def teachers(self) -> dict[str, TeacherRow]:
        """The large networks of the rows, in the order of params."""
        wanted = {row.teacher for row in self.rows.values()}
        return {name: row for name, row in self.settings.teachers.items() if name in wanted}

    def only(self, names: Collection[str]) -> Evidence:
        """The same of fewer rows."""
        rows = {name: row for name, row in self.rows.items() if name in names}
        teachers = {row.teacher for row in rows.values()}
        return replace(
            self,
            rows=rows,
            lines={name: self.lines[name] for name in rows},
            comparisons=[line for line in self.comparisons if line["variant"] in rows],
            additions=[line for line in self.additions if line["variant"] in rows],
            paces=[line for line in self.paces if line["variant"] in rows],
            picks=[line for line in self.picks if line["variant"] in rows],
            factorial=[line for line in self.factorial if set(line["rows"].split()) <= set(rows)],
            lengths=[line for line in self.lengths if line["variant"] in rows],
            conflicts=[line for line in self.conflicts if line["problem"] in {row.problem for row in rows.values()}],
            curves=[line for line in self.curves if line["name"] in (teachers if line["kind"] == "teacher" else rows)],
            reports={name: self.reports[name] for name in rows},
        )

    def of(self, examination: str) -> Evidence:
        """What concerns the rows of one kind of examination."""
        return self.only([name for name, row in self.rows.items() if row.examination == examination])

    def examinations(self) -> list[str]:
        """The kinds of examination, in the order of the rows."""
        return list(dict.fromkeys(row.examination for row in self.rows.values()))

    def problems(self) -> dict[str, list[str]]:
        """The rows of each problem."""
        found: dict[str, list[str]] = {}
        for name, row in self.rows.items():
            found.setdefault(row.problem, []).append(name)
        return found

    def headline(self, problem: str) -> Column:
        """The metric that decides a problem."""
        return self.dictionary.headline(problem)

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
    settings = params.read()
    rows = sweeps.rows(settings)
    lines: dict[str, list[Line]] = {}
    for line in table(paths.results()):
        lines.setdefault(line["variant"], []).append(line)
    missing = [name for name in rows if name not in lines]
    if missing:
        raise TableError(f"{paths.results()} has no line of {', '.join(missing)}; run `retort repro`")
    return Evidence(
        settings,
        rows,
        dictionary.read(),
        {name: lines[name] for name in rows},
        table(paths.comparisons()),
        table(paths.additions()),
        table(paths.paces()),
        table(paths.picks()),
        table(factors.TABLE),
        table(lengths.TABLE),
        table(paths.evidence()),
        table(paths.training_curves()),
        {name: records.read(paths.choice(name)) for name in settings.searches},
        records.read(paths.costs()),
        {name: records.read(paths.quality(name)) for name in rows},
        records.read(paths.latency()) if paths.latency().exists() else None,
    )


def table(path: Path) -> list[Line]:
    """A table of results."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise TableError(f"{path} does not exist; `retort repro` makes it") from None


def by_headline(evidence: Evidence) -> Iterator[tuple[str, Column, Evidence]]:
    """Of each deciding metric the rows that it decides, those of each kind of examination by themselves.

    The end of their figures' names comes first: none for the first, then the metric, or where that is taken the kind.
    """
    decided: dict[tuple[Column, str], list[str]] = {}
    for problem, names in evidence.problems().items():
        key = evidence.headline(problem), evidence.dictionary.examination(problem)
        decided.setdefault(key, []).extend(names)
    known: set[Column] = set()
    for place, ((column, examination), names) in enumerate(decided.items()):
        end = f"-{examination}" if column in known else f"-{column.name.replace('_', '-')}"
        yield end if place else "", column, evidence.only(names)
        known.add(column)


def by_examination(evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    """The rows of each kind of examination, and the end of their figures' names: none for the first."""
    for place, examination in enumerate(evidence.examinations()):
        yield f"-{examination}" if place else "", evidence.of(examination)


def filled(evidence: Evidence, find: Callable[[Evidence], Found]) -> list[tuple[str, Evidence, Found]]:
    """What is found among the rows of each kind of examination, where anything is, with the end of its figure's name.

    The end is none for the first.
    """
    parts = [(part, found) for _, part in by_examination(evidence) if (found := find(part))]
    return [(f"-{part.examinations()[0]}" if place else "", part, found) for place, (part, found) in enumerate(parts)]


def group(row: VariantRow) -> tuple[str, ...]:
    """What rows share that differ only in what they were taught; the problem comes first."""
    settings = row.student, row.compression_settings, row.play
    return row.problem, row.teacher, row.compression, row.schedule, *map(dumped, settings)


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


def control(evidence: Evidence, names: Collection[str]) -> str | None:
    """The row of a group that is not taught."""
    return next((name for name in names if not comparing.taught(evidence.rows[name])), None)


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
    lines = (line for line in evidence.comparisons if line["metric"] == metric)
    return {line["variant"]: each for line in lines if (each := effect(line, "untaught")) is not None}


def effect(line: Line, against: str) -> Effect | None:
    """A line of comparisons as a share of the number that stands in column `against`; none where that is no number."""
    if line["difference"] == "" or float(line[against]) == 0:
        return None
    unit = abs(float(line[against]))
    low, high = (float(line[end]) / unit if line[end] != "" else None for end in ("low", "high"))
    return Effect(line["variant"], float(line["difference"]) / unit, low, high, line["verdict"])


def frechet(evidence: Evidence) -> str | None:
    """The distance between sets of images that rows have; none where no row makes images."""
    return next((column for column in FRECHET if any(evidence.has(name, column) for name in evidence.rows)), None)
