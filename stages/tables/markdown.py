"""Findings and summary as Markdown: in each a part that README.md repeats, then everything."""

from __future__ import annotations

from stages.tables import notes
from stages.tables.claimed import Opening
from stages.tables.columns import Column
from stages.tables.gathered import Gathered
from stages.tables.summary import Cell, Line, Table
from stages.tables.templating import Made, environment, one_line

SPECIAL = "\\`*_[]|~#"
ENTITIES = {"&": "&amp;", "<": "&lt;"}
STYLES = {"": "{}", "best": "**{}**", "near": "*{}*"}
WORDS = {"best": "**Bold**", "near": "*italics*", "control": "○"}


def escape(text: str) -> str:
    """Text as Markdown prints it, in a table too."""
    return "".join(ENTITIES.get(c, f"\\{c}" if c in SPECIAL else c) for c in one_line(text))


def cell(table: Table, column: Column, value: Cell | None) -> Made:
    """A number with its spread and mark."""
    if value is None:
        return Made("")
    spread = "" if value.spread is None else f" ± {table.number(column, value.spread)}"
    number = table.number(column, value.value).replace("-", "−")
    return Made(STYLES[value.mark].format(number) + spread)


def label(line: Line) -> Made:
    """The first column, its style saying what kind of row this is."""
    text = escape(line.label)
    return Made({"control": f"○ {text}", "taught": text}.get(line.kind, f"*{text}*"))


def summary(found: Gathered, table: Table) -> str:
    """summary.md."""
    headline = table.headline()
    wanted = {*table.layout.short, headline.judged_by}
    short = [column for column in table.columns if column.key in wanted]
    return environment(escape).get_template("summary.md.j2").render(
        table=table, headline=headline, short=short, cell=cell, label=label,
        made=Made,
        short_notes=notes.made(notes.in_short(found, headline, short), escape, WORDS),
        notes=notes.made(notes.in_full(found, table), escape, WORDS),
    )  # fmt: skip


def findings(opening: Opening) -> str:
    """findings.md."""
    return environment(escape).get_template("findings.md.j2").render(opening=opening)
