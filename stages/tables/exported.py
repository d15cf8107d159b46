"""The table of networks that left the benchmark: what a file costs by runtime and precision, and what that says."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.findings import exports, naming
from stages.findings.exports import Line, Price
from stages.settings import machine as machines
from stages.settings import paths
from stages.tables import columns as numbers
from stages.tables import latex, markdown
from stages.tables.columns import Column
from stages.tables.gathered import Gathered
from stages.tables.templating import Made, environment
from stages.timing.runtimes import FLOAT16, FLOAT32, INT8, OUTSIDE, TORCH

COLUMNS = (
    Column("bytes", "Bytes", "kB", 1e-3),
    Column("levels", "Furthest pixel", "of 255"),
    Column("equal", "Equal pixels", "%", 100),
    Column("l1", "Exact error", "10⁻³", 1e3),
    Column("error", "Mistaken", "%", 100),
    Column("latency_ms", "Latency", "ms"),
    Column("times_float32", "Over the float32 file", "×"),
    Column("speed_up", "Speed-up", "×"),
    Column("share", "Of the MAC ratio", "%", 100),
)
PLACES = {"levels": 0, "equal": 3, "l1": 2, "error": 2, "latency_ms": 2, "times_float32": 2, "speed_up": 2, "share": 0}
"""Decimals of columns in which small differences are the point; of others as many as their values need."""
RUNTIMES = {TORCH: "PyTorch", OUTSIDE: "ONNX Runtime"}
FAITHFUL = 1
"""Levels by which rounding alone may change a pixel."""
CHANGED = 0.01
"""Shares by which size or error may differ and are still called equal."""
MISTAKEN = 0.005
"""The same of a classifier's error, in shares of all images."""
LEVEL = 1 / 255
"""The same of the mean difference from PyTorch's images."""


@dataclass(frozen=True)
class Exported:
    """The lines, how their rows are called, of what there is no file, and where the times were taken."""

    lines: tuple[Line, ...]
    labels: Mapping[str, str]
    refused: Mapping[tuple[str, str], str]
    places: Mapping[str, int]
    machine: Mapping[str, Any]

    def filled(self) -> list[Column]:
        """The columns that some line has a number in."""
        return [each for each in COLUMNS if any(getattr(line, each.key) is not None for line in self.lines)]

    def number(self, column: Column, line: Line) -> str:
        """A number as every format shows it."""
        value = getattr(line, column.key)
        return "" if value is None else numbers.written(value * column.factor, self.places[column.key])


def of(found: Gathered) -> Exported | None:
    """What there is to tell; nothing where no row is exported."""
    settings = found.settings
    lines = exports.lines(settings, found.latency, found.costs["variants"])
    if not lines:
        return None
    labels = {name: naming.labelled(row) for name, row in exports.trained(settings).items()}
    places = {column.key: decimals(column, lines) for column in COLUMNS}
    return Exported(tuple(lines), labels, exports.refused(settings), places, found.latency["machine"])


def decimals(column: Column, lines: Sequence[Line]) -> int:
    """How many decimals a column has."""
    values = [getattr(line, column.key) for line in lines]
    return PLACES.get(column.key, numbers.decimals(value * column.factor for value in values if value is not None))


def link(path: Path, folder: Path) -> str:
    """A file of the repository as seen from a folder of it."""
    return Path(os.path.relpath(path, folder)).as_posix()


def kept(line: Line) -> list[Path]:
    """The files that stay in git: those of float32."""
    if (line.runtime, line.precision) != (OUTSIDE, FLOAT32):
        return []
    return [paths.exported_networks(line.row) / f"{each}.onnx" for each in line.networks.split(exports.JOINED)]


def said(table: Exported) -> list[str]:
    """What a precision costs, in plain words."""
    whole, *less = (exports.price(table.lines, precision) for precision in (FLOAT32, FLOAT16, INT8))
    return [
        *([faithful(whole)] if whole else []),
        *(" ".join(priced(each)) for each in less if each),
        *given_back(table),
        *missing(table),
    ]


def faithful(price: Price) -> str:
    """How far float32 files are from torch."""
    verdict = "rounding alone does that" if price.levels <= FAITHFUL else "more than rounding does: do not rely on them"
    return (
        f"float32: no pixel of the test differs from PyTorch's by more than {price.levels:g} of 255 levels "
        f"({verdict}), and at least {percent(price.equal, 3)} of the pixels are equal. These files stay in git."
    )


def priced(price: Price) -> Iterator[str]:
    """Size, error and time of less precise numbers."""
    yield (
        f"{price.precision}: a file is {price.smaller:.2g} times smaller (median of {price.rows} rows; the least "
        f"{price.least:.2g}). The furthest pixel is {price.levels:g} of 255 levels away from PyTorch's."
    )
    if price.more_l1 is not None and price.most_l1 is not None:
        yield f"The exact error changes by {signed(price.more_l1)} (median; at most {signed(price.most_l1)})."
    if price.more_error is not None:
        yield f"Classifiers mistake {signed(price.more_error, 'percentage points')} more images at most."
    if price.apart is not None:
        yield (
            f"Where no image is exact, images differ from PyTorch's by {255 * price.apart:.2g} of 255 levels in the "
            "mean (the furthest row)."
        )
    if price.times is not None:
        yield (
            f"Of {price.timed} rows timed, {price.faster} {'is' if price.faster == 1 else 'are'} faster than as "
            f"float32 and {price.slower} slower; the median is {price.times:.2f} times as fast."
        )
    yield f"Verdict: {', '.join(verdict(price))}."


def verdict(price: Price) -> Iterator[str]:
    """What a precision is good for, in a word each."""
    yield "smaller" if price.smaller > 1 + CHANGED else "no smaller"
    if price.timed:
        quick = "faster" if price.faster > price.slower else "slower" if price.slower > price.faster else "as fast"
        yield f"{quick} on this processor"
    changes = [
        each / least
        for each, least in ((price.more_l1, CHANGED), (price.more_error, MISTAKEN), (price.apart, LEVEL))
        if each is not None
    ]
    if changes:
        yield "worse" if max(changes) > 1 else "better" if max(changes) < -1 else "as exact"


def given_back(table: Exported) -> Iterator[str]:
    """How much of what students save in multiply-accumulates is saved in time."""
    told = []
    for runtime, precision in exports.KINDS:
        found = exports.shares(table.lines, runtime, precision)
        middle = exports.median(found)
        if middle is not None:
            bounds = f"{percent(min(found))} to {percent(max(found))}"
            told.append(f"{RUNTIMES[runtime]} {precision} {percent(middle)} ({bounds})")
    if told:
        yield (
            "Of the factor by which students save multiply-accumulates, this part is saved in time as well (median "
            f"student, and from the least to the most): {'; '.join(told)}."
        )


def missing(table: Exported) -> Iterator[str]:
    """Of what there is no file."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for (row, precision), why in table.refused.items():
        reasons.setdefault((precision, why), []).append(row)
    for (precision, why), rows in reasons.items():
        yield f"No {precision} file of {', '.join(rows)}: {why}."


def percent(share: float, places: int = 0) -> str:
    """A share in percent."""
    return f"{100 * share:.{places}f} %"


def signed(share: float, unit: str = "%") -> str:
    """A change in hundredths, with its sign."""
    text = f"{100 * share:+.1f}"
    return f"{'±0.0' if float(text) == 0 else text.replace('-', '−')} {unit}"


def notes(table: Exported) -> Iterator[str]:
    """How to read the table."""
    yield (
        "One line per row, runtime and precision; bytes and errors are of all networks of the row. Furthest and equal "
        "pixels: against PyTorch over the whole test; of classifiers, probabilities in 255 levels."
    )
    against = {line.l1_against for line in table.lines}
    if exports.TRUTH in against:
        yield "Exact error: mean absolute difference of the images that a file makes from the exact ones."
    if against - {exports.TRUTH}:
        yield "≈ There is no exact answer, or it is a class: the difference is from what the network says in PyTorch."
    if any(line.latency_ms is not None for line in table.lines):
        yield (
            f"Latency: median of a call, one image, one thread, {table.machine['cpu']}, all in the same rounds; of "
            "several networks the first. A file takes and gives 8-bit images; PyTorch is timed without that "
            "conversion. Speed-up: over the teacher in the same runtime and precision. Of the MAC ratio: the speed-up "
            "over the ratio of multiply-accumulates."
        )
        if machines.busy(table.machine["load_before"], table.machine["cores"]):
            yield f"Other programs ran meanwhile (load {table.machine['load_before']:g}): do not cite these times."


def cells(table: Exported, line: Line) -> list[str]:
    """The numbers of a line as text."""
    found = {column.key: table.number(column, line).replace("-", "−") for column in table.filled()}
    if found.get("l1") and line.l1_against != exports.TRUTH:
        found["l1"] = f"≈ {found['l1']}"
    return list(found.values())


def texts(table: Exported) -> dict[str, str]:
    """The table in every format, by its file's name."""
    return {
        "exports.csv": exports.text(table.lines),
        "exports.md": rendered(table, "exports.md.j2", markdown.escape),
        "exports.tex": rendered(table, "exports.tex.j2", latex.escape),
    }


def rendered(table: Exported, template: str, escaped: Callable[[str], str]) -> str:
    """The table in the format of a template."""
    letters = max(len(table.labels[line.row]) + len(line.row) for line in table.lines)
    return environment(escaped).get_template(template).render(
        table=table, columns=table.filled(), said=said(table), notes=list(notes(table)), cells=cells,
        runtimes=RUNTIMES, files=lambda line: [(each.name, Made(link(each, paths.tables()))) for each in kept(line)],
        numbers=Made("r" * len(table.filled())),
        width=round(latex.WIDTH_MM + latex.LETTER_MM * letters),
        height=round(latex.HEIGHT_MM + latex.ROW_MM * len(table.lines)),
    )  # fmt: skip


def section(table: Exported) -> dict[str, Any]:
    """What the page shows of it."""
    folder = paths.page().parent
    return {
        "columns": table.filled(),
        "said": said(table),
        "notes": list(notes(table)),
        "lines": [
            {
                "line": line,
                "first": place == 0 or table.lines[place - 1].row != line.row,
                "label": table.labels[line.row],
                "runtime": RUNTIMES[line.runtime],
                "cells": cells(table, line),
                "files": [(each.name, link(each, folder)) for each in kept(line)],
                "card": link(paths.cards() / f"{line.problem}.md", folder),
            }
            for place, line in enumerate(table.lines)
        ],
    }
