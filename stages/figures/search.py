"""What a search measured: fitness against cost of every configuration, what was picked, and whether ranks are real."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from stages.figures import style
from stages.figures.evidence import Evidence
from stages.figures.style import Drawn
from stages.settings import paths

NOTE = (
    "Fitness: the judge's Fréchet distance on validation images, less is better; nothing was chosen on the test. "
    "Left: {count} configurations with the weights that they share. Dashed: the budget, {budget} MACs. Grey line: the "
    "best at no more than a cost. Right: configurations with shared weights and trained alone; Kendall's τ {tau}, "
    "95 % bootstrap interval {low} to {high} over {alone} of them: {trust}. The search cost {cost} MACs "
    "({parts})."
)
TRUSTED = {
    True: "shared weights rank configurations as training alone does, better than by chance",
    False: "it holds zero, so that the ranking by shared weights is no evidence",
}
PARTS = {"wide": "the weight-shared training", "evaluations": "evaluations", "alone": "trainings alone"}
TAUS = {"tau": "tau", "low": "tau_low", "high": "tau_high"}
LOOKS = {"best": ("*", style.VERMILION, 8.0), "uniform": ("s", style.BLUE, 4.5)}
OTHERS = ("^", style.GREEN, 4.5)
"""The look of picks by chance."""
LEFT, TOP, WIDE, SQUARE, HEIGHT, SPACE, BOTTOM = 0.5, 0.5, 3.7, 2.0, 2.0, 0.6, 0.42

Choice = Mapping[str, Any]


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """A figure per search."""
    for name, choice in evidence.choices.items():
        title = f"The search {name}: fitness against cost, and whether shared weights can be trusted"
        yield Drawn(f"search-{name}", title, partial(panels, name, choice), (paths.PARAMS, paths.choice(name)))


def look(pick: str) -> tuple[str, str, float]:
    """Marker, colour and size of a pick."""
    return LOOKS.get(pick, OTHERS)


def panels(name: str, choice: Choice) -> Figure:
    """Fitness against cost; beside it shared weights against training alone."""
    spent = {what: choice["cost"][what] for what in PARTS if what in choice["cost"]}
    note = NOTE.format(
        count=len(choice["configurations"]), budget=style.counted(choice["budget_macs"]),
        **{name: minus(choice[key]) for name, key in TAUS.items()}, alone=len(choice["alone"]),
        trust=TRUSTED[choice["trusted"]], cost=style.counted(choice["cost"]["training_macs"]),
        parts=", ".join(f"{style.counted(macs)} {PARTS[what]}" for what, macs in spent.items()),
    ).replace(" ()", "")  # fmt: skip
    figure = style.blank(style.PAGE, TOP + HEIGHT + BOTTOM + style.note_height(note, style.PAGE))
    style.write(figure, f"search {name}", 0.08, 0.1, fontsize=style.HEADING)
    fitness(style.panel(figure, LEFT, TOP, WIDE, HEIGHT), choice)
    ranks(style.panel(figure, LEFT + WIDE + SPACE, TOP, SQUARE, HEIGHT), choice)
    style.note(figure, note)
    return figure


def minus(value: float) -> str:
    """A number of two decimals with its sign as it is printed."""
    return f"{value:.2f}".replace("-", "−")


def fitness(axes: Axes, choice: Choice) -> None:
    """Every configuration, the front, the budget and the picks."""
    found: Sequence[Mapping[str, Any]] = choice["configurations"]
    axes.plot(
        [c["macs"] for c in found], [c["fitness"] for c in found], "o", ms=2.2, color=style.FAINT, mew=0, zorder=1
    )
    best = front(found)
    axes.step(
        [c["macs"] for c in best], [c["fitness"] for c in best], where="post", color=style.FAINT, lw=0.8, zorder=1
    )
    axes.axvline(choice["budget_macs"], ls="--", lw=0.8, color=style.INK, zorder=1)
    labelled: set[str] = set()
    for pick, each in choice["picks"].items():
        marker, colour, size = look(pick)
        word = pick if pick in LOOKS else "by chance"
        label = word if word not in labelled else None
        labelled.add(word)
        axes.plot(
            each["macs"], each["fitness"], marker, ms=size, color=colour, mec="white", mew=0.5, zorder=3, label=label
        )
    axes.set_title("shared weights", fontsize=style.TEXT)
    axes.set(xscale="log", xlabel="multiply-accumulates", ylabel="fitness")
    costs = [c["macs"] for c in found]
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: style.counted(value))
    axes.set_xlim(min(costs) / 1.1, max(costs) * 1.1)
    axes.legend(loc="upper right", ncols=3, handletextpad=0.1, columnspacing=0.8, borderaxespad=0.1)


def front(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The configurations that none at no more cost is fitter than."""
    best: list[Mapping[str, Any]] = []
    for each in sorted(found, key=lambda c: (c["macs"], c["fitness"])):
        if not best or each["fitness"] < best[-1]["fitness"]:
            best.append(each)
    return best


def ranks(axes: Axes, choice: Choice) -> None:
    """Shared weights against training alone."""
    picked = {tuple(each["widths"]): pick for pick, each in choice["picks"].items()}
    for each in choice["alone"]:
        pick = picked.get(tuple(each["widths"]))
        marker, colour, size = look(pick) if pick else ("o", style.FAINT, 4.0)
        axes.plot(each["shared_fitness"], each["alone_fitness"], marker, ms=size, color=colour, mec="white", mew=0.5)
    axes.set_title(f"trained alone, τ = {minus(choice['tau'])}", fontsize=style.TEXT)
    axes.set(xlabel="fitness with shared weights", ylabel="fitness trained alone")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4))
    axes.margins(0.12)
