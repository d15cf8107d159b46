"""Put what was counted and measured into tables.

In: params, results/costs.json, results/quality, results/curves; out, in results: results.csv, comparisons.csv,
additions.csv, paces.csv, picks.csv, evidence.csv, variance.csv, curves.csv, and what their columns mean: README.md for
readers, columns.json for programs.
"""

from __future__ import annotations

import sys

from stages.findings import curves, gathering, tables
from stages.metrics import cost
from stages.settings import params, paths, provenance, sweeps
from stages.settings.atomic import write_atomically


def main() -> None:
    """Write all tables, or none."""
    settings = params.read()
    with provenance.timed("gather_results"):
        found = gathering.gather(sweeps.rows(settings), cost.COLUMNS)
        texts = {**gathering.texts(found), **gathering.texts_of_paces(found, settings)}
        names, points = curves.gather(settings)
        for path, content in {**texts, paths.training_curves(): tables.text(names, points)}.items():
            write_atomically(path, content.encode())
    print(f"{sum(len(row.seeds) for row in found.rows.values())} lines of {len(found.rows)} rows")


if __name__ == "__main__":
    try:
        main()
    except tables.TableError as error:
        sys.exit(f"gather_results: {error}")
