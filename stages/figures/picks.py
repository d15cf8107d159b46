"""What a search is worth: its best student against its controls of the same cost, taught and untaught."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from stages.figures import additions, forest
from stages.figures.additions import Line
from stages.figures.evidence import Evidence, by_headline, effect
from stages.figures.style import Drawn
from stages.findings.dictionary import Column
from stages.findings.naming import lesson
from stages.settings import paths

TITLE = "The searched student against its controls of the same cost"
NOTE = (
    "{metric}: the widths that a search found best against its other picks, made and taught alike, in percent of the "
    f"latter; bars: interval over common seeds, {forest.BARS}{{cut}} {forest.MARKED}"
)
HEADS = ("best against", "taught")


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """A figure of all searches whose rows one metric decides."""
    inputs = (paths.PARAMS, paths.results(), paths.picks(), paths.dictionary())
    for end, column, part in by_headline(evidence):
        blocks = found(part, column)
        if blocks:
            yield Drawn(f"picks{end}", TITLE, partial(additions.draw, blocks, column, NOTE, HEADS), inputs)


def found(evidence: Evidence, metric: Column) -> dict[str, list[Line]]:
    """The controls of each search."""
    blocks: dict[str, list[Line]] = {}
    for line in evidence.picks:
        measured = effect(line, "other") if line["metric"] == metric.name else None
        if measured is not None:
            taught = lesson(evidence.rows[line["variant"]])
            blocks.setdefault(f"search {line['search']}", []).append(Line(line["against"], taught, line["n"], measured))
    return blocks
