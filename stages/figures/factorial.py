"""Which network is taught, and where its layers are matched: the factorial as heat maps, and its main effects.

A cell without evidence is hatched. The effects, means over cells, stand below with their intervals: of all problems
together, and of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from stages.figures import forest, style
from stages.figures.evidence import Effect, Evidence, Line, by_headline, control, effects, groups
from stages.figures.style import Drawn
from stages.findings import factors
from stages.findings.dictionary import Column
from stages.findings.factors import plain, usual
from stages.findings.naming import made, matched
from stages.settings import paths

TITLE = "Taught minus control: generator, discriminator or both, by matched layers"
NOTHING = "A factorial needs rows taught by Euclidean distance beside an untaught row of the same size; there are none."
NOTE = (
    "Change of {metric} against the untaught student of the same size, in percent of the latter; {better} is better. "
    "Hatched: the corrected interval over seeds holds zero, and is wide, so that there is no evidence (slanted), or "
    "lies within ±10 % of the control, so that there is no difference (level); or there is one seed only (upright). "
    "n: seeds.{below}"
)
BELOW = (
    " Below: what teaching and matching do on average, in percent of the untaught student; each effect is the mean "
    "difference between rows that have it and rows that agree in all else; ×: half of how much one effect depends on "
    "the other. Large: mean over problems, over so many common seeds (×); small: one size of student on one problem. "
    "Bars: intervals, Holm's correction and noise pooled over the effects.{cut} Large blue or vermilion, small filled: "
    "the interval leaves zero out. Large black: it lies within ±10 %, no difference. Hollow: no evidence."
)
HATCHES = {"better": None, "worse": None, "no evidence": "/////", "no difference": "-----"}
ONE_SEED = "|||"
UNTAUGHT = "nothing"
CELL_WIDTH, CELL_HEIGHT, LEFT, TOP, BETWEEN = 1.08, 0.25, 1.1, 0.48, 0.17
HEAD, LINE, CLOSE, GAP, TICKS, NAMES = 0.32, 0.12, 0.055, 0.05, 0.25, 1.75
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
    inputs = (paths.PARAMS, paths.results(), paths.comparisons(), factors.TABLE, paths.dictionary())
    for end, column, part in by_headline(evidence):
        if found := panels(part, column):
            yield Drawn(f"factorial{end}", TITLE, partial(heat, found, effects_of(part, column), column), inputs)
        elif not end:
            yield Drawn("factorial", TITLE, partial(style.sentence, TITLE, NOTHING), inputs)


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


@dataclass(frozen=True)
class Mean:
    """An effect, of all problems or of one size of student on one, over so many seeds."""

    over: str
    seeds: str
    effect: Effect


def effects_of(evidence: Evidence, metric: Column) -> dict[str, list[Mean]]:
    """Of every effect the mean over all problems, then that of each; of a single problem that of all is the same."""
    found: dict[str, list[Mean]] = {}
    for line in evidence.factorial:
        if line["metric"] == metric.name:
            found.setdefault(line["effect"], []).append(Mean(line["over"], line["n"], of_line(line)))
    return {word: mine[:1] if len(mine) == 2 else mine for word, mine in found.items()}


def of_line(line: Line) -> Effect:
    """A line of the table, whose numbers are shares of the untaught student's already."""
    low, high = (float(line[end]) if line[end] != "" else None for end in ("low", "high"))
    return Effect(line["effect"], float(line["difference"]), low, high, line["verdict"])


def heat(found: list[Panel], means: Mapping[str, list[Mean]], column: Column) -> Figure:
    """The panels, two in a line on a page; below them the effects."""
    across = min(2, len(found))
    width = style.PAGE if means else style.COLUMN * across
    block = TOP + BETWEEN + CELL_HEIGHT * max(len(panel.layers) for panel in found)
    measured = [each.effect for mine in means.values() for each in mine]
    cut = forest.CUT if forest.leaves(measured, forest.reach(measured)) else ""
    below = BELOW.format(cut=cut) if means else ""
    note = NOTE.format(metric=column.title, better={"min": "less", "max": "more"}[column.better], below=below)
    top = -(-len(found) // across) * block
    room = HEAD + places_of(means)[1] + TICKS if means else 0.0
    figure = style.blank(width, top + room + style.note_height(note, width))
    limit = max(LEAST, *(abs(effect.share) for panel in found for effect, _ in panel.cells.values()))
    for index, panel in enumerate(found):
        left, down = index % across * style.COLUMN, index // across * block
        style.write(figure, panel.title, left + 0.08, down + 0.1, fontsize=style.HEADING)
        axes = style.panel(figure, left + LEFT, down + TOP, CELL_WIDTH * 2, CELL_HEIGHT * len(panel.layers))
        draw(axes, panel, Normalize(-limit, limit))
    if means:
        averages(figure, means, column, top)
    style.note(figure, note)
    return figure


def places_of(means: Mapping[str, list[Mean]]) -> tuple[dict[str, float], float]:
    """Inches from the top of the panel to each effect's first mean, and its height; the others stand close below."""
    places, down = {}, BETWEEN / 4
    for word, mine in means.items():
        places[word] = down + LINE / 2
        down += LINE + (len(mine) - 1) * CLOSE + GAP
    return places, down


def averages(figure: Figure, means: Mapping[str, list[Mean]], column: Column, top: float) -> None:
    """A line per effect, the mean of all problems; below it, small and by colour, what it is the mean of."""
    better = "less is better" if column.better == "min" else "more is better"
    style.write(figure, f"Mean effects on the {column.title} ({better})", 0.08, top + 0.04, fontsize=style.HEADING)
    places, height = places_of(means)
    looks = style.order(list(dict.fromkeys(each.over for mine in means.values() for each in mine[1:])))
    axes = style.panel(figure, NAMES, top + HEAD, style.PAGE - NAMES - 0.15, height)
    axes.set(ylim=(height, 0), yticks=[])
    axes.spines["left"].set_visible(False)
    far = forest.reach([each.effect for mine in means.values() for each in mine])
    forest.draw(axes, {word: mine[0].effect for word, mine in means.items()}, places, column.better, far)
    for word, mine in means.items():
        style.write(
            figure, f"{word}  ×{mine[0].seeds}", NAMES - 0.08, top + HEAD + places[word], ha="right", va="center",
            fontsize=style.SMALL,
        )  # fmt: skip
        for index, each in enumerate(mine[1:]):
            forest.small(axes, places[word] + LINE / 2 + (index + 0.5) * CLOSE, each.effect, far, looks[each.over])
    for over, (colour, marker) in looks.items():
        axes.plot([], [], color=colour, marker=marker, ms=2.6, lw=0.7, label=over)
    if looks:
        axes.legend(
            loc="lower right", bbox_to_anchor=(1, 1), ncols=2, handlelength=1.6, borderaxespad=0, columnspacing=1
        )


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
