"""Every taught row against its control with intervals: a forest plot."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from stages.figures import style
from stages.figures.evidence import Effect, Evidence, by_headline, effects, groups
from stages.figures.style import Drawn
from stages.findings.naming import called, made
from stages.settings import paths

TITLE = "Taught minus control, every row"
NOTHING = "No taught row has an untaught control with a seed in common, so no difference can be shown."
BARS = "at the level of Holm's correction for all lines of a problem, noise pooled over them."
MARKED = (
    "Blue or vermilion: the interval leaves zero out, better or worse. Black: it lies within ±10 % of the control, no "
    "difference. Hollow: no evidence. Small grey ring: no interval, one seed. Blue side: better."
)
NOTE = (
    "Difference to the untaught student of the same size in percent of the latter; bars: interval over common seeds, "
    f"{BARS} {MARKED}"
)
BESIDE = {"gain": "gain", "accuracy_target": "asked label seen", "f1": "F1", "coverage": "coverage"}
"""What stands beside the deciding metric: the first that was compared."""
LEAST = 5.0
"""Percent to both sides of zero that are shown at least."""
LINE, LEFT, TOP, RIGHT, SPACE = 0.135, 1.9, 0.3, 0.12, 0.25


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """A figure of all problems that one metric decides, and beside it a second metric that they have."""
    inputs = (paths.PARAMS, paths.results(), paths.comparisons(), paths.dictionary())
    for end, column, part in by_headline(evidence):
        better = {line["metric"]: line["better"] for line in part.comparisons}
        beside = [metric for metric in BESIDE if metric in better and metric != column.name][:1]
        metrics = {column.name: column.title, **{metric: BESIDE[metric] for metric in beside}}
        found = {metric: effects(part, metric) for metric in metrics if metric in better}
        blocks = lines(part, {name for each in found.values() for name in each})
        if blocks:
            yield Drawn(f"forest{end}", TITLE, partial(forest, part, blocks, found, metrics, better), inputs)
        elif not end:
            yield Drawn("forest", TITLE, partial(style.sentence, TITLE, NOTHING), inputs)


def lines(evidence: Evidence, compared: set[str]) -> dict[str, list[str]]:
    """The compared rows of each group, under the group's name."""
    found = {}
    for key, names in groups(evidence).items():
        mine = [name for name in names if name in compared]
        if mine:
            found[f"{key[0]}: {made(evidence.rows[mine[0]])}"] = mine
    return found


def forest(
    evidence: Evidence,
    blocks: dict[str, list[str]],
    found: dict[str, dict[str, Effect]],
    metrics: dict[str, str],
    better: dict[str, str],
) -> Figure:
    """One panel per metric, sharing the rows."""
    places: dict[str, float] = {}
    heads: dict[str, float] = {}
    down = 0.0
    for head, names in blocks.items():
        heads[head] = down + 0.6
        places |= {name: down + 1.6 + i for i, name in enumerate(names)}
        down += len(names) + 1.4
    height = down * LINE
    figure = style.blank(style.PAGE, TOP + height + 0.3 + style.note_height(NOTE, style.PAGE))
    width = (style.PAGE - LEFT - RIGHT - SPACE * (len(found) - 1)) / len(found)
    for index, (metric, measured) in enumerate(found.items()):
        axes = style.panel(figure, LEFT + index * (width + SPACE), TOP, width, height)
        axes.set(ylim=(down, 0), yticks=[])
        axes.set_title(metrics[metric] + (" (less is better)" if better[metric] == "min" else " (more is better)"))
        axes.spines["left"].set_visible(False)
        draw(axes, measured, places, better[metric])
    for head, place in heads.items():
        style.write(figure, head, 0.08, TOP + place * LINE, va="center", fontsize=style.SMALL, fontweight="bold")
    for name, place in places.items():
        text = called(evidence.rows[name])
        style.write(figure, text, LEFT - 0.08, TOP + place * LINE, ha="right", va="center", fontsize=style.SMALL)
    style.note(figure, NOTE)
    return figure


def draw(
    axes: Axes, measured: dict[str, Effect], places: dict[str, float], better: str, reach: float | None = None
) -> None:
    """Points and intervals around zero, up to `reach` percent, or else as far as they go."""
    reach = reach or 1.08 * max(
        [LEAST, *(abs(v) * 100 for e in measured.values() for v in (e.share, e.low, e.high) if v is not None)]
    )
    axes.set_xlim(-reach, reach)
    side = (-reach, 0) if better == "min" else (0, reach)
    axes.axvspan(*side, color=style.BLUE, alpha=0.07, lw=0)
    axes.axvline(0, color=style.INK, lw=0.6)
    for name, place in places.items():
        axes.axhline(place, color=style.PALE, lw=0.4, zorder=0)
        if name in measured:
            point(axes, place, measured[name])
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:+g} %".replace("-", "−") if value else "0")


def point(axes: Axes, place: float, effect: Effect) -> None:
    """A difference with its interval."""
    if effect.low is None or effect.high is None:
        axes.plot(effect.share * 100, place, "o", ms=2.4, mfc="white", mec=style.FAINT, mew=0.7)
        return
    colour = {"better": style.BLUE, "worse": style.VERMILION}.get(effect.verdict, style.INK)
    face = "white" if effect.verdict == "no evidence" else colour
    axes.plot([effect.low * 100, effect.high * 100], [place, place], color=colour, lw=1.1, solid_capstyle="butt")
    marker = {"better": "o", "worse": "s"}.get(effect.verdict, "D")
    axes.plot(effect.share * 100, place, marker, ms=3.8, mfc=face, mec=colour, mew=0.9)
