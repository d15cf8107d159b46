"""Write the summaries of all rows for papers and programs, and the page that shows every row and figure.

In: params, results/, figures; out: paper_figures/tables, cards and index.html. The blocks of findings and results in
README.md follow. What the page says of the origin of rows is read from results/provenance, which every run rewrites:
it is no declared input.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from stages.findings.tables import TableError
from stages.settings import params, paths, provenance
from stages.settings.atomic import write_atomically
from stages.tables import cards, claimed, exported, gathered, latex, markdown, page, readme, report, separated, summary
from stages.tables.summary import Table


def texts(found: gathered.Gathered, table: Table) -> dict[str, str]:
    """A table in every format, by its file's name."""
    stem = table.layout.stem
    return {
        f"{stem}.tex": latex.summary(found, table),
        f"{stem}.md": markdown.summary(found, table),
        f"{stem}.html": page.summary(found, table),
        f"{stem}.csv": separated.summary(table),
    }


def files(built: Sequence[tuple[gathered.Gathered, Table]]) -> dict[Path, str]:
    """Every file: tables, the numbers of the first of them, cards, what was exported if anything was, and the page."""
    found: dict[Path, str] = {paths.table("numbers.tex"): latex.numbers(*built[0])}
    for each in built:
        found |= {paths.table(name): text for name, text in texts(*each).items()}
        found |= {paths.cards() / name: text for name, text in cards.texts(*each).items()}
    opening = claimed.opening(built)
    found[readme.FINDINGS.file] = markdown.findings(opening)
    outside = exported.of(built[0][0])
    if outside is not None:
        found |= {paths.table(name): text for name, text in exported.texts(outside).items()}
    found[paths.page()] = report.page(built, opening, outside)
    return found


def main() -> None:
    """Write all tables and the page, or none."""
    settings = params.read()
    with provenance.timed("write_tables"):
        found = gathered.load(settings)
        for path, text in files(summary.tables_of(found)).items():
            write_atomically(path, text.encode())
        changed = readme.update()
    print(
        f"{len(found.rows)} rows in {paths.tables()} and {paths.page()}"
        + (f"; {paths.README} follows" if changed else "")
    )


if __name__ == "__main__":
    try:
        main()
    except TableError as error:
        sys.exit(f"write_tables: {error}")
