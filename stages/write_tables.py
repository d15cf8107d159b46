"""Write the summaries of all rows for papers and programs, and the page that shows every row and figure.

In: params, results/, figures; out: paper_figures/tables, cards and index.html. The block of results in README.md
follows. What the page says of the origin of rows is read from results/provenance, which every run rewrites: it is no
declared input.
"""

from __future__ import annotations

import sys

from stages.harness.findings.tables import TableError
from stages.harness.settings import params, paths, provenance
from stages.harness.settings.atomic import write_atomically
from stages.tables import cards, classified, gathered, latex, markdown, page, readme, report, separated, summary


def texts(found: gathered.Gathered) -> dict[str, str]:
    """Every file of the summary by its name."""
    table = summary.build(found)
    return {
        "summary.tex": latex.summary(found, table),
        "summary.md": markdown.summary(found, table),
        "summary.html": page.summary(found, table),
        "summary.csv": separated.summary(table),
        "numbers.tex": latex.numbers(found, table),
    }


def main() -> None:
    """Write all tables and the page, or none."""
    settings = params.load_or_exit()
    with provenance.timed("write_tables"):
        found = gathered.load(settings)
        built = [(found, summary.build(found)), *classified.tables(settings)]
        files = {paths.table(name): text for name, text in {**texts(found), **classified.texts(settings)}.items()}
        files |= {paths.cards() / name: text for each in built for name, text in cards.texts(*each).items()}
        files[paths.page()] = report.page(built)
        for path, text in files.items():
            write_atomically(path, text.encode())
        changed = readme.update()
    print(
        f"{len(settings.variants)} rows in {paths.tables()} and {paths.page()}"
        + (f"; {paths.README} follows" if changed else "")
    )


if __name__ == "__main__":
    try:
        main()
    except TableError as error:
        sys.exit(f"write_tables: {error}")
