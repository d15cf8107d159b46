"""Architecture diagrams, drawn from the modules of each row: teacher above, student below, and what is compared."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any, cast

import torch
from matplotlib.figure import Figure
from torch import nn

from stages.figures import diagrams, style
from stages.figures.diagrams import Join, Pair, Spot
from stages.figures.evidence import Evidence
from stages.figures.networks import Network, inspect
from stages.figures.style import Drawn
from stages.findings.comparing import taught
from stages.findings.naming import called, made
from stages.learning import roles
from stages.learning.contracts import ROLES, Family, Role, Side, Tap
from stages.settings import members, paths, specs
from stages.settings.rows import VariantRow
from stages.settings.specs import Spec

DRAWN = ("image", "map")
NOTHING = "No row is taught by comparing images or maps, so there is nothing to join."
NOTE = (
    "Width: channels; height: resolution. Bars: images; trapezoids: strided convolutions; squares: residual blocks. "
    "Orange: compared layers. Circle: {circle}; plus: their sum.{adapter} Numbers: channels × side²."
)
OVERVIEW = (
    "Teacher above, student below: networks that are kept, or critics where these alone are taught. Width: channels; "
    "height: resolution. Orange: compared layers. Blue: 1×1 convolution that adapts the width. Crossed circle: mean "
    "squared error; empty circle: the lesson's own distance; plus: their sum. One diagram per distinct pair and lesson."
)
STYLES = (
    " Blue bar: the layers that make w; wedge: a style made of w. White: what a side adds to the image that the line "
    "leads on."
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
        yield Drawn(
            f"architecture-{names[0].replace('/', '-')}", title, partial(diagram, evidence, pairs, names[0]), inputs
        )
    yield Drawn("architectures", "All architectures and lessons", partial(overview, evidence, found), inputs)


def distinct(evidence: Evidence) -> list[tuple[tuple[Pair, ...], list[str]]]:
    """The taught rows by what their diagrams would show."""
    seen: dict[str, list[str]] = {}
    pictures: dict[str, tuple[Pair, ...]] = {}
    for name, row in evidence.rows.items():
        if taught(row) and drawable(evidence, row):
            pairs = pairs_of(evidence, row)
            pictures.setdefault(repr(pairs), pairs)
            seen.setdefault(repr(pairs), []).append(name)
    return [(pictures[key], names) for key, names in seen.items()]


@cache
def network(family: str, spec: Spec, name: str) -> Network:
    """A network, inspected once."""
    return inspect(cast(Family, members.load("families", family)), spec, name)


@cache
def side(family: str, spec: Spec, role: Role) -> Side:
    """One side of a lesson, its networks without values, which no diagram needs."""
    member = cast(Family, members.load("families", family))
    with torch.device("meta"):
        return roles.side(member, spec, member.build(spec), role)


def compared(settings: Mapping[str, Any], images: Collection[str]) -> dict[str, str]:
    """The taps that a lesson compares, the teacher's by the student's; all images where it, or a part, names none."""
    parts = [value for key, value in settings.items() if isinstance(value, Mapping) and key != "match"]
    if parts:
        return {theirs: mine for part in parts for theirs, mine in compared(part, images).items()}
    return dict(settings.get("match") or {name: name for name in settings.get("images", images)})


def images_of(taps: Mapping[str, Tap]) -> tuple[str, ...]:
    """The images that the networks of a role make."""
    return tuple(name for name, tap in taps.items() if tap.kind == "image")


def drawable(evidence: Evidence, row: VariantRow) -> bool:
    """Whether all that the lessons of a row compare are maps or images: vectors and logits have no height."""
    specs_of = specs.of(row, evidence.settings)
    for role in taught_roles(row):
        sides = [side(row.family, spec, role).taps for spec in specs_of]
        pairs = compared(getattr(row, f"{role}_lesson"), images_of(sides[1])).items()
        joined = [taps.get(name) for pair in pairs for taps, name in zip(sides, pair, strict=True)]
        if not joined or any(tap is None or tap.kind not in DRAWN for tap in joined):
            return False
    return True


def taught_roles(row: VariantRow) -> list[Role]:
    """The roles that have a lesson."""
    return [role for role in ROLES if getattr(row.distill, role) != "none"]


def pairs_of(evidence: Evidence, row: VariantRow) -> tuple[Pair, ...]:
    """The networks that are kept, and the critics if they are taught."""
    found = []
    for role in dict.fromkeys(("generator", *taught_roles(row))):
        lesson, settings = getattr(row.distill, role), getattr(row, f"{role}_lesson")
        both = specs.of(row, evidence.settings)
        adapters = adapters_of(row, role, both) if lesson != "none" else {}
        names = members.load("families", row.family).ROLES[role]
        for name in names:
            teacher, student = (network(row.family, spec, name) for spec in both)
            prefix = f"{name}." if len(names) > 1 else ""
            taps = compared(settings, images_of(side(row.family, both[1], role).taps)) if lesson != "none" else {}
            joins = joined(teacher, student, taps, adapters, prefix)
            found.append(Pair(role, name, teacher, student, joins, lesson, settings.get("weight")))
    return merged(found)


def merged(pairs: list[Pair]) -> tuple[Pair, ...]:
    """Pairs that differ in nothing but the name of the network, as one."""
    found: dict[str, Pair] = {}
    for pair in pairs:
        first = found.setdefault(repr(replace(pair, network="")), pair)
        if first is not pair:
            found[repr(replace(pair, network=""))] = replace(first, alike=(*first.alike, pair.network))
    return tuple(found.values())


def adapters_of(row: VariantRow, role: Role, both: tuple[Any, Any]) -> dict[str, nn.Conv2d]:
    """The adapters that a lesson owns, by the teacher's tap."""
    sides = [side(row.family, spec, role) for spec in both]
    with torch.device("meta"):
        lesson = members.load("distillations", getattr(row.distill, role))
        objective = lesson.objective(*sides, **getattr(row, f"{role}_lesson"))
    return {name.split(".")[-1]: each for name, each in objective.named_modules() if isinstance(each, nn.Conv2d)}


def joined(
    teacher: Network, student: Network, compared: Mapping[str, Any], adapters: Mapping[str, nn.Conv2d], prefix: str
) -> tuple[Join, ...]:
    """The compared layers of one network; its taps begin with a prefix where the role has several networks."""
    found = []
    for theirs, mine in compared.items():
        if not theirs.startswith(prefix):
            continue
        tap = theirs.removeprefix(prefix)
        adapter = adapters.get(theirs.replace(".", "/"))
        widths = (adapter.in_channels, adapter.out_channels) if adapter else None
        on_teacher = adapter is not None and adapter.in_channels == teacher.channels[tap]
        found.append(Join(teacher.taps[tap], student.taps[mine.removeprefix(prefix)], widths, on_teacher))
    return tuple(found)


def diagram(evidence: Evidence, pairs: tuple[Pair, ...], name: str) -> Figure:
    """One row's diagram at the width of a column."""
    adapted = any(each.adapter for pair in pairs for each in pair.joins)
    crossed = all(pair.lesson in (*diagrams.CROSSED, "none") for pair in pairs)
    circle = "mean squared error" if crossed else f"distance by {pairs[0].lesson}"
    styled = any(unit.styled for pair in pairs for unit in pair.teacher.units)
    note = NOTE.format(circle=circle, adapter=ADAPTER if adapted else "") + (STYLES if styled else "")
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
            words = {f"$L_{pair.role[0].upper()}$": (level, "center")}
            words |= {f"×{pair.weight:g}": (level - 0.07, "bottom")} if pair.weight is not None else {}
            for text, (y, side) in words.items():
                style.write(figure, text, width - 0.1, y, ha="right", va=side)
        top += height
    style.note(figure, note)
    return figure


def captions(figure: Figure, evidence: Evidence, pair: Pair, name: str, edges: tuple[float, float]) -> None:
    """Whose network it is and what it costs."""
    row, costs = evidence.rows[name], evidence.costs
    sizes = {
        "teacher": (pair.teacher, costs["teachers"][row.teacher]["networks"][pair.network]["macs"]),
        "student": (pair.student, costs["variants"][name]["networks"][pair.network]["macs"]),
    }
    for (who, (network, macs)), y in zip(sizes.items(), (edges[0] + 0.1, edges[1] + LABELS + 0.02), strict=True):
        whose = f"{who}'s {' and '.join((pair.network, *pair.alike))}"
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
    """All diagrams small: the networks that are kept, or the critics where these alone are taught."""
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
