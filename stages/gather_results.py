"""Put what was counted and measured into tables.

In: params, results/costs.json, results/quality, results/curves; out, in results: results.csv, comparisons.csv,
variance.csv, curves.csv, README.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from stages.harness.findings import comparing, curves, records, tables
from stages.harness.findings.records import Report
from stages.harness.settings import params, paths, provenance, sweeps
from stages.harness.settings.atomic import write_atomically
from stages.harness.settings.rows import VariantRow

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


def directional(overall: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """The metrics of which one direction is better."""
    for name in overall:
        better = tables.described(name).better
        if better:
            yield name, better


def comparisons(rows: Mapping[str, VariantRow], found: Mapping[str, Report]) -> Iterator[dict[str, object]]:
    """Every taught row on every metric."""
    for name, row in rows.items():
        if not comparing.taught(row):
            continue
        control = comparing.control_of(row, rows)
        theirs = found[control]["seeds"] if control else None
        mine = found[name]["seeds"]
        for metric, better in directional(mine[str(row.seeds[0])]["overall"]):
            values = {seed: each["overall"][metric] for seed, each in mine.items()}
            others = {seed: each["overall"][metric] for seed, each in theirs.items()} if theirs else None
            result = comparing.compare(values, others, better)
            numbers = dict(zip(COMPARISON[4:], vars(result).values(), strict=True))
            yield {"variant": name, "control": control, "metric": metric, "better": better, **numbers}


def variances(rows: Mapping[str, VariantRow], found: Mapping[str, Report]) -> Iterator[dict[str, object]]:
    """Training seed beside evaluation sample, where there are seeds enough."""
    for name, row in rows.items():
        if len(row.seeds) < tables.SEEDS_FOR_VARIANCE:
            continue
        seeds = found[name]["seeds"]
        for metric in seeds[str(row.seeds[0])]["standard_errors"]:
            values = {seed: each["overall"][metric] for seed, each in seeds.items()}
            errors = {seed: each["standard_errors"][metric] for seed, each in seeds.items()}
            yield {"variant": name, "metric": metric, **vars(comparing.split(values, errors))}


def measured_columns(found: Mapping[str, Report]) -> list[str]:
    """The columns of every kind of examination that rows went through."""
    shared = [report["protocol"]["shared"] for report in found.values()]
    translated = next((each for each in shared if "extractor" in each), None)
    columns = tables.measured(translated["extractor"], translated["lpips"]) if translated else []
    return [*columns, *tables.classified()] if any("examination" in each for each in shared) else columns


def main() -> None:
    """Write all tables, or none."""
    settings = params.load_or_exit()
    with provenance.timed("gather_results"):
        rows = sweeps.rows(settings)
        found, costs = records.reports(rows), records.read(paths.costs())["variants"]
        measured = measured_columns(found)
        columns = [*tables.NAMES, *tables.COSTS, *measured, "protocol"]
        lines: list[dict[str, Any]] = [{**dict.fromkeys(columns), **line} for line in records.lines(rows, found, costs)]
        names, points = curves.gather(settings)
        texts = {
            paths.results(): tables.text(columns, lines),
            paths.comparisons(): tables.text(COMPARISON, comparisons(rows, found)),
            paths.variance(): tables.text(VARIANCE, variances(rows, found)),
            paths.training_curves(): tables.text(names, points),
            paths.columns(): tables.page(
                measured, {records.key(each["protocol"]): each["protocol"] for each in found.values()}
            ),
        }
        for path, content in texts.items():
            write_atomically(path, content.encode())
    print(f"{len(lines)} lines of {len(rows)} rows")


if __name__ == "__main__":
    try:
        main()
    except tables.TableError as error:
        sys.exit(f"gather_results: {error}")
