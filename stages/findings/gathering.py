"""The tables of all rows, from what was counted and measured: results, comparisons, variance, and their dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.findings import comparing, dictionary, records, tables
from stages.findings.dictionary import Dictionary
from stages.findings.records import Report
from stages.measuring.columns import Column
from stages.settings import paths
from stages.settings.rows import VariantRow

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
        paths.variance(): tables.text(VARIANCE, variances(found)),
        paths.dictionary(): found.dictionary.text(),
        paths.columns(): page(found),
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
        mine, theirs = found.reports[name]["seeds"], found.reports[control]["seeds"] if control else None
        for metric in mine[str(row.seeds[0])]["overall"]:
            better = found.dictionary.described(metric).better
            if not better:
                continue
            values = {seed: each["overall"][metric] for seed, each in mine.items()}
            others = {seed: each["overall"][metric] for seed, each in theirs.items()} if theirs else None
            result = comparing.compare(values, others, better)
            numbers = dict(zip(COMPARISON[4:], vars(result).values(), strict=True))
            yield {"variant": name, "control": control, "metric": metric, "better": better, **numbers}


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
