"""Whether networks are as often right as they say: a reliability diagram per problem (Guo et al., ICML 2017)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stages.figures import style
from stages.figures.evidence import Evidence
from stages.figures.style import Drawn
from stages.findings import comparing
from stages.findings.naming import called
from stages.settings import paths
from stages.settings.rows import VariantRow

NOTE = (
    "Share of the test images that is right against the confidence of the answer, in bins of equal width, seeds "
    "pooled; dotted: as right as sure; below it a network is too sure of itself. Size of a mark: images in the bin. "
    "Bins of fewer than {least} images are left out. ECE: expected calibration error, mean over seeds."
)
Bins = tuple[list[int], list[float], list[float]]

LEAST, MOST_TAUGHT = 10, 3
SIDE, LEFT, TOP, BOTTOM = 2.45, 0.5, 0.36, 0.42


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """The teacher, the control, and taught points from the first to the last."""
    for problem, names in evidence.problems().items():
        binned = {name: evidence.rows[name] for name in names if has_bins(evidence, name)}
        if binned:
            title, shown = f"How sure, and how often right: {problem}", chosen(binned)
            inputs = (paths.PARAMS, paths.results(), *(paths.quality(row) for row in shown))
            yield Drawn(f"reliability-{problem}", title, partial(draw, evidence, title, shown), inputs)


def has_bins(evidence: Evidence, name: str) -> bool:
    """Whether the answers of every seed of a row were sorted by confidence."""
    return all("reliability" in seed for seed in evidence.reports[name]["seeds"].values())


def chosen(rows: Mapping[str, VariantRow]) -> dict[str, VariantRow]:
    """Untaught rows, and of many taught ones a few evenly spaced."""
    taught = [name for name, row in rows.items() if comparing.taught(row)]
    count = min(MOST_TAUGHT, len(taught))
    few = {taught[i * (len(taught) - 1) // max(count - 1, 1)] for i in range(count)}
    return {name: row for name, row in rows.items() if name not in taught or name in few}


def pooled(evidence: Evidence, name: str) -> Bins:
    """Images, confidence and accuracy of each bin over all seeds of a row."""
    seeds = [seed["reliability"] for seed in evidence.reports[name]["seeds"].values()]
    images = [sum(each) for each in zip(*(seed["images"] for seed in seeds), strict=True)]
    means = []
    for what in ("confidence", "accuracy"):
        sums = zip(*([n * v for n, v in zip(s["images"], s[what], strict=True)] for s in seeds), strict=True)
        means.append([sum(each) / max(count, 1) for each, count in zip(sums, images, strict=True)])
    return images, means[0], means[1]


def draw(evidence: Evidence, title: str, rows: Mapping[str, VariantRow]) -> Figure:
    """One curve per row."""
    note = NOTE.format(least=LEAST)
    figure = style.blank(style.COLUMN, TOP + SIDE + BOTTOM + style.note_height(note, style.COLUMN))
    style.write(figure, title, 0.08, 0.1, fontsize=style.HEADING)
    axes = style.panel(figure, LEFT, TOP, SIDE, SIDE)
    axes.plot([0, 1], [0, 1], ":", lw=0.9, color=style.INK)
    for (name, row), (colour, marker) in zip(rows.items(), style.order(list(rows)).values(), strict=True):
        label = f"{called(row)}: ECE {evidence.mean(name, 'ece'):.3f}"
        curve(axes, pooled(evidence, name), label, colour, marker)
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="confidence", ylabel="share that is right")
    axes.legend(loc="lower right", handlelength=1.6, borderaxespad=0.2)
    style.note(figure, note)
    return figure


def curve(axes: Axes, bins: Bins, label: str, colour: str, marker: str) -> None:
    """The bins of a row that hold enough images."""
    images, confidence, accuracy = bins
    total = sum(images)
    kept = [i for i, count in enumerate(images) if count >= LEAST]
    x, y = [confidence[i] for i in kept], [accuracy[i] for i in kept]
    axes.plot(x, y, lw=0.9, color=colour, marker=marker, ms=2.5, mew=0, label=label)
    axes.scatter(x, y, [4 + 90 * images[i] / total for i in kept], color=colour, alpha=0.45, lw=0, marker=marker)
