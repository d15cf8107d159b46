"""What the distances between sets say of real images that are damaged more and more: they have to grow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator, SymmetricalLogLocator

from stages.figures import style
from stages.figures.evidence import Evidence, filled, frechet
from stages.figures.style import Drawn
from stages.settings import paths

TITLE = "What the distances between sets make of damaged real images"
NOTHING = "No teacher's row holds what the distances make of damaged images."
NOTE = (
    "Test images, damaged, against the real images that all rows are measured by. Distances on logarithmic scales, KID "
    "within ±1 on a linear one (it is negative by chance). At strength 0 images are untouched: what they score is the "
    "floor of the sample, and whatever follows has to grow. {rings}{dagger}"
)
RINGS = "Ringed: less than a weaker damage of the kind. "
DAGGER = "† In the features of a judge trained on this data, not of the Inception network."
KINDS = {
    "noise": ("noise", "standard deviation"),
    "blur": ("blur", "share of the blurred image"),
    "tint": ("colour shift", "strength"),
    "dropped": ("dropped modes", "labels without images"),
}
SHOWN = (("strength",), ("fid", "fid_judge"), ("kid", "kid_judge"))
STRENGTH, FID, KID = range(3)
LEFT, TOP, WIDTH, HEIGHT, ACROSS, DOWN, BOTTOM = 0.62, 0.48, 1.38, 1.12, 0.2, 0.2, 0.44
SIGN, BELOW = 0.5, 0.14
"""What a sign of the key takes beside its name, and what a further line of the key takes."""

Lines = dict[str, list[list[float]]]


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """A figure of all data sets that are examined in one way."""
    for end, part, found in filled(evidence, measured) or [("", evidence, {})]:
        draw = partial(panels, part, {data: lines for data, (_, lines) in found.items()})
        inputs = tuple(dict.fromkeys(paths.quality(name) for name, _ in found.values()))
        yield Drawn(f"judge-sanity{end}", TITLE, draw, (paths.PARAMS, *inputs))


def measured(evidence: Evidence) -> dict[str, tuple[str, Lines]]:
    """Of each data set the lines of the first row that has any: they are of real images, so all rows have the same."""
    found: dict[str, tuple[str, Lines]] = {}
    for name, report in evidence.reports.items():
        columns = ["strength", *report.get("sanity_columns", [])]
        places = [next((i for i, each in enumerate(columns) if each in names), None) for names in SHOWN]
        for data, lines in report.get("sanity", {}).items() if None not in places else ():
            if lines:
                shown = {kind: [[line[i] for i in places] for line in each] for kind, each in lines.items()}
                found.setdefault(data, (name, shown))
    return found


def falling(values: Sequence[float]) -> list[int]:
    """Places at which a value is less than the one before."""
    return [i for i in range(1, len(values)) if values[i] < values[i - 1]]


def panels(evidence: Evidence, found: dict[str, Lines]) -> Figure:
    """Kinds of damage side by side, the two distances below each other."""
    kinds = [kind for kind in KINDS if any(kind in lines for lines in found.values())]
    if not kinds:
        return style.sentence(TITLE, NOTHING)
    dagger = (frechet(evidence) or "").endswith("_judge")
    rings = any(
        falling([line[metric] for line in each]) for lines in found.values() for each in lines.values()
        for metric in (FID, KID)
    )  # fmt: skip
    note = NOTE.format(rings=RINGS if rings else "", dagger=DAGGER if dagger else "")
    width = LEFT + len(kinds) * (WIDTH + ACROSS)
    top = TOP + (-(-len(found) // beside(found, width)) - 1) * BELOW
    figure = style.blank(width, top + 2 * HEIGHT + DOWN + BOTTOM + style.note_height(note, width))
    looks = style.order(list(found))
    for column, kind in enumerate(kinds):
        for row, metric in enumerate((FID, KID)):
            place = LEFT + column * (WIDTH + ACROSS), top + row * (HEIGHT + DOWN)
            axes = style.panel(figure, *place, WIDTH, HEIGHT)
            scaled(axes, metric, [line[metric] for lines in found.values() for each in lines.values() for line in each])
            for data, lines in found.items():
                draw(axes, lines.get(kind, []), metric, looks[data])
            axes.set_xticks(sorted({line[STRENGTH] for lines in found.values() for line in lines.get(kind, [])}))
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
            axes.tick_params(labelleft=column == 0, labelbottom=row == 1)
            if not row:
                axes.set_title(KINDS[kind][0])
            else:
                axes.set_xlabel(KINDS[kind][1])
            if not column:
                axes.set_ylabel(("FID", "KID")[row] + ("†" if dagger else ""))
    key(figure, looks)
    style.note(figure, note)
    return figure


def beside(found: Collection[str], width: float) -> int:
    """How many data sets stand in one line of the key."""
    longest = SIGN + style.LETTER * max(len(name) for name in found)
    return max(1, min(len(found), int(width / longest)))


def scaled(axes: Axes, metric: int, values: Sequence[float]) -> None:
    """One scale for a line of panels."""
    high = max(10.0, *values) * 2
    if metric == FID:
        least = min((value for value in values if value > 0), default=1.0)
        axes.set_yscale("log")
        axes.set_ylim(min(0.5, least / 2), high)
        axes.yaxis.set_major_locator(LogLocator(numticks=5))
    else:
        axes.set_yscale("symlog", linthresh=1.0, linscale=0.6)
        axes.set_ylim(min(-1.0, *values) * 2, high)
        axes.yaxis.set_major_locator(SymmetricalLogLocator(linthresh=1.0, base=100.0))
        axes.axhline(0, color=style.FAINT, lw=0.5, zorder=0)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(
        lambda value, _: f"{value:g}".replace("-", "−") if abs(value) < 1e4 else power(value)
    )


def power(value: float) -> str:
    """A large power of ten."""
    return f"$10^{{{len(str(round(value))) - 1}}}$"


def draw(axes: Axes, lines: Sequence[Sequence[float]], metric: int, look: tuple[str, str]) -> None:
    """One data set; an untouched set that scores nothing at all stands on the lower edge."""
    low = axes.get_ylim()[0]
    strengths, values = [line[STRENGTH] for line in lines], [max(low, line[metric]) for line in lines]
    colour, marker = look
    axes.plot(strengths, values, color=colour, marker=marker, ms=3.2, lw=1.0, clip_on=False)
    for place in falling([line[metric] for line in lines]):
        axes.plot(strengths[place], values[place], "o", ms=7, mfc="none", mec=style.INK, mew=0.8, clip_on=False)


def key(figure: Figure, looks: dict[str, tuple[str, str]]) -> None:
    """The data sets above the panels."""
    handles = [
        Line2D([], [], color=colour, marker=marker, ms=3.2, label=data) for data, (colour, marker) in looks.items()
    ]
    across = beside(looks, figure.get_figwidth())
    figure.legend(handles=handles, loc="upper left", ncols=across, handlelength=2.2, columnspacing=1.4)
