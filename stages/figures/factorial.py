"""Which network is taught, and where its layers are matched: the factorial as heat maps, hatched without evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from stages.figures import style
from stages.figures.evidence import Effect, Evidence, by_headline, control, effects, groups
from stages.figures.style import Drawn
from stages.findings.dictionary import Column
from stages.findings.naming import made, matched
from stages.settings import paths
from stages.settings.rows import VariantRow

TITLE = "Taught minus control: generator, discriminator or both, by matched layers"
NOTHING = "A factorial needs rows taught by Euclidean distance beside an untaught row of the same size; there are none."
NOTE = (
    "Change of {metric} against the untaught student of the same size, in percent of the latter; {better} is better. "
    "Hatched: the corrected interval over seeds holds zero, and is wide, so that there is no evidence (slanted), or "
    "lies within ±10 % of the control, so that there is no difference (dotted); or there is one seed only (upright). "
    "n: seeds."
)
HATCHES = {"better": None, "worse": None, "no evidence": "/////", "no difference": "..."}
ONE_SEED = "|||"
KINDS = ("none", "euclidean")
UNTAUGHT = "nothing"
CELL_WIDTH, CELL_HEIGHT, LEFT, TOP, BETWEEN = 1.08, 0.27, 1.1, 0.5, 0.2
LEAST = 0.02
PALENESS = 0.4


@dataclass(frozen=True)
class Panel:
    """One size of student on one problem: effects by (matched layers of the generator, discriminator taught)."""

    title: str
    layers: list[str]
    better: str
    cells: dict[tuple[str, bool], tuple[Effect, int]]


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """The factorial of every group of rows that has one, a figure per metric that decides problems."""
    inputs = (paths.PARAMS, paths.results(), paths.comparisons(), paths.dictionary())
    for end, column, part in by_headline(evidence):
        if found := panels(part, column):
            yield Drawn(f"factorial{end}", TITLE, partial(heat, found, column), inputs)
        elif not end:
            yield Drawn("factorial", TITLE, partial(style.sentence, TITLE, NOTHING), inputs)


def usual(rows: list[VariantRow]) -> float | None:
    """The most common weight of a group's lessons."""
    weights = Counter(row.generator_lesson["weight"] for row in rows if "weight" in row.generator_lesson)
    return weights.most_common(1)[0][0] if weights else None


def plain(row: VariantRow, weight: float | None) -> bool:
    """Whether a row belongs to the factorial: Euclidean as drawn, with the usual weight."""
    lesson, critic = row.generator_lesson, row.discriminator_lesson
    drawn = all(each.get("reading", "drawn") == "drawn" for each in (lesson, critic))
    ours = row.distill.generator in KINDS and row.distill.discriminator in KINDS
    return (
        ours and drawn and lesson.get("adapter_side", "student") == "student" and lesson.get("weight", weight) == weight
    )


def panels(evidence: Evidence, metric: Column) -> list[Panel]:
    """Groups with at least two cells."""
    measured = effects(evidence, metric.name)
    found = []
    for key, names in groups(evidence).items():
        rows = {name: evidence.rows[name] for name in names}
        weight = usual(list(rows.values()))
        untaught = control(evidence, names)
        pace = evidence.rows[untaught].pace if untaught else None
        cells: dict[tuple[str, bool], tuple[Effect, int]] = {}
        for name, row in rows.items():
            if name in measured and row.pace == pace and plain(row, weight):
                where = (matched(row.generator_lesson) or UNTAUGHT, row.distill.discriminator != "none")
                cells.setdefault(where, (measured[name], len(row.seeds)))
        if len(cells) > 1:
            layers = list(dict.fromkeys(layer for layer, _ in cells))
            layers.sort(key=lambda layer: (layer != UNTAUGHT, "image" in layer, len(layer.split(","))))
            found.append(Panel(f"{key[0]}: {made(rows[names[0]])}", layers, metric.better, cells))
    return found


def colours(better: str) -> Colormap:
    """Blue where teaching helps, orange where it harms, white at nothing; dark at both ends in grey print."""
    ends = [style.BLUE, "#ffffff", style.VERMILION]
    return LinearSegmentedColormap.from_list("effect", ends if better == "min" else ends[::-1])


def heat(found: list[Panel], column: Column) -> Figure:
    """The panels, two in a line on a page."""
    across = min(2, len(found))
    width = style.COLUMN * across
    block = TOP + BETWEEN + CELL_HEIGHT * max(len(panel.layers) for panel in found)
    note = NOTE.format(metric=column.title, better={"min": "less", "max": "more"}[column.better])
    figure = style.blank(width, -(-len(found) // across) * block + style.note_height(note, width))
    limit = max(LEAST, *(abs(effect.share) for panel in found for effect, _ in panel.cells.values()))
    for index, panel in enumerate(found):
        left, top = index % across * style.COLUMN, index // across * block
        style.write(figure, panel.title, left + 0.08, top + 0.1, fontsize=style.HEADING)
        axes = style.panel(figure, left + LEFT, top + TOP, CELL_WIDTH * 2, CELL_HEIGHT * len(panel.layers))
        draw(axes, panel, Normalize(-limit, limit))
    style.note(figure, note)
    return figure


def draw(axes: Axes, panel: Panel, scale: Normalize) -> None:
    """One heat map."""
    axes.set(xlim=(0, 2), ylim=(len(panel.layers), 0))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.set_xticks([0.5, 1.5], ["D not taught", "D taught"])
    axes.set_yticks([i + 0.5 for i in range(len(panel.layers))], [f"G: {layer}" for layer in panel.layers])
    for row, layer in enumerate(panel.layers):
        for column in (0, 1):
            cell = panel.cells.get((layer, bool(column)))
            if cell:
                axes.add_patch(tile(column, row, cell[0], scale, panel.better))
                word(axes, column, row, cell, scale)
            elif layer == UNTAUGHT and not column:
                axes.text(0.5, row + 0.5, "control", ha="center", va="center", fontsize=style.SMALL, color="#4d4d4d")
            else:
                axes.text(
                    column + 0.5, row + 0.5, "no row", ha="center", va="center", fontsize=style.SMALL, color=style.FAINT
                )


def tile(column: int, row: int, effect: Effect, scale: Normalize, better: str) -> Patch:
    """A cell, hatched unless its interval leaves zero out."""
    hatch = HATCHES.get(effect.verdict, ONE_SEED)
    # Paler without evidence: a strong colour would be read before its hatch.
    shown = effect.share if effect.proven else effect.share * PALENESS
    face = colours(better)(scale(shown))
    return Rectangle((column + 0.01, row + 0.04), 0.98, 0.92, facecolor=face, edgecolor="#808080", lw=0.4, hatch=hatch)


def word(axes: Axes, column: int, row: int, cell: tuple[Effect, int], scale: Normalize) -> None:
    """The number in a cell, on a patch of its own where a hatch would run through it."""
    effect, seeds = cell
    dark = effect.proven and abs(scale(effect.share) - 0.5) > 0.3
    behind = None if effect.proven else {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    axes.text(
        column + 0.5, row + 0.5, f"{effect.share * 100:+.1f} %  n={seeds}".replace("-", "−"), ha="center", va="center",
        fontsize=style.SMALL, color="white" if dark else style.INK, bbox=behind,
    )  # fmt: skip
