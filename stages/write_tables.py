"""Write the summary of all rows, for papers, pages and programs.

In: params and, of results, results.csv, comparisons.csv, costs.json, latency.json; out: paper_figures/tables. The block
of results in README.md follows it.
"""

from __future__ import annotations

import sys

from stages.harness import params, paths, provenance
from stages.harness.checkpoints import write_atomically
from stages.harness.tables import TableError
from stages.tables import gathered, latex, markdown, page, readme, separated, summary


def texts(found: gathered.Gathered) -> dict[str, str]:
    """Every file by its name."""
    table = summary.build(found)
    return {
        "summary.tex": latex.summary(found, table),
        "summary.md": markdown.summary(found, table),
        "summary.html": page.summary(found, table),
        "summary.csv": separated.summary(table),
        "numbers.tex": latex.numbers(found, table),
    }


def main() -> None:
    """Write all tables, or none."""
    settings = params.load_or_exit()
    with provenance.timed("write_tables"):
        for name, text in texts(gathered.load(settings)).items():
            write_atomically(paths.table(name), text.encode())
        changed = readme.update()
    print(f"{len(settings.variants)} rows in {paths.tables()}" + (f"; {paths.README} follows" if changed else ""))


if __name__ == "__main__":
    try:
        main()
    except TableError as error:
        sys.exit(f"write_tables: {error}")
