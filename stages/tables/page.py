"""The summary as one HTML page that needs no other file."""

from __future__ import annotations

from markupsafe import Markup, escape

from stages.tables import notes
from stages.tables.gathered import Gathered
from stages.tables.summary import Table
from stages.tables.templating import pages

WORDS = {"best": "<b>Bold</b>", "near": "<u>underlined</u>", "control": "Shaded, ○"}
KINDS = {
    "input": "reference",
    "perfect": "reference",
    "draws": "reference",
    "teacher": "teacher",
    "control": "control",
    "taught": "taught",
}


def summary(found: Gathered, table: Table) -> str:
    """summary.html."""
    written = notes.made(notes.in_full(found, table), lambda text: str(escape(text)), WORDS)
    spread = {
        column.key
        for column in table.columns
        for group in table.groups
        for line in group.lines
        if column.key in line.cells and line.cells[column.key].spread is not None
    }
    return (
        pages()
        .get_template("summary.html.j2")
        .render(table=table, kinds=KINDS, spread=spread, notes=[Markup(note) for note in written])
    )
