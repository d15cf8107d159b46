"""The tables of all rows, from what was counted and measured: results, comparisons, variance, and their dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.findings import (
    additions,
    comparing,
    conflicts,
    contrasts,
    courses,
    dictionary,
    factors,
    lengths,
    naming,
    paces,
    picks,
    records,
    tables,
)
from stages.findings.comparing import Comparison
from stages.findings.courses import Course
from stages.findings.dictionary import Dictionary
from stages.findings.moments import Moments
from stages.findings.records import Report
from stages.measuring.columns import Column
from stages.settings import paths
from stages.settings.rows import Params, VariantRow

MEASURED = (
    "difference", "low", "high", "verdict", "scale", "degrees", "deviation", "p_holm", "detectable",
)  # fmt: skip
"""What all tables of differences say of two rows."""
COMPARISON = ("variant", "control", "metric", "better", "n", "taught", "untaught", *MEASURED)
ADDITION = ("variant", "beside", "added", "metric", "better", "n", "more", "less", *MEASURED)
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
    *MEASURED,
)
CHOICE = ("variant", "search", "against", "beside", "metric", "better", "n", "best", "other", *MEASURED)
Results = dict[str, tuple[str, Comparison]]
"""Metric -> which direction is better, and the comparison."""
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
    counted = records.costs()
    return Gathered(rows, reports, counted, dictionary.of_reports(rows, reports, costs))


def texts(found: Gathered) -> dict[Path, str]:
    """The tables of what was counted and measured, as their files hold them."""
    columns = [*tables.NAMES, *found.dictionary.columns, tables.PROTOCOL]
    lines = [complete(columns, line) for line in records.lines(found.rows, found.reports, found.costs)]
    return {
        paths.results(): tables.text(columns, lines),
        paths.comparisons(): tables.text(COMPARISON, comparisons(found)),
        paths.additions(): tables.text(ADDITION, added(found)),
        paths.picks(): tables.text(CHOICE, picked(found)),
        factors.TABLE: tables.text(
            factors.columns(MEASURED), factors.lines(found.rows, found.reports, directions(found))
        ),
        paths.variance(): tables.text(VARIANCE, variances(found)),
        paths.dictionary(): found.dictionary.text(),
        paths.columns(): page(found),
    }


def texts_of_paces(found: Gathered, settings: Params, recorded: Moments) -> dict[Path, str]:
    """The tables about how the weights of lessons moved: what that changes, and the evidence for it."""
    known = courses.of_rows(settings, found.rows, recorded)
    return {
        paths.paces(): tables.text(PACE, paced(found, known)),
        paths.evidence(): tables.text(conflicts.COLUMNS, conflicts.lines(settings, found.rows, known, recorded)),
    }


def texts_of_lengths(found: Gathered, settings: Params) -> dict[Path, str]:
    """The table of students that were trained for more and fewer steps."""
    lines = lengths.lines(settings, found.rows, found.costs, found.reports, directions(found))
    return {lengths.TABLE: tables.text(lengths.columns(MEASURED), lines)}


def directions(found: Gathered) -> dict[str, str]:
    """The measured columns of which one direction is better, and which."""
    names = dict.fromkeys(metric for name in found.rows for metric in decided(found, name))
    return {metric: found.dictionary.described(metric).better for metric in names}


def complete(columns: list[str], line: Report) -> Report:
    """A line with every column; one that the dictionary does not have is refused."""
    unknown = sorted(set(line) - set(columns))
    if unknown:
        raise tables.TableError(f"{line['variant']}: no metric says what {', '.join(unknown)} means")
    return {**dict.fromkeys(columns), **line}


def comparisons(found: Gathered) -> Iterator[dict[str, object]]:
    """Every taught row against its control, on every column of which one direction is better."""
    rows = found.rows
    pairs = [(name, comparing.control_of(row, rows)) for name, row in rows.items() if comparing.taught(row)]
    for (name, control), results in zip(pairs, compared(found, pairs), strict=True):
        yield from told(COMPARISON, {"variant": name, "control": control}, results)


def added(found: Gathered) -> Iterator[dict[str, object]]:
    """Every row against those whose lesson it extends."""
    known = list(additions.of_rows(found.rows))
    for each, results in zip(known, compared(found, [(each.more, each.less) for each in known]), strict=True):
        yield from told(ADDITION, {"variant": each.more, "beside": each.less, "added": each.added}, results)


def paced(found: Gathered, known: Mapping[str, Course]) -> Iterator[dict[str, object]]:
    """Every row at a pace of its own against those that it has to be held against."""
    pairings = list(paces.of_rows(found.rows, known))
    for each, results in zip(pairings, compared(found, [(e.variant, e.beside) for e in pairings]), strict=True):
        mine = {"pace": naming.paced(found.rows[each.variant]), "dose": known[each.variant].dose}
        other = known[each.beside].dose if each.beside in known else 0.0
        yield from told(PACE, {**vars(each), **mine, "beside_dose": other}, results)


def picked(found: Gathered) -> Iterator[dict[str, object]]:
    """Every row of what a search found best against its controls."""
    known = list(picks.of_rows(found.rows))
    for each, results in zip(known, compared(found, [(each.variant, each.beside) for each in known]), strict=True):
        yield from told(CHOICE, vars(each), results)


def told(columns: Sequence[str], names: Mapping[str, object], results: Results) -> Iterator[dict[str, object]]:
    """The lines of two rows: their names, then what each metric says of them."""
    numbers = columns[columns.index("n") :]
    for metric, (better, result) in results.items():
        yield {**names, "metric": metric, "better": better, **dict(zip(numbers, vars(result).values(), strict=True))}


def compared(found: Gathered, pairs: Sequence[tuple[str, str | None]]) -> list[Results]:
    """Each row against another on every column of which one direction is better.

    All pairs of one problem are a family in each of its metrics.
    """
    results: list[Results] = [{} for _ in pairs]
    problems: dict[str, list[int]] = {}
    for place, (name, _) in enumerate(pairs):
        problems.setdefault(found.rows[name].problem, []).append(place)
    for places in problems.values():
        metrics = dict.fromkeys(metric for place in places for metric in decided(found, pairs[place][0]))
        for metric in metrics:
            mine = [place for place in places if metric in decided(found, pairs[place][0])]
            better, values = found.dictionary.described(metric).better, numbers(found, metric)
            asked = [contrasts.pair(name, other) if other else None for name, other in (pairs[place] for place in mine)]
            for place, result in zip(mine, comparing.compare(asked, values, better), strict=True):
                results[place][metric] = better, result
    return results


def decided(found: Gathered, name: str) -> list[str]:
    """The measured columns of a row of which one direction is better."""
    overall = found.reports[name]["seeds"][str(found.rows[name].seeds[0])]["overall"]
    return [metric for metric in overall if found.dictionary.described(metric).better]


def numbers(found: Gathered, metric: str) -> dict[str, dict[str, float]]:
    """A measured column, by row and seed, of the rows that have it."""
    return {
        name: {seed: each["overall"][metric] for seed, each in report["seeds"].items()}
        for name, report in found.reports.items()
        if all(metric in each["overall"] for each in report["seeds"].values())
    }


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
