"""Soft labels over weight and temperature: what they change, the control's seed noise as the yardstick."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial

from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from stages.figures import factorial, style
from stages.figures.evidence import Evidence, Line, control, groups
from stages.figures.style import Drawn
from stages.findings.dictionary import Column
from stages.settings import paths
from stages.settings.rows import VariantRow

SETTINGS = ("alpha", "temperature")
BESIDE = "f1"
"""The metric beside the one that decides, where rows have it."""
NOTE = (
    "Change against the student that is not taught (α = 0, for which the temperature is nothing), in percentage "
    "points; blue: better. Hatched: the interval over {seeds} common seeds, corrected for the number of cells, holds "
    "zero, and is wide, so that there is no evidence (slanted), or lies within ±10 % of the control, so that there is "
    "no difference (level). α = 0: what the control scores, ± one standard deviation over its seeds: a change "
    "within it is what another seed alone would do."
)
CELL_WIDTH, CELL_HEIGHT, LEFT, TOP, BETWEEN = 0.44, 0.26, 0.75, 0.52, 0.25
PALENESS, LEAST = 0.4, 0.5


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """One figure per group of rows of several temperatures, called after its problem."""
    inputs = (paths.PARAMS, paths.results(), paths.comparisons(), paths.dictionary())
    drawn: Counter[str] = Counter()
    for (problem, *_), names in groups(evidence).items():
        cells = grid({name: evidence.rows[name] for name in names})
        untaught = control(evidence, names)
        if untaught and len({temperature for _, temperature in cells.values()}) > 1:
            drawn[problem] += 1
            end = f"-{drawn[problem]}" if drawn[problem] > 1 else ""
            title = f"Soft labels over weight and temperature, {problem}"
            yield Drawn(f"temperatures-{problem}{end}", title, partial(heat, evidence, title, untaught, cells), inputs)


def grid(rows: Mapping[str, VariantRow]) -> dict[str, tuple[float, ...]]:
    """Weight and temperature of every row whose lesson has both."""
    return {
        name: tuple(float(row.generator_lesson[key]) for key in SETTINGS)
        for name, row in rows.items()
        if all(key in row.generator_lesson for key in SETTINGS)
    }


def metrics(evidence: Evidence, control: str) -> list[Column]:
    """What decides the problem, and what stands beside it."""
    first = evidence.headline(evidence.rows[control].problem)
    beside = evidence.has(control, BESIDE) and first.name != BESIDE
    return [first, *([evidence.dictionary.described(BESIDE)] if beside else [])]


def heat(evidence: Evidence, title: str, control: str, cells: Mapping[str, tuple[float, ...]]) -> Figure:
    """A panel per metric; rows are weights, columns temperatures."""
    alphas, temperatures = (sorted({cell[axis] for cell in cells.values()}) for axis in (0, 1))
    wide, high = CELL_WIDTH * len(temperatures), CELL_HEIGHT * (len(alphas) + 1)
    width = max(style.PAGE, LEFT + 2 * (wide + BETWEEN) + LEFT)
    note = NOTE.format(seeds=len(evidence.rows[control].seeds))
    figure = style.blank(width, TOP + high + BETWEEN + style.note_height(note, width))
    style.write(figure, title, 0.08, 0.1, fontsize=style.HEADING)
    for index, metric in enumerate(metrics(evidence, control)):
        found = {line["variant"]: line for line in evidence.comparisons if line["metric"] == metric.name}
        axes = style.panel(figure, LEFT + index * (width / 2), TOP, wide, high)
        axes.set(xlim=(0, len(temperatures)), ylim=(len(alphas) + 1, 0))
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        axes.set_xticks([i + 0.5 for i in range(len(temperatures))], [f"{t:g}" for t in temperatures])
        axes.set_yticks([i + 0.5 for i in range(len(alphas) + 1)], [f"α = {a:g}" for a in (0, *alphas)])
        axes.set_title(f"{metric.title}, by temperature T", fontsize=style.TEXT, pad=14)
        yardstick(axes, evidence.values(control, metric.name), len(temperatures))
        reach = max([LEAST, *(abs(float(found[name]["difference"])) * 100 for name in cells)])
        for name, (alpha, temperature) in cells.items():
            tile(axes, temperatures.index(temperature), alphas.index(alpha) + 1, found[name], reach)
    style.note(figure, note)
    return figure


def yardstick(axes: Axes, values: list[float], columns: int) -> None:
    """The control, one cell across all temperatures."""
    spread = f" ± {statistics.stdev(values) * 100:.2f}" if len(values) > 1 else ""
    axes.add_patch(Rectangle((0.02, 0.06), columns - 0.04, 0.88, facecolor=style.PALE, edgecolor="#808080", lw=0.4))
    text = f"{statistics.fmean(values) * 100:.2f}{spread} %"
    axes.text(columns / 2, 0.5, text, ha="center", va="center", fontsize=style.SMALL)


def tile(axes: Axes, column: int, row: int, line: Line, reach: float) -> None:
    """One point of the grid, hatched unless its interval leaves zero out."""
    change, proven = float(line["difference"]) * 100, line["verdict"] in ("better", "worse")
    hatch = factorial.HATCHES.get(line["verdict"], factorial.ONE_SEED)
    scale = Normalize(-reach, reach)
    face = factorial.colours(line["better"])(scale(change if proven else change * PALENESS))
    patch = Rectangle((column + 0.02, row + 0.06), 0.96, 0.88, facecolor=face, edgecolor="#808080", lw=0.4, hatch=hatch)
    axes.add_patch(patch)
    dark = proven and abs(change) > 0.6 * reach
    behind = None if proven else {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    axes.text(
        column + 0.5, row + 0.5, f"{round(change, 1) + 0.0:+.1f}".replace("-", "−"), ha="center", va="center",
        fontsize=style.SMALL, color="white" if dark else style.INK, bbox=behind,
    )  # fmt: skip
