"""Put what was counted and measured into tables, and hold the claims against them.

In: params, claims.yaml, results/costs.json, results/quality, results/choices, results/curves.csv, results/moments.csv;
out, in results: results.csv, comparisons.csv, additions.csv, paces.csv, picks.csv, factorial.csv, lengths.csv,
evidence.csv, variance.csv, claims.csv, and what their columns mean: README.md for readers, columns.json for programs;
metrics and plots, folders of small files for `dvc metrics` and `dvc plots`.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

from stages.findings import claims, curves, gathering, headlines, moments, outcomes, plots, records, tables
from stages.metrics import cost
from stages.settings import params, paths, provenance, sweeps
from stages.settings.atomic import write_atomically


def tidy(written: Collection[Path]) -> None:
    """Take away the files of rows and problems that are no more."""
    for folder in (headlines.FOLDER, plots.FOLDER):
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file not in written:
                file.unlink()


def main() -> None:
    """Write all tables, or none."""
    settings, stated = params.read(), claims.read()
    rows = sweeps.rows(settings)
    with provenance.timed("gather_results"):
        found = gathering.gather(rows, cost.COLUMNS)
        texts = {
            **gathering.texts(found),
            **gathering.texts_of_lengths(found, settings),
            **gathering.texts_of_paces(found, settings, moments.read()),
        }
        choices = {name: records.read(paths.choice(name)) for name in settings.searches}
        shown = outcomes.results(rows, texts, choices, found.reports, found.dictionary, cost.COLUMNS)
        texts[claims.TABLE] = claims.text(outcomes.judge(each, shown) for each in stated)
        compared = texts[paths.comparisons()]
        texts |= {**headlines.texts(found, compared), **plots.quality(found, compared)}
        texts |= plots.curves(settings, rows, curves.gathered())
        for path, content in texts.items():
            write_atomically(path, content.encode())
        tidy(texts)
    print(f"{sum(len(row.seeds) for row in found.rows.values())} lines of {len(found.rows)} rows")


if __name__ == "__main__":
    try:
        main()
    except tables.TableError as error:
        sys.exit(f"gather_results: {error}")
