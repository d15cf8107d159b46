"""What the rulers say of sets of images with one known fault: each has to be found by some ruler, and by no other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial

from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from stages.figures import style
from stages.figures.evidence import Evidence
from stages.figures.style import Drawn
from stages.settings import paths

REAL = "real draws"
"""The set without a fault."""
NOTE = (
    "Sets of as many images as the networks make, each with one fault, none made by a network. The darker, the worse a "
    "ruler's number than that of real draws, darkest at {worst:g} times it; of what is best at 1, what is missing to 1 "
    "counts. Shuffled factors have the right marginals and the wrong joint."
)
WORST = 8.0
LEFT, TOP, WIDE, HIGH = 1.15, 0.86, 0.43, 0.22
DARK = 0.75
"""A shade on which white is read better than black."""
FLOOR = 0.01
"""Numbers below this do not differ."""

Known = Mapping[str, Mapping[str, float]]
"""Set -> column -> what the ruler says."""


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """A figure per problem whose teacher's report holds such sets."""
    for problem in evidence.problems():
        name = evidence.teacher(problem)
        if name is not None:
            for data, known in evidence.reports[name].get("known", {}).items():
                title = f"Rulers on sets of {data} with one known fault"
                inputs = (paths.PARAMS, paths.quality(name))
                yield Drawn(f"rulers-{problem}", title, partial(table, evidence, data, known), inputs)


def colours() -> Colormap:
    """From white to dark."""
    return LinearSegmentedColormap.from_list("fault", ["#ffffff", style.ORANGE, style.VERMILION])


def worse(value: float, real: float, better: str) -> float:
    """How much worse than the real draws' number, from 0 to 1 on a logarithmic scale."""
    mine, theirs = (value, real) if better == "min" else (1 - value, 1 - real)
    return min(max(math.log(max(mine, FLOOR) / max(theirs, FLOOR)) / math.log(WORST), 0.0), 1.0)


def table(evidence: Evidence, data: str, known: Known) -> Figure:
    """Sets in lines, rulers in columns."""
    columns = [name for name in known[REAL] if evidence.dictionary.described(name).better]
    note, width = NOTE.format(worst=WORST), max(style.COLUMN, LEFT + WIDE * len(columns) + 0.3)
    figure = style.blank(width, TOP + HIGH * len(known) + 0.08 + style.note_height(note, width))
    style.write(figure, data, 0.08, 0.1, fontsize=style.HEADING)
    sheet, scale = style.sheet(figure), colours()
    for place, column in enumerate(columns):
        about = evidence.dictionary.described(column)
        left = LEFT + place * WIDE
        style.write(
            figure, about.title, left + WIDE / 2 - 0.04, TOP - 0.05, rotation=40, ha="left", va="bottom",
            rotation_mode="anchor", fontsize=style.SMALL,
        )  # fmt: skip
        for line, each in enumerate(known.values()):
            shade = worse(each[column], known[REAL][column], about.better)
            box = (left + 0.01, TOP + line * HIGH + 0.01)
            sheet.add_patch(
                Rectangle(box, WIDE - 0.02, HIGH - 0.02, facecolor=scale(shade), edgecolor=style.PALE, lw=0.4)
            )
            text, ink = f"{each[column]:.3g}".replace("-", "−"), "white" if shade > DARK else style.INK
            middle = left + WIDE / 2, TOP + (line + 0.5) * HIGH
            style.write(figure, text, *middle, ha="center", va="center", fontsize=style.SMALL, color=ink)
    for line, name in enumerate(known):
        style.write(figure, name, LEFT - 0.06, TOP + (line + 0.5) * HIGH, ha="right", va="center", fontsize=style.SMALL)
    style.note(figure, note)
    return figure
