"""Soft labels over weight and temperature: the change of error and F1, the control's seed noise as the yardstick."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from functools import partial

from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from stages.figures import factorial, style, swept
from stages.figures.evidence import Evidence, Line
from stages.figures.style import Drawn
from stages.harness.settings import paths
from stages.harness.settings.rows import VariantRow

METRICS = {"error": "test error", "f1": "F1, mean over classes"}
NOTE = (
    "Change against the student that is not taught (α = 0, for which the temperature is nothing), in percentage "
    "points; blue: better. Hatched: no evidence, the 95 % interval over {seeds} common seeds holds zero (not corrected "
    "for the number of cells). α = 0: what the control scores, ± one standard deviation over its seeds: a change "
    "within it is what another seed alone would do."
)
CELL_WIDTH, CELL_HEIGHT, LEFT, TOP, BETWEEN = 0.44, 0.26, 0.75, 0.52, 0.25
PALENESS, LEAST = 0.4, 0.5


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """One figure per sweep over the temperature."""
    for name, rows in swept.each(evidence).items():
        cells = swept.grid(rows, "alpha", "temperature")
        control = swept.control(rows)
        if control and len({temperature for _, temperature in cells.values()}) > 1:
            title = f"Soft labels over weight and temperature, {name}"
            draw = partial(heat, evidence, title, control, cells, rows)
            yield Drawn(f"temperatures-{name}", title, draw, (paths.PARAMS, paths.results(), paths.comparisons()))


def heat(
    evidence: Evidence,
    title: str,
    control: str,
    cells: Mapping[str, tuple[float, ...]],
    rows: Mapping[str, VariantRow],
) -> Figure:
    """Error and F1 side by side; rows are weights, columns temperatures."""
    alphas, temperatures = (sorted({cell[axis] for cell in cells.values()}) for axis in (0, 1))
    wide, high = CELL_WIDTH * len(temperatures), CELL_HEIGHT * (len(alphas) + 1)
    width = max(style.PAGE, LEFT + 2 * (wide + BETWEEN) + LEFT)
    note = NOTE.format(seeds=len(rows[control].seeds))
    figure = style.blank(width, TOP + high + BETWEEN + style.note_height(note, width))
    style.write(figure, title, 0.08, 0.1, fontsize=style.HEADING)
    for index, (metric, word) in enumerate(METRICS.items()):
        found = swept.lines(evidence, metric)
        axes = style.panel(figure, LEFT + index * (width / 2), TOP, wide, high)
        axes.set(xlim=(0, len(temperatures)), ylim=(len(alphas) + 1, 0))
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        axes.set_xticks([i + 0.5 for i in range(len(temperatures))], [f"{t:g}" for t in temperatures])
        axes.set_yticks([i + 0.5 for i in range(len(alphas) + 1)], [f"α = {a:g}" for a in (0, *alphas)])
        axes.set_title(f"{word}, by temperature T", fontsize=style.TEXT, pad=14)
        yardstick(axes, evidence.values(control, metric), len(temperatures))
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
    hatch = None if proven else factorial.ONE_SEED if line["low"] == "" else factorial.NO_EVIDENCE
    # Blue helps, whichever direction is better.
    worse = change if line["better"] == "min" else -change
    scale = Normalize(-reach, reach)
    face = factorial.colours()(scale(worse if proven else worse * PALENESS))
    patch = Rectangle((column + 0.02, row + 0.06), 0.96, 0.88, facecolor=face, edgecolor="#808080", lw=0.4, hatch=hatch)
    axes.add_patch(patch)
    dark = proven and abs(worse) > 0.6 * reach
    behind = None if proven else {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    axes.text(
        column + 0.5, row + 0.5, f"{round(change, 1) + 0.0:+.1f}".replace("-", "−"), ha="center", va="center",
        fontsize=style.SMALL, color="white" if dark else style.INK, bbox=behind,
    )  # fmt: skip
