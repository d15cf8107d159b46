"""What an error costs: Pareto fronts over multiply-accumulates, parameters and, where it was measured, time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from string import ascii_letters

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from stages.figures import style
from stages.figures.evidence import FRECHET, Evidence, by_headline, frechet, groups
from stages.figures.style import Drawn
from stages.findings.dictionary import Column
from stages.findings.naming import called, made
from stages.measuring.columns import INPUT
from stages.settings import paths

NOTHING = "A front needs a compressed row beside its teacher; there is none."
NOTE = (
    "Bars: {bars}. Letters: students that no other of the problem beats in both cost and error; grey: beaten. Students "
    "of one cost are drawn side by side. Dashed: the teacher{star}.{dotted} {axes}{dagger}"
)
AXES = {"min": "Both axes: less is better.", "max": "Less cost is better, and more of what is measured."}
BARS = {True: "95 % interval over test images, widest over seeds", False: "range over seeds, where there are seeds"}
FAR = 5.0
"""How far above everything else a line makes all of that one point."""
DOTTED = " Dotted: returning the input, which costs nothing."
DAGGER = " † Features of a judge trained on this data, not of the Inception network."
COSTS = {"macs": "multiply-accumulates", "parameters": "parameters"}
TIME = "latency_ms"
HEIGHT, LEFT, TOP, BOTTOM, SPACE = 1.35, 0.55, 0.3, 0.38, 0.18
MARGIN = 0.2
WIDE = 100
"""A range of costs, highest over lowest, beyond which only powers of ten have room on the axis."""
DODGE, WIDEST = 0.014, 0.17
"""Between two students of the same cost, and between the first and the last, as shares of a panel's width."""


@dataclass(frozen=True)
class Point:
    """A row in a panel."""

    name: str
    cost: float
    value: float
    low: float
    high: float


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """A figure of all problems that one metric decides, and the Fréchet distance of all that have one."""
    inputs = (paths.PARAMS, paths.results(), paths.dictionary(), *([paths.latency()] if evidence.times else []))
    for end, metric, part in drawable(evidence):
        word = FRECHET.get(metric.name, metric.title)
        title = f"{word} against cost"
        names = [name for names in groups(part).values() for name in names]
        draw = partial(fronts, part, metric, word) if names else partial(style.sentence, title, NOTHING)
        yield Drawn(f"pareto-{metric.name.replace('_', '-')}{end}", title, draw, inputs)


def drawable(evidence: Evidence) -> Iterator[tuple[str, Column, Evidence]]:
    """The metrics of the figures, each with the rows of one kind of examination that have it.

    The end of a figure's name is none for the first of a metric, and the kind of examination for others.
    """
    found = {(column, part.examinations()[0]): part for _, column, part in by_headline(evidence)}
    distance = frechet(evidence)
    for kind in evidence.examinations() if distance else ():
        found.setdefault((evidence.dictionary.described(str(distance)), kind), evidence.of(kind))
    known: set[Column] = set()
    for (column, kind), part in found.items():
        rows = [name for name in part.rows if part.has(name, column.name)]
        if rows:
            yield f"-{kind}" if column in known else "", column, part.only(rows)
            known.add(column)


def costs(evidence: Evidence) -> dict[str, str]:
    """The horizontal axes."""
    return {**COSTS, TIME: "milliseconds, one image, one thread"} if evidence.times else COSTS


def cost(evidence: Evidence, name: str, column: str) -> float:
    """What a row costs."""
    if column != TIME or evidence.times is None:
        return float(evidence.lines[name][0][column])
    times = evidence.times["networks"][evidence.times["variants"][name]]["times"]
    return float(next(each for each in times if single(each))[TIME])


def single(setting: dict[str, object]) -> bool:
    """Whether a time is that of one image on one thread of the processor."""
    return (setting["device"], setting["threads"], setting["batch"]) == ("cpu", 1, 1)


def points(evidence: Evidence, names: Sequence[str], metric: str, column: str) -> list[Point]:
    """Rows with their error and its bounds."""
    return [
        Point(name, cost(evidence, name, column), evidence.mean(name, metric), *evidence.extent(name, metric))
        for name in names
    ]


def front(found: Sequence[Point], better: str) -> set[str]:
    """The rows that no other beats in one of what is measured and cost without losing in the other."""
    sign = 1 if better == "min" else -1
    return {
        each.name
        for each in found
        if not any(
            other.cost <= each.cost
            and sign * other.value <= sign * each.value
            and (other.cost, other.value) != (each.cost, each.value)
            for other in found
        )
    }


def fronts(evidence: Evidence, metric: Column, word: str) -> Figure:
    """A line of panels per problem, a column per kind of cost."""
    problems = {
        p: [n for n in names if evidence.rows[n].compression != "none"] for p, names in evidence.problems().items()
    }
    problems = {problem: names for problem, names in problems.items() if names}
    axes_of = costs(evidence)
    note = NOTE.format(
        bars=BARS[evidence.has(next(iter(evidence.rows)), f"{metric.name}_low")],
        star=" (its cost: the star)",
        dotted=DOTTED if any(evidence.has(name, INPUT + metric.name) for name in evidence.rows) else "",
        axes=AXES[metric.better],
        dagger=DAGGER if metric.name.endswith("_judge") else "",
    )
    keys = {problem: letters(evidence, names, metric, list(axes_of)) for problem, names in problems.items()}
    words = {
        problem: style.wrapped(spelled(evidence, names, keys[problem]), style.PAGE - LEFT)
        for problem, names in problems.items()
    }
    heads = {problem: TOP + 0.1 * (text.count("\n") + 1) for problem, text in words.items()}
    height = sum(heads.values()) + len(problems) * (HEIGHT + BOTTOM)
    figure = style.blank(style.PAGE, height + style.note_height(note, style.PAGE))
    width = (style.PAGE - LEFT - 0.1 - SPACE * (len(axes_of) - 1)) / len(axes_of)
    top = 0.0
    for problem, names in problems.items():
        style.write(figure, problem, LEFT, top + 0.1, fontsize=style.HEADING)
        style.write(figure, words[problem], LEFT, top + 0.24, fontsize=style.SMALL, color=style.BLUE)
        for column, (kind, label) in enumerate(axes_of.items()):
            axes = style.panel(figure, LEFT + column * (width + SPACE), top + heads[problem], width, HEIGHT)
            draw(axes, evidence, problem, points(evidence, names, metric.name, kind), (metric, kind), keys[problem])
            axes.set_xlabel(label)
            if column:
                axes.tick_params(labelleft=False)
            else:
                axes.set_ylabel(word.split(" (")[0])
        top += heads[problem] + HEIGHT + BOTTOM
    style.note(figure, note)
    return figure


def letters(evidence: Evidence, names: Sequence[str], metric: Column, kinds: Sequence[str]) -> dict[str, str]:
    """A letter for each student on a front of the problem, by whatever cost."""
    best = set().union(*(front(points(evidence, names, metric.name, kind), metric.better) for kind in kinds))
    return dict(zip((name for name in names if name in best), ascii_letters, strict=False))


def spelled(evidence: Evidence, names: Sequence[str], key: dict[str, str]) -> str:
    """What the letters stand for; how the student is made is said where the problem's students differ in it."""
    several = len({made(evidence.rows[name]) for name in names}) > 1
    return ";  ".join(
        f"{letter}: {called(evidence.rows[name])}" + (f" ({made(evidence.rows[name])})" if several else "")
        for name, letter in key.items()
    )


def draw(
    axes: Axes,
    evidence: Evidence,
    problem: str,
    found: list[Point],
    what: tuple[Column, str],
    key: dict[str, str],
) -> None:
    """One panel: references, students, and the line of the front."""
    metric, kind = what
    teacher = evidence.teacher(problem)
    everything = [*found, *(points(evidence, [teacher], metric.name, kind) if teacher else [])]
    least, most = min(p.cost for p in everything), max(p.cost for p in everything)
    span = max(most / least, 1.5)
    axes.set(xscale="log", xlim=(least / span**MARGIN, most * span**MARGIN))
    references(axes, evidence, problem, metric.name, kind, max(p.high for p in everything))
    best = front(found, metric.better)
    spread = dodged(found, span ** (1 + 2 * MARGIN))
    for each in sorted(found, key=lambda point: point.name in best):
        mark(axes, spread[each.name], each, each.name in best)
    stairs(axes, sorted((p for p in found if p.name in best), key=lambda p: p.cost), spread)
    labels(axes, [p for p in found if p.name in best], spread, key)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if span < WIDE else (1,)))
    axes.xaxis.set_major_formatter(lambda value, _: style.counted(value))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.margins(y=0.18)


def references(axes: Axes, evidence: Evidence, problem: str, metric: str, kind: str, most: float) -> None:
    """The teacher and `return the input`, as far as they are known; what is far above `most` is told in words."""
    teacher = evidence.teacher(problem)
    name = teacher or evidence.problems()[problem][0]
    lazy = INPUT + metric
    returned = evidence.mean(name, lazy) if evidence.has(name, lazy) else None
    if returned is not None and returned > FAR * most > 0:
        axes.annotate(
            f"dotted: at {returned:.3g} ↑", (1, 1), xycoords="axes fraction", ha="right", va="top", fontsize=style.SMALL
        )
    elif returned is not None:
        axes.axhline(returned, ls=":", lw=0.8, color=style.INK, zorder=1)
    if teacher:
        axes.axhline(evidence.mean(teacher, metric), ls="--", lw=0.8, color=style.INK, zorder=1)
        axes.plot(cost(evidence, teacher, kind), evidence.mean(teacher, metric), "*", ms=7, color=style.INK, zorder=4)


def dodged(found: list[Point], span: float) -> dict[str, float]:
    """Places on the axis: students of one cost beside each other, in their order."""
    same: dict[float, list[Point]] = {}
    for each in found:
        same.setdefault(each.cost, []).append(each)
    return {
        each.name: cost * span ** (min(DODGE, WIDEST / len(members)) * (index - (len(members) - 1) / 2))
        for cost, members in same.items()
        for index, each in enumerate(members)
    }


def mark(axes: Axes, place: float, each: Point, best: bool) -> None:
    """A student with its uncertainty."""
    colour = style.BLUE if best else style.FAINT
    axes.plot([place, place], [each.low, each.high], color=colour, lw=0.8, zorder=2 + best)
    axes.plot(place, each.value, "o" if best else "s", ms=3.6 if best else 2.4, color=colour, zorder=3 + best)


def stairs(axes: Axes, best: list[Point], spread: dict[str, float]) -> None:
    """The front as steps: what is reached at no more than a cost."""
    if len(best) > 1:
        places = [spread[each.name] for each in best]
        axes.step(places, [each.value for each in best], where="post", color=style.BLUE, lw=0.7, zorder=1)


def labels(axes: Axes, best: list[Point], spread: dict[str, float], key: dict[str, str]) -> None:
    """The letters of the students on the front."""
    for each in best:
        axes.annotate(
            key[each.name], (spread[each.name], each.value), xytext=(4, -3), textcoords="offset points", ha="left",
            va="top", fontsize=style.TEXT, color=style.BLUE, bbox=style.BEHIND,
        )  # fmt: skip
