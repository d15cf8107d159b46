"""One person under every label, or scenes in both domains: the exact images that a perfect translator would return."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from stages.figures import style, tiles
from stages.figures.evidence import Evidence, filled
from stages.figures.style import Drawn
from stages.figures.tiles import Tiles
from stages.settings import paths
from stages.storage.prepared import Bytes

TITLE, SCENES = "One person under every label: the exact images", "Scenes in both domains: the exact images"
NOTHING = "No teacher's row has exact images: only generated data knows what a perfect translator would return."
NOTE = "The same person drawn again with one label changed; everything else is held still. Framed: the input."
NOTE_OF_SCENES = "The same scene drawn again in the other domain; everything else is held still. Framed: the input."
INPUT = "input"
ACROSS, TILE, GAP, CAPTION, LEFT, TOP = 6, 0.5, 0.05, 0.2, 0.08, 0.28


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """A figure of all data sets that have exact images and are examined in one way."""
    for end, _, found in filled(tiles.pictured(evidence), sheets) or [("", evidence, {})]:
        inputs = (paths.PARAMS, *(p for name, _ in found.values() for p in (paths.samples(name), paths.quality(name))))
        title = SCENES if found and of_scenes(found) else TITLE
        draw = partial(people, found) if found else partial(style.sentence, TITLE, NOTHING)
        yield Drawn(f"counterfactuals{end}", title, draw, tuple(dict.fromkeys(inputs)))


def of_scenes(found: dict[str, tuple[str, Tiles]]) -> bool:
    """Whether no data set shows a person under several labels."""
    return all(single(sheet) for _, sheet in found.values())


def single(sheet: Tiles) -> bool:
    """Whether images are asked for one label alone, as in a direction between two domains."""
    return len(sheet.labels) == 1


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
    rows = {data: -(-len(pictures(sheet)) // ACROSS) for data, (_, sheet) in found.items()}
    height = sum(TOP + count * (TILE + CAPTION + GAP) for count in rows.values())
    note = NOTE_OF_SCENES if of_scenes(found) else NOTE
    figure = style.blank(style.COLUMN, height + style.note_height(note, style.COLUMN))
    top = 0.0
    for data, (_, sheet) in found.items():
        style.write(figure, data, LEFT, top + 0.08, fontsize=style.HEADING)
        block(figure, sheet, top + TOP)
        top += TOP + rows[data] * (TILE + CAPTION + GAP)
    style.note(figure, note)
    return figure


def pictures(sheet: Tiles) -> list[tuple[str, Bytes]]:
    """The input and the exact image of each label with their captions; of a single label those of several scenes."""
    assert sheet.exact is not None
    assert sheet.given is not None
    shown = range(min(ACROSS // 2, len(sheet.given))) if single(sheet) else [telling(sheet)]
    return [
        each
        for person in shown
        for each in ((INPUT, sheet.given[person]), *zip(sheet.labels, sheet.exact[person], strict=True))
    ]


def block(figure: Figure, sheet: Tiles, top: float) -> None:
    """The pictures of a data set, captioned."""
    for index, (label, picture) in enumerate(pictures(sheet)):
        left, down = LEFT + index % ACROSS * (TILE + GAP), top + index // ACROSS * (TILE + CAPTION + GAP)
        axes = style.panel(figure, left, down, TILE, TILE)
        axes.imshow(tiles.enlarged(picture), interpolation="none")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set(visible=label == INPUT, linewidth=1.2)
        text = style.broken(style.spelled(label), TILE + GAP, style.TINY)
        style.write(
            figure, text, left + TILE / 2, down + TILE + 0.02, ha="center", fontsize=style.TINY, linespacing=0.95
        )
