"""Architecture diagrams, drawn from the modules of each row: teacher above, student below, and what is compared."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from types import ModuleType
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import nn

from stages.figures import diagrams, style
from stages.figures.diagrams import Join, Pair, Spot
from stages.figures.evidence import Evidence, called, made, taught
from stages.figures.networks import Network, inspect
from stages.figures.style import Drawn
from stages.harness.learning.game import Side
from stages.harness.settings import crosschecks, members, paths
from stages.harness.settings.rows import VariantRow

PLAYERS = ("generator", "discriminator")
NOTHING = "No row is taught, so there is nothing to join."
NOTE = (
    "Width: channels; height: resolution. Bars: images; trapezoids: strided convolutions; squares: residual blocks. "
    "Orange: compared layers. Circle: {circle}; plus: their sum.{adapter} Numbers: channels × side²."
)
OVERVIEW = (
    "Teacher above, student below: generators, or discriminators where these alone are taught. Width: channels; "
    "height: resolution. Orange: compared layers. Blue: 1×1 convolution that adapts the width. Crossed circle: mean "
    "squared error; empty circle: the lesson's own distance; plus: their sum. One diagram per distinct pair and lesson."
)
ADAPTER = " Blue: 1×1 convolution that adapts the width."
HEAD, LABELS, WORDS = 0.24, 0.45, 0.26
TALLEST, ACROSS = 0.85, 5
NUMBER = 4.6


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """One diagram per distinct pair of networks and lesson, and a page with all of them."""
    found = distinct(evidence)
    inputs = (paths.PARAMS, paths.costs())
    if not found:
        title = "Teachers, students and what joins them"
        yield Drawn("architectures", title, partial(style.sentence, title, NOTHING), (paths.PARAMS,))
        return
    for pairs, names in found:
        row = evidence.rows[names[0]]
        title = f"{row.teacher}: {called(row)}, {made(row)} (rows: {', '.join(names)})"
        yield Drawn(f"architecture-{names[0]}", title, partial(diagram, evidence, pairs, names[0]), inputs)
    yield Drawn("architectures", "All architectures and lessons", partial(overview, evidence, found), inputs)


def distinct(evidence: Evidence) -> list[tuple[tuple[Pair, ...], list[str]]]:
    """The taught rows by what their diagrams would show."""
    seen: dict[str, list[str]] = {}
    pictures: dict[str, tuple[Pair, ...]] = {}
    for name, row in evidence.rows.items():
        if taught(row):
            pairs = pairs_of(evidence, row)
            pictures.setdefault(repr(pairs), pairs)
            seen.setdefault(repr(pairs), []).append(name)
    return [(pictures[key], names) for key, names in seen.items()]


def pairs_of(evidence: Evidence, row: VariantRow) -> tuple[Pair, ...]:
    """The generators, and the discriminators if they are taught."""
    family = members.load("families", row.family)
    large = crosschecks.spec_of(evidence.settings.teachers[row.teacher], evidence.settings)
    small = family.shrink(large, row.student)
    found = []
    for player in PLAYERS:
        lesson = getattr(row.distill, player)
        if player == "generator" or lesson != "none":
            teacher, student = (network(row.family, spec, player) for spec in (large, small))
            settings = getattr(row, f"{player}_lesson")
            joins = (
                () if lesson == "none" else joined(family, (large, small), player, lesson, settings, (teacher, student))
            )
            found.append(Pair(player, teacher, student, joins, lesson, settings.get("weight", 0.0)))
    return tuple(found)


@cache
def network(family: str, spec: Any, player: str) -> Network:  # noqa: ANN401 - each family has its own Spec
    """A network, inspected once."""
    return inspect(members.load("families", family), spec, player)


@cache
def built(family: ModuleType, spec: Any) -> dict[str, nn.Module]:  # noqa: ANN401 - each family has its own Spec
    """The networks of a spec without values, which no diagram needs."""
    with torch.device("meta"):
        return family.build(spec)  # type: ignore[no-any-return]


def joined(
    family: ModuleType,
    specs: tuple[Any, Any],
    player: str,
    lesson: str,
    settings: dict[str, Any],
    both: tuple[Network, Network],
) -> tuple[Join, ...]:
    """The compared layers, with the adapters that the lesson itself owns."""
    match = settings.get("match", {diagrams.FREE: diagrams.FREE})
    sides = [Side(built(family, spec), family.taps(spec, player)) for spec in specs]
    with torch.device("meta"):
        objective = members.load("distillations", lesson).objective(*sides, **settings)
    adapters = {name.split(".")[-1]: each for name, each in objective.named_modules() if isinstance(each, nn.Conv2d)}
    found = []
    for theirs, mine in match.items():
        adapter = adapters.get(theirs)
        widths = (adapter.in_channels, adapter.out_channels) if adapter else None
        on_teacher = adapter is not None and adapter.in_channels == both[0].channels[theirs]
        found.append(Join(both[0].taps[theirs], both[1].taps[mine], widths, on_teacher))
    return tuple(found)


def diagram(evidence: Evidence, pairs: tuple[Pair, ...], name: str) -> Figure:
    """One row's diagram at the width of a column."""
    adapted = any(each.adapter for pair in pairs for each in pair.joins)
    crossed = all(pair.lesson in (*diagrams.CROSSED, "none") for pair in pairs)
    circle = "mean squared error" if crossed else f"distance by {pairs[0].lesson}"
    note = NOTE.format(circle=circle, adapter=ADAPTER if adapted else "")
    width, inner = style.COLUMN, style.COLUMN - 0.16
    heights = []
    for pair in pairs:
        scale = diagrams.scale_for(pair.teacher, inner - (diagrams.ASIDE if pair.joins else 0), TALLEST)
        tall = diagrams.high(pair.teacher, scale) + diagrams.high(pair.student, scale) + diagrams.BETWEEN
        heights.append(HEAD + LABELS + tall + LABELS + WORDS)
    figure = style.blank(width, sum(heights) + style.note_height(note, width))
    axes = style.sheet(figure)
    top = 0.0
    for pair, height in zip(pairs, heights, strict=True):
        above, below, bottom = diagrams.draw(axes, pair, 0.08, top + HEAD + LABELS, inner, TALLEST)
        captions(figure, evidence, pair, name, (top, bottom))
        numbers(figure, pair.teacher, above, above_them=True)
        numbers(figure, pair.student, below, above_them=False)
        if pair.joins:
            level = max(spot.bottom for spot in above) + diagrams.BETWEEN / 2
            words = {f"×{pair.weight:g}": (level - 0.07, "bottom"), f"$L_{pair.player[0].upper()}$": (level, "center")}
            for text, (y, side) in words.items():
                style.write(figure, text, width - 0.1, y, ha="right", va=side)
        top += height
    style.note(figure, note)
    return figure


def captions(figure: Figure, evidence: Evidence, pair: Pair, name: str, edges: tuple[float, float]) -> None:
    """Whose network it is and what it costs."""
    row, costs = evidence.rows[name], evidence.costs
    sizes = {
        "teacher": (pair.teacher, costs["teachers"][row.teacher][pair.player]["macs"]),
        "student": (pair.student, costs["variants"][name][pair.player]["macs"]),
    }
    for (who, (network, macs)), y in zip(sizes.items(), (edges[0] + 0.1, edges[1] + LABELS + 0.02), strict=True):
        whose = f"{who}'s {pair.player}"
        size = f"{style.counted(network.parameters)} parameters, {style.counted(macs)} MACs"
        style.write(figure, whose, 0.08, y, fontsize=style.TEXT, fontweight="bold")
        style.write(figure, size, style.COLUMN - 0.08, y, ha="right", fontsize=style.SMALL)


def numbers(figure: Figure, network: Network, spots: list[Spot], above_them: bool) -> None:
    """The shape that leaves each unit, written upright."""
    edge = min(s.top for s in spots) - 0.04 if above_them else max(s.bottom for s in spots) + 0.04
    for unit, spot in zip(network.units, spots, strict=True):
        side = "bottom" if above_them else "top"
        style.write(figure, unit.text, spot.x, edge, ha="center", va=side, rotation=90, fontsize=NUMBER)


def overview(evidence: Evidence, found: list[tuple[tuple[Pair, ...], list[str]]]) -> Figure:
    """All diagrams small: the generators, or the discriminators where these alone are taught."""
    width = style.PAGE / ACROSS
    inner = style.COLUMN - 0.16
    shrunk = (width - 0.16) / inner
    tall = (2 * TALLEST + diagrams.BETWEEN) * shrunk
    block = 0.36 + tall + 0.06
    height = -(-len(found) // ACROSS) * block
    figure = style.blank(style.PAGE, height + style.note_height(OVERVIEW, style.PAGE))
    for index, (pairs, names) in enumerate(found):
        left, top = index % ACROSS * width, index // ACROSS * block
        row = evidence.rows[names[0]]
        head = f"{row.problem}: {called(row)}"
        style.write(figure, head, left + 0.08, top + 0.08, fontsize=style.TINY, fontweight="bold")
        style.write(figure, made(row), left + 0.08, top + 0.2, fontsize=style.TINY)
        axes = style.panel(figure, left + 0.08, top + 0.36, width - 0.16, tall)
        axes.set(xlim=(0, inner), ylim=(tall / shrunk, 0))
        axes.set_axis_off()
        diagrams.draw(axes, next(pair for pair in pairs if pair.joins), 0.0, 0.02, inner, TALLEST - 0.03)
    style.note(figure, OVERVIEW)
    return figure
