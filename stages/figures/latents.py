"""What teacher and students make of the same latents, and how their images change along one walk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from stages.figures import style, tiles
from stages.figures.evidence import Evidence, groups
from stages.figures.style import Drawn
from stages.findings.naming import called, made
from stages.measuring import walks
from stages.settings import paths
from stages.storage.prepared import Bytes

SHOWN, MOST, WALKERS = 12, 13, 3
"""Latents side by side, students below each other, and rows whose walk is shown."""
GAP = 6
LEFT, TOP, BETWEEN = 1.3, 0.36, 0.34
NOTE = (
    f"Columns: the same {SHOWN} latents for all rows, not chosen; first seed. Below: {walks.FRAMES} frames of one "
    "walk around a circle through latents."
)


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """A grid per problem whose rows make images of latents."""
    evidence = pictured(evidence)
    for problem, names in evidence.problems().items():
        for place, shown in enumerate(pages(evidence, names)):
            inputs = (paths.PARAMS, *(path for name in shown for path in (paths.samples(name), paths.quality(name))))
            title = f"The same latents, {problem}: teacher above, students below"
            end = f"-{place + 1}" if place else ""
            yield Drawn(f"latents-{problem}{end}", title, partial(grid, evidence, problem, shown), inputs)


def pictured(evidence: Evidence) -> Evidence:
    """What concerns the rows that make images of latents: their reports hold marginals, be they of nothing."""
    return evidence.only([name for name, report in evidence.reports.items() if has_walk(report)])


def has_walk(report: Mapping[str, Any]) -> bool:
    """Whether a row's sample picture shows images of latents, and a walk."""
    return "marginals" in report


def read(evidence: Evidence, name: str) -> tuple[Bytes, Bytes]:
    """The images and the frames of a row's picture."""
    resolution = evidence.settings.datasets[evidence.rows[name].dataset].resolution
    return walks.parted(np.asarray(Image.open(paths.samples(name)).convert("RGB")), resolution)


def pages(evidence: Evidence, names: list[str]) -> list[list[str]]:
    """Teacher and students: the largest group that differs in its lesson alone, then all others, so many on a page."""
    teacher = [name for name in names if evidence.rows[name].compression == "none"]
    first = max((each for each in groups(evidence).values() if each[0] in names), key=len, default=[])
    others = [name for name in names if name not in (*teacher, *first)]
    return [
        [*teacher, *part[start : start + MOST]] for part in (first, others) for start in range(0, len(part), MOST)
    ] or [teacher]


def words(evidence: Evidence, shown: list[str]) -> list[str]:
    """How rows are called; of a student that is made otherwise than the first also how it is made."""
    usual = next((made(evidence.rows[name]) for name in shown if evidence.rows[name].compression != "none"), "")
    return [called(evidence.rows[name]) + told(made(evidence.rows[name]), usual) for name in shown]


def told(how: str, usual: str) -> str:
    """How a student is made, on lines of its own, where that is not the usual way."""
    return "" if how in (usual, "none") else "\n" + how.replace(", ", ",\n")


def grid(evidence: Evidence, problem: str, shown: list[str]) -> Figure:
    """A line of pictures per row; below, the walks of the first few."""
    found, names = [read(evidence, name) for name in shown], words(evidence, shown)
    blocks = [
        Block([list(images[:SHOWN]) for images, _ in found], (1,) if len(shown) > 1 else ()),
        Block([list(frames) for _, frames in found[:WALKERS]], ()),
    ]
    room = style.PAGE - LEFT - 0.08
    walk = blocks[1].height * room / blocks[1].width
    scale = min(room / blocks[0].width, (style.TALLEST - 1.2 - walk) / blocks[0].height)
    high = blocks[0].height * scale
    students = [name for name in shown if evidence.rows[name].compression != "none"]
    note = NOTE + (f" Students: {made(evidence.rows[students[0]])}, if not said otherwise." if students else "")
    figure = style.blank(style.PAGE, TOP + high + BETWEEN + walk + 0.06 + style.note_height(note, style.PAGE))
    style.write(figure, problem, 0.08, 0.1, fontsize=style.HEADING)
    placed(figure, blocks[0], names, TOP, scale)
    style.write(figure, "one walk", LEFT, TOP + high + 0.14, fontsize=style.TEXT)
    placed(figure, blocks[1], names, TOP + high + BETWEEN, room / blocks[1].width)
    style.note(figure, note)
    return figure


@dataclass(frozen=True)
class Block:
    """Lines of tiles; a wider gap before those of `breaks`."""

    lines: list[list[Bytes | None]]
    breaks: tuple[int, ...]

    @cached_property
    def picture(self) -> Bytes:
        """The tiles on white."""
        return tiles.mosaic(self.lines, GAP, lines=self.breaks)

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.picture.shape[0])

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.picture.shape[1])

    def middles(self) -> list[float]:
        """Where the middle of each line is, in pixels from the top."""
        count = len(self.lines[0])
        side = (self.width - GAP * (count - 1)) // count
        return [top + side / 2 for top in tiles.offsets(len(self.lines), side, GAP, self.breaks, wider=2)]


def placed(figure: Figure, block: Block, names: list[str], top: float, scale: float) -> None:
    """A block with the names of its lines on the left."""
    axes = style.panel(figure, LEFT, top, block.width * scale, block.height * scale)
    axes.imshow(block.picture, interpolation="none", aspect="auto")
    axes.set_axis_off()
    for name, middle in zip(names, block.middles(), strict=False):
        place = LEFT - 0.07, top + middle * scale
        style.write(figure, name, *place, ha="right", va="center", fontsize=style.SMALL, linespacing=1.0)
