"""One person under every label: the exact images that a perfect translator would return."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from stages.figures import style, tiles
from stages.figures.evidence import Evidence
from stages.figures.style import Drawn
from stages.figures.tiles import Tiles
from stages.settings import paths

TITLE = "One person under every label: the exact images"
NOTHING = "No teacher's row has exact images: only generated data knows what a perfect translator would return."
NOTE = "The same person drawn again with one label changed; everything else is held still. Framed: the input."
ACROSS, TILE, GAP, CAPTION, LEFT, TOP = 6, 0.5, 0.05, 0.2, 0.08, 0.28


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """One figure of all data sets that have exact images."""
    found = sheets(tiles.pictured(evidence))
    inputs = (paths.PARAMS, *(p for name, _ in found.values() for p in (paths.samples(name), paths.quality(name))))
    draw = partial(people, found) if found else partial(style.sentence, TITLE, NOTHING)
    yield Drawn("counterfactuals", TITLE, draw, tuple(dict.fromkeys(inputs)))


def sheets(evidence: Evidence) -> dict[str, tuple[str, Tiles]]:
    """Of each data set the teacher's row that translates to the most labels."""
    found: dict[str, tuple[str, Tiles]] = {}
    for problem in evidence.problems():
        name = evidence.teacher(problem)
        for data, sheet in tiles.read(evidence, name).items() if name else ():
            if sheet.exact is not None and (data not in found or len(sheet.labels) > len(found[data][1].labels)):
                found[data] = (str(name), sheet)
    return found


def telling(sheet: Tiles) -> int:
    """The person whom the most labels change, the first of several."""
    assert sheet.exact is not None
    assert sheet.given is not None
    changed = (sheet.exact != sheet.given[:, None]).any(axis=(2, 3, 4)).sum(axis=1)
    return int(np.argmax(changed))


def people(found: dict[str, tuple[str, Tiles]]) -> Figure:
    """A block of tiles per data set."""
    rows = {data: -(-(len(sheet.labels) + 1) // ACROSS) for data, (_, sheet) in found.items()}
    height = sum(TOP + count * (TILE + CAPTION + GAP) for count in rows.values())
    figure = style.blank(style.COLUMN, height + style.note_height(NOTE, style.COLUMN))
    top = 0.0
    for data, (_, sheet) in found.items():
        style.write(figure, data, LEFT, top + 0.08, fontsize=style.HEADING)
        block(figure, sheet, top + TOP)
        top += TOP + rows[data] * (TILE + CAPTION + GAP)
    style.note(figure, NOTE)
    return figure


def block(figure: Figure, sheet: Tiles, top: float) -> None:
    """The input and the exact image of each label, captioned."""
    assert sheet.exact is not None
    assert sheet.given is not None
    person = telling(sheet)
    pictures = [("input", sheet.given[person]), *zip(sheet.labels, sheet.exact[person], strict=True)]
    for index, (label, picture) in enumerate(pictures):
        left, down = LEFT + index % ACROSS * (TILE + GAP), top + index // ACROSS * (TILE + CAPTION + GAP)
        axes = style.panel(figure, left, down, TILE, TILE)
        axes.imshow(tiles.enlarged(picture), interpolation="none")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set(visible=index == 0, linewidth=1.2)
        text = style.broken(style.spelled(label), TILE + GAP, style.TINY)
        style.write(
            figure, text, left + TILE / 2, down + TILE + 0.02, ha="center", fontsize=style.TINY, linespacing=0.95
        )
