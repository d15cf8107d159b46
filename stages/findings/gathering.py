"""The tables of all rows, from what was counted and measured: results, comparisons, variance, and their dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.findings import additions, comparing, conflicts, courses, dictionary, naming, paces, picks, records, tables
from stages.findings.comparing import Comparison
from stages.findings.courses import Course
from stages.findings.dictionary import Dictionary
from stages.findings.records import Report
from stages.measuring.columns import Column
from stages.settings import paths
from stages.settings.rows import Params, VariantRow

COMPARISON = (
    "variant",
    "control",
    "metric",
    "better",
    "n",
    "taught",
    "untaught",
    "difference",
    "low",
    "high",
    "verdict",
)
ADDITION = (
    "variant",
    "beside",
    "added",
    "metric",
    "better",
    "n",
    "more",
    "less",
    "difference",
    "low",
    "high",
    "verdict",
)
PACE = (
    "variant",
    "pace",
    "dose",
    "against",
    "beside",
    "beside_dose",
    "metric",
    "better",
    "n",
    "paced",
    "other",
    "difference",
    "low",
    "high",
    "verdict",
)
CHOICE = (
    "variant",
    "search",
    "against",
    "beside",
    "metric",
    "better",
    "n",
    "best",
    "other",
    "difference",
    "low",
    "high",
    "verdict",
)
VARIANCE = ("variant", "metric", "seeds", "mean", "seed_deviation", "sample_error", "seed_share")


@dataclass(frozen=True)
class Gathered:
    """Everything that the tables are made of."""

    rows: Mapping[str, VariantRow]
    reports: Mapping[str, Report]
    costs: Mapping[str, Any]
    dictionary: Dictionary


def gather(rows: Mapping[str, VariantRow], costs: Mapping[str, Column]) -> Gathered:
    """Read and check what was measured and counted of rows; `costs` says what the counted columns mean."""
    reports = records.reports(rows)
    counted = records.read(paths.costs())["variants"]
    return Gathered(rows, reports, counted, dictionary.of_reports(rows, reports, costs))


def texts(found: Gathered) -> dict[Path, str]:
    """Every table but that of the curves, as its file holds it."""
    columns = [*tables.NAMES, *found.dictionary.columns, tables.PROTOCOL]
    lines = [complete(columns, line) for line in records.lines(found.rows, found.reports, found.costs)]
    return {
        paths.results(): tables.text(columns, lines),
        paths.comparisons(): tables.text(COMPARISON, comparisons(found)),
        paths.additions(): tables.text(ADDITION, added(found)),
        paths.picks(): tables.text(CHOICE, picked(found)),
        paths.variance(): tables.text(VARIANCE, variances(found)),
        paths.dictionary(): found.dictionary.text(),
        paths.columns(): page(found),
    }


def texts_of_paces(found: Gathered, settings: Params) -> dict[Path, str]:
    """The tables about how the weights of lessons moved: what that changes, and the evidence for it."""
    known = courses.of_rows(settings, found.rows)
    return {
        paths.paces(): tables.text(PACE, paced(found, known)),
        paths.evidence(): tables.text(conflicts.COLUMNS, conflicts.lines(settings, found.rows, known)),
    }


def complete(columns: list[str], line: Report) -> Report:
    """A line with every column; one that the dictionary does not have is refused."""
    unknown = sorted(set(line) - set(columns))
    if unknown:
        raise tables.TableError(f"{line['variant']}: no metric says what {', '.join(unknown)} means")
    return {**dict.fromkeys(columns), **line}


def comparisons(found: Gathered) -> Iterator[dict[str, object]]:
    """Every taught row against its control, on every column of which one direction is better."""
    for name, row in found.rows.items():
        if not comparing.taught(row):
            continue
        control = comparing.control_of(row, found.rows)
        for metric, better, result in compared(found, name, control):
            numbers = dict(zip(COMPARISON[4:], vars(result).values(), strict=True))
            yield {"variant": name, "control": control, "metric": metric, "better": better, **numbers}


def added(found: Gathered) -> Iterator[dict[str, object]]:
    """Every row against those whose lesson it extends."""
    for each in additions.of_rows(found.rows):
        for metric, better, result in compared(found, each.more, each.less):
            numbers = dict(zip(ADDITION[5:], vars(result).values(), strict=True))
            names = {"variant": each.more, "beside": each.less, "added": each.added}
            yield {**names, "metric": metric, "better": better, **numbers}


def paced(found: Gathered, known: Mapping[str, Course]) -> Iterator[dict[str, object]]:
    """Every row at a pace of its own against those that it has to be held against."""
    for each in paces.of_rows(found.rows, known):
        for metric, better, result in compared(found, each.variant, each.beside):
            mine = {"pace": naming.paced(found.rows[each.variant]), "dose": known[each.variant].dose}
            other = known[each.beside].dose if each.beside in known else 0.0
            numbers = dict(zip(PACE[8:], vars(result).values(), strict=True))
            yield {**vars(each), **mine, "beside_dose": other, "metric": metric, "better": better, **numbers}


def picked(found: Gathered) -> Iterator[dict[str, object]]:
    """Every row of what a search found best against its controls."""
    for each in picks.of_rows(found.rows):
        for metric, better, result in compared(found, each.variant, each.beside):
            numbers = dict(zip(CHOICE[6:], vars(result).values(), strict=True))
            yield {**vars(each), "metric": metric, "better": better, **numbers}


def compared(found: Gathered, name: str, other: str | None) -> Iterator[tuple[str, str, Comparison]]:
    """A row against another, seed by seed, on every column of which one direction is better."""
    mine, theirs = found.reports[name]["seeds"], found.reports[other]["seeds"] if other else None
    for metric in mine[str(found.rows[name].seeds[0])]["overall"]:
        better = found.dictionary.described(metric).better
        if better:
            values = {seed: each["overall"][metric] for seed, each in mine.items()}
            others = {seed: each["overall"][metric] for seed, each in theirs.items()} if theirs else None
            yield metric, better, comparing.compare(values, others, better)


def variances(found: Gathered) -> Iterator[dict[str, object]]:
    """Training seed beside evaluation sample, where there are seeds enough."""
    for name, row in found.rows.items():
        if len(row.seeds) < tables.SEEDS_FOR_VARIANCE:
            continue
        seeds = found.reports[name]["seeds"]
        for metric in seeds[str(row.seeds[0])]["standard_errors"]:
            values = {seed: each["overall"][metric] for seed, each in seeds.items()}
            errors = {seed: each["standard_errors"][metric] for seed, each in seeds.items()}
            yield {"variant": name, "metric": metric, **vars(comparing.split(values, errors))}


def page(found: Gathered) -> str:
    """What the columns mean, and the protocols behind the numbers, for readers."""
    columns = ((c.name, c.better, c.unit, c.metric, c.meaning) for c in found.dictionary.columns.values())
    protocols = {records.key(report["protocol"]): report["protocol"] for report in found.reports.values()}
    return tables.page(columns, protocols)
