"""Put the losses of all trainings, and what they recorded of lesson and game, into two tables that git can hold.

In: params, results/curves; out: results/curves.csv, results/moments.csv. The curves themselves stay in DVC's cache; all
that comes after reads the tables, and so can be made in any clone.
"""

from __future__ import annotations

import sys

from stages.findings import curves, moments, tables
from stages.settings import params, paths, provenance, sweeps
from stages.settings.atomic import write_atomically


def main() -> None:
    """Write both, or none."""
    settings = params.read()
    with provenance.timed("gather_curves"):
        texts = {
            paths.training_curves(): tables.text(*curves.gather(settings)),
            paths.moments(): tables.text(moments.COLUMNS, moments.lines(sweeps.rows(settings))),
        }
        for path, content in texts.items():
            write_atomically(path, content.encode())
    for path, content in texts.items():
        print(f"{path}: {len(content.splitlines()) - 1} lines")


if __name__ == "__main__":
    try:
        main()
    except tables.TableError as error:
        sys.exit(f"gather_curves: {error}")
