"""What the measured and counted columns mean, and which column decides in each problem: results/columns.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stages.findings.tables import TableError
from stages.measuring import columns as measured
from stages.measuring.columns import DRAWS, HIGH, INPUT, LOW, PERFECT, named
from stages.settings import paths
from stages.settings.rows import VariantRow

Report = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A column: the metric that it comes from, which direction is better, its unit, a short title, what it is."""

    name: str
    metric: str
    better: str
    unit: str
    title: str
    meaning: str


@dataclass(frozen=True)
class Problem:
    """How the rows of a problem are judged: the kind of examination, and the column that decides."""

    examination: str
    headline: str


@dataclass(frozen=True)
class Dictionary:
    """The columns in the order of results.csv, and the problems in the order of params."""

    columns: Mapping[str, Column]
    problems: Mapping[str, Problem]

    def described(self, name: str) -> Column:
        """What a column means."""
        if name not in self.columns:
            raise TableError(f"no metric of these results has a column {name!r}, so nothing says what it means")
        return self.columns[name]

    def headline(self, problem: str) -> Column:
        """The column that decides between the rows of a problem."""
        return self.described(self.judged(problem).headline)

    def examination(self, problem: str) -> str:
        """The kind of examination that the rows of a problem go through."""
        return self.judged(problem).examination

    def judged(self, problem: str) -> Problem:
        """How the rows of a problem are judged."""
        if problem not in self.problems:
            raise TableError(f"{paths.dictionary()} does not know the problem {problem!r}; run `retort repro`")
        return self.problems[problem]

    def text(self) -> str:
        """The content of the file."""
        described = {
            name: {k: v for k, v in asdict(column).items() if k != "name"} for name, column in self.columns.items()
        }
        content = {"columns": described, "problems": {name: asdict(each) for name, each in self.problems.items()}}
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def read(path: Path | None = None) -> Dictionary:
    """The dictionary that gather_results wrote."""
    file = path or paths.dictionary()
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TableError(f"{file} does not exist; `retort repro` makes it") from None
    return Dictionary(
        {name: Column(name, **each) for name, each in content["columns"].items()},
        {name: Problem(**each) for name, each in content["problems"].items()},
    )


def of_reports(
    rows: Mapping[str, VariantRow], found: Mapping[str, Report], costs: Mapping[str, measured.Column]
) -> Dictionary:
    """The dictionary of rows and their reports: the counted columns, then those of each kind of examination."""
    columns = {name: Column(name, **each) for name, each in described(costs, "cost").items()}
    for examination in dict.fromkeys(row.examination for row in rows.values()):
        reports = [found[name] for name, row in rows.items() if row.examination == examination]
        known = {name: each for report in reports for name, each in report["columns"].items()}
        for name in (*merged(own(report) for report in reports), *merged(report["references"] for report in reports)):
            columns[name] = meaning(name, known)
    return Dictionary(columns, problems(rows, found))


def described(columns: Mapping[str, measured.Column], metric: str) -> dict[str, dict[str, str]]:
    """Columns of one metric."""
    return measured.described({name: (metric, column) for name, column in columns.items()})


def problems(rows: Mapping[str, VariantRow], found: Mapping[str, Report]) -> dict[str, Problem]:
    """How the rows of every problem are judged; they must agree."""
    first: dict[str, tuple[str, Problem]] = {}
    for name, row in rows.items():
        mine = Problem(row.examination, found[name]["headline"])
        other, theirs = first.setdefault(row.problem, (name, mine))
        if mine != theirs:
            raise TableError(
                f"{name} is judged by {mine.headline} ({mine.examination}), but {other}, a row of the same problem "
                f"{row.problem}, by {theirs.headline} ({theirs.examination}): call their problems differently"
            )
    return {problem: judged for problem, (_, judged) in first.items()}


def own(report: Report) -> list[str]:
    """The columns of a row's own numbers, each before its bounds."""
    (seed, *_) = report["seeds"].values()
    bounded = seed["intervals"]
    return [
        column
        for name in seed["overall"]
        for column in (name, *(named(name, end) for end in (LOW, HIGH) if name in bounded))
    ]


def merged(lists: Iterable[Iterable[str]]) -> list[str]:
    """Every name once, each behind the name that it stands behind in its own list."""
    found: list[str] = []
    for names in lists:
        place = 0
        for name in names:
            if name not in found:
                found.insert(place, name)
            place = found.index(name) + 1
    return found


def meaning(name: str, known: Mapping[str, Mapping[str, str]]) -> Column:
    """What a column means, from what reports say of it or of the column that it bounds or refers to."""
    if name in known:
        return Column(name, **known[name])
    for affix in (LOW, HIGH, INPUT, PERFECT, DRAWS):
        stem = name.removesuffix(affix) if affix in (LOW, HIGH) else name.removeprefix(affix)
        if stem != name and stem in known:
            metric, better, unit, title, note = (
                known[stem][k] for k in ("metric", "better", "unit", "title", "meaning")
            )
            about = measured.affixed(measured.Column(better, unit, title, note), affix)  # type: ignore[arg-type]
            return Column(name, metric, about.better, about.unit, about.title, about.note)
    raise TableError(f"no report says what its column {name!r} means")
