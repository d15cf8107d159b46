"""Every taught row against its control with intervals: a forest plot."""

from __future__ import annotations

from collections.abc import Collection, Iterator
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
"""What is said of bars and marks below every such figure."""
NOTE = (
    "Difference to the untaught student of the same size in percent of the latter; bars: interval over common seeds, "
    f"{BARS} {MARKED}"
)
BESIDE = {"gain": "gain", "accuracy_target": "asked label seen", "f1": "F1", "coverage": "coverage"}
"""What stands beside the deciding metric: the first that was compared."""
LEAST = 5.0
"""Percent to both sides of zero that are shown at least."""
WIDEST = 1.5
"""An interval that reaches so many times farther than the largest difference is cut off; an arrow says so."""
CUT = " Arrow: the interval goes on beyond the edge."
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
    cut = any(leaves(measured.values(), reach(measured.values())) for measured in found.values())
    note = NOTE + (CUT if cut else "")
    figure = style.blank(style.PAGE, TOP + height + 0.3 + style.note_height(note, style.PAGE))
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
    style.note(figure, note)
    return figure


def reach(measured: Collection[Effect]) -> float:
    """Percent to both sides of zero: all differences, and intervals where these do not go much farther."""
    most = max([LEAST, *(abs(each.share) * 100 for each in measured)])
    ends = [abs(end) * 100 for each in measured for end in (each.low, each.high) if end is not None]
    return 1.08 * max([most, *(end for end in ends if end <= WIDEST * most)])


def leaves(measured: Collection[Effect], far: float) -> bool:
    """Whether any interval goes on beyond so many percent."""
    return any(abs(end) * 100 > far for each in measured for end in (each.low, each.high) if end is not None)


def draw(
    axes: Axes,
    measured: dict[str, Effect],
    places: dict[str, float],
    better: str,
    far: float | None = None,
) -> None:
    """Points and intervals around zero, up to so many percent, or else as far as matters."""
    far = far or reach(measured.values())
    axes.set_xlim(-far, far)
    side = (-far, 0) if better == "min" else (0, far)
    axes.axvspan(*side, color=style.BLUE, alpha=0.07, lw=0)
    axes.axvline(0, color=style.INK, lw=0.6)
    for name, place in places.items():
        axes.axhline(place, color=style.PALE, lw=0.4, zorder=0)
        if name in measured:
            point(axes, place, measured[name], far)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:+g} %".replace("-", "−") if value else "0")


def point(axes: Axes, place: float, effect: Effect, far: float) -> None:
    """A difference with its interval, and an arrow at each end that lies beyond the edge."""
    if effect.low is None or effect.high is None:
        axes.plot(effect.share * 100, place, "o", ms=2.4, mfc="white", mec=style.FAINT, mew=0.7)
        return
    colour = {"better": style.BLUE, "worse": style.VERMILION}.get(effect.verdict, style.INK)
    bar(axes, place, effect, far, colour, 1.1)
    marker = {"better": "o", "worse": "s"}.get(effect.verdict, "D")
    face = "white" if effect.verdict == "no evidence" else colour
    axes.plot(effect.share * 100, place, marker, ms=3.8, mfc=face, mec=colour, mew=0.9)


def bar(axes: Axes, place: float, effect: Effect, far: float, colour: str, width: float) -> None:
    """An interval, and an arrow at each end that lies beyond the edge."""
    if effect.low is None or effect.high is None:
        return
    low, high = (min(max(end * 100, -far), far) for end in (effect.low, effect.high))
    axes.plot([low, high], [place, place], color=colour, lw=width, solid_capstyle="butt")
    for beyond, edge, arrow in ((effect.low * 100 < -far, -far, "<"), (effect.high * 100 > far, far, ">")):
        if beyond:
            axes.plot(edge, place, arrow, ms=2.9 * width, color=colour, mew=0, clip_on=False)


def small(axes: Axes, place: float, effect: Effect, far: float, look: tuple[str, str]) -> None:
    """A difference of less weight, in a colour and with a marker that say whose it is; filled where it is evidence."""
    colour, marker = look
    bar(axes, place, effect, far, colour, 0.7)
    axes.plot(effect.share * 100, place, marker, ms=2.6, mfc=colour if effect.proven else "white", mec=colour, mew=0.6)
