"""Does it last? Students trained for more and fewer steps, taught and untaught: by steps, by cost, the difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullLocator

from stages.figures import forest, style
from stages.figures.evidence import Effect, Evidence, effect
from stages.figures.style import Drawn
from stages.findings import lengths
from stages.findings.dictionary import Column
from stages.findings.lengths import COST, STEPS, Ladder
from stages.findings.naming import called, made
from stages.settings import paths

TITLE = "Does what a lesson wins last? Students trained for more and fewer steps"
NOTE = (
    "{metric} ({better} is better) of {made}; lines: means over seeds, dots: seeds; dashed: the teacher. Cost: "
    "multiply-accumulates of one training, forward and backward, with those of the teacher that is watched, without "
    "the teacher's own training. Right: taught against untaught, in percent of the latter, at equal steps (large) and "
    "at equal cost (small), where the untaught number is interpolated between two lengths; where no two enclose the "
    "cost nothing is shown. Bars: interval over common seeds, {bars}{cut} Filled: the interval leaves zero out. "
    "Hollow: no evidence."
)
LEFT, TOP, WIDTH, HEIGHT, SPACE, BOTTOM = 0.5, 0.62, 1.72, 1.5, 0.5, 0.42
UNTAUGHT = (style.INK, "o")
DODGE = 1.05
"""By how much marks of one length stand apart on the axis."""
SIZES = {STEPS: 4.2, COST: 2.4}
"""Of marks: large at equal steps, small at equal cost."""
WIDER = 1.4
"""How far an axis of costs or steps goes beyond its ends."""


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """A figure per problem whose students were trained at several lengths; none where none was."""
    costs = evidence.costs["variants"]
    found: dict[str, list[Ladder]] = {}
    for ladder in lengths.of_rows(evidence.settings, evidence.rows, costs):
        found.setdefault(evidence.rows[ladder.lesson].problem, []).append(ladder)
    inputs = (paths.PARAMS, paths.results(), lengths.TABLE, paths.costs(), paths.dictionary())
    for problem, ladders in found.items():
        yield Drawn(f"lengths-{problem}", f"{TITLE}: {problem}", partial(draw, evidence, problem, ladders), inputs)


def draw(evidence: Evidence, problem: str, ladders: Sequence[Ladder]) -> Figure:
    """Quality by steps and by cost, and what the lesson changes."""
    metric = evidence.headline(problem)
    looks = {
        ladder.lesson: look
        for ladder, look in zip(ladders, style.order([each.lesson for each in ladders]).values(), strict=True)
    }
    measured = {
        (ladder.lesson, at): differences(evidence, ladder, at, metric) for ladder in ladders for at in (STEPS, COST)
    }
    everything = [each for mine in measured.values() for each in mine.values()]
    far = forest.reach(everything)
    note = NOTE.format(
        metric=metric.title[:1].upper() + metric.title[1:],
        better={"min": "less", "max": "more"}[metric.better],
        made=made(evidence.rows[ladders[0].lesson]),
        bars=forest.BARS,
        cut=forest.CUT if forest.leaves(everything, far) else "",
    )
    figure = style.blank(style.PAGE, TOP + HEIGHT + BOTTOM + style.note_height(note, style.PAGE))
    style.write(
        figure, f"{problem}: {metric.title}, by how long students are trained", 0.08, 0.08, fontsize=style.HEADING
    )
    panels = [style.panel(figure, LEFT + place * (WIDTH + SPACE), TOP, WIDTH, HEIGHT) for place in range(3)]
    for axes, key, word in ((panels[0], STEPS, "steps"), (panels[1], COST, "multiply-accumulates of the training")):
        quality(axes, evidence, ladders, looks, metric, key)
        axes.set_xlabel(word)
    gaps(panels[2], ladders, looks, measured, metric, far)
    figure.legend(
        *panels[0].get_legend_handles_labels(),
        loc="upper left",
        bbox_to_anchor=(0.005, 1 - 0.2 / figure.get_size_inches()[1]),
        ncols=len(ladders) + 1,
        handlelength=2.2,
        columnspacing=1.4,
    )
    style.note(figure, note)
    return figure


def quality(
    axes: Axes,
    evidence: Evidence,
    ladders: Sequence[Ladder],
    looks: dict[str, tuple[str, str]],
    metric: Column,
    key: str,
) -> None:
    """A line for the untaught students and one per lesson."""
    untaught = {rung.steps: (rung.control, rung.control_cost) for ladder in ladders for rung in ladder.rungs}
    curves = [("not taught", UNTAUGHT, [(steps, *untaught[steps]) for steps in sorted(untaught)])]
    for ladder in ladders:
        rungs = [(rung.steps, rung.taught, rung.cost) for rung in ladder.rungs]
        curves.append((called(evidence.rows[ladder.lesson]), looks[ladder.lesson], rungs))
    places: list[float] = []
    for word, (colour, marker), rungs in curves:
        at = [steps if key == STEPS else cost for steps, _, cost in rungs]
        means = [evidence.mean(name, metric.name) for _, name, _ in rungs]
        axes.plot(at, means, color=colour, marker=marker, ms=3.4, lw=1.0, label=word, zorder=3)
        for x, (_, name, _) in zip(at, rungs, strict=True):
            values = evidence.values(name, metric.name)
            axes.plot([x] * len(values), values, ".", ms=2.2, color=colour, alpha=0.5, mew=0, zorder=2)
        places += at
    teacher = evidence.teacher(evidence.rows[ladders[0].lesson].problem)
    if teacher:
        axes.axhline(evidence.mean(teacher, metric.name), ls="--", lw=0.8, color=style.INK, zorder=1)
    by_length(axes, places, [steps for _, _, rungs in curves for steps, _, _ in rungs] if key == STEPS else None)
    axes.yaxis.set_major_locator(MaxNLocator(5))


def by_length(axes: Axes, places: Sequence[float], ticks: Sequence[int] | None) -> None:
    """A logarithmic axis around some places, with ticks at given ones."""
    axes.set(xscale="log", xlim=(min(places) / WIDER, max(places) * WIDER))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(sorted(set(ticks))) if ticks else LogLocator(subs=(1, 2, 5), numticks=4))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}" if ticks else style.counted(value))


def differences(evidence: Evidence, ladder: Ladder, at: str, metric: Column) -> dict[int, Effect]:
    """What a lesson changes at each length, as a share of the untaught number."""
    found = {}
    for line in evidence.lengths:
        if (line["lesson"], line["at"], line["metric"]) == (ladder.lesson, at, metric.name):
            known = effect(line, "untaught")
            if known is not None:
                found[int(line["steps"])] = known
    return found


def gaps(
    axes: Axes,
    ladders: Sequence[Ladder],
    looks: dict[str, tuple[str, str]],
    measured: dict[tuple[str, str], dict[int, Effect]],
    metric: Column,
    far: float,
) -> None:
    """Differences with intervals around zero; those at equal cost beside those at equal steps, with a thin frame."""
    axes.set(ylim=(-far, far))
    axes.axhspan(*((-far, 0) if metric.better == "min" else (0, far)), color=style.BLUE, alpha=0.07, lw=0)
    axes.axhline(0, color=style.INK, lw=0.6)
    count = 2 * len(ladders)
    for place, ((lesson, at), effects) in enumerate(measured.items()):
        colour, marker = looks[lesson]
        for steps, each in effects.items():
            x = steps * DODGE ** (2 * place - count + 1)
            bar(axes, x, each, far, colour, at == COST)
            face = "white" if each.verdict not in ("better", "worse") else colour
            axes.plot(x, each.share * 100, marker, ms=SIZES[at], mfc=face, mec=colour, mew=0.9, zorder=3)
    for at, look in ((STEPS, "-"), (COST, ":")):
        axes.plot([], [], look, marker="o", ms=SIZES[at], color=style.INK, lw=1.1, label=f"at {at}")
    axes.legend(loc="upper right", handlelength=2.0, borderaxespad=0.2)
    shown = [rung.steps for ladder in ladders for rung in ladder.rungs]
    by_length(axes, shown, shown)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:+g} %".replace("-", "−") if value else "0")
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel("steps of the taught student")


def bar(axes: Axes, x: float, each: Effect, far: float, colour: str, dotted: bool) -> None:
    """An interval, with arrows where it goes on beyond the edge."""
    if each.low is None or each.high is None:
        return
    low, high = (min(max(end * 100, -far), far) for end in (each.low, each.high))
    axes.plot([x, x], [low, high], ":" if dotted else "-", color=colour, lw=1.1, zorder=2)
    for beyond, edge, arrow in ((each.low * 100 < -far, -far, "v"), (each.high * 100 > far, far, "^")):
        if beyond:
            axes.plot(x, edge, arrow, ms=3.2, color=colour, mew=0, clip_on=False)
