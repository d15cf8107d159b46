"""What exported networks cost where they run: one line per row, runtime and precision.

How far files are from the networks they came from, and their error, is of results/exports; times are of
results/latency.json. A row of several networks is one line: sizes and errors are of all of them, the time of the first.
Nothing is here where no row is exported.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from stages.exporting import sources
from stages.findings import records, tables
from stages.findings.tables import TableError
from stages.settings import paths, sweeps
from stages.settings.rows import ExportRow, Params, VariantRow
from stages.timing.runtimes import FLOAT16, FLOAT32, INT8, OUTSIDE, TORCH

KINDS = ((TORCH, FLOAT32), (OUTSIDE, FLOAT32), (OUTSIDE, FLOAT16), (OUTSIDE, INT8))
"""Runtimes and precisions, in the order of the lines."""
TRUTH = "truth"
REFUSED = "refused"
JOINED = " + "
COLUMNS = (
    "row", "variant", "problem", "networks", "runtime", "precision", "bytes", "levels", "equal", "l1", "l1_against",
    "error", "latency_ms", "latency_ms_q1", "latency_ms_q3", "times_float32", "speed_up", "speed_up_q1", "speed_up_q3",
    "mac_ratio", "share",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A row's networks as one runtime runs them; what is None was not measured.

    `levels` and `equal`: the largest difference from the torch network in any pixel, and the share of equal ones.
    `l1`: mean absolute error to what `l1_against` names, exact images (truth) or those of the torch network (network).
    `error`: share of images whose likeliest class is not the true one. `times_float32`: how many times as fast as the
    float32 file in ONNX Runtime. `speed_up`: how many times as fast as the teacher in the same runtime and precision;
    `share`: that over `mac_ratio`, the teacher's multiply-accumulates over the row's. Ratios are taken round by round.
    """

    row: str
    variant: str
    problem: str
    networks: str
    runtime: str
    precision: str
    bytes: int | None = None
    levels: float | None = None
    equal: float | None = None
    l1: float | None = None
    l1_against: str = ""
    error: float | None = None
    latency_ms: float | None = None
    latency_ms_q1: float | None = None
    latency_ms_q3: float | None = None
    times_float32: float | None = None
    speed_up: float | None = None
    speed_up_q1: float | None = None
    speed_up_q3: float | None = None
    mac_ratio: float | None = None
    share: float | None = None


def trained(settings: Params) -> dict[str, VariantRow]:
    """Of each exported row the row that trained it."""
    rows = sweeps.rows(settings)
    found = {name: sources.variant(row) for name, row in settings.exports.items()}
    missing = [name for name, source in found.items() if source not in rows]
    if missing:
        raise TableError(f"{', '.join(missing)} of exports: no row of {paths.PARAMS} trains them")
    return {name: rows[source] for name, source in found.items()}


def inputs(settings: Params) -> tuple[Path, ...]:
    """The files that lines are made of."""
    return (paths.PARAMS, paths.costs(), paths.latency(), *(paths.exported(name) for name in settings.exports))


def reports(settings: Params) -> dict[str, Any]:
    """What the export of each row says of itself."""
    return {name: records.read(paths.exported(name)) for name in settings.exports}


def lines(settings: Params, latency: Mapping[str, Any], counted: Mapping[str, Any]) -> list[Line]:
    """Every line, in the order of params; `counted` holds what was counted of each row that trains."""
    times = latency.get("exports", {})
    return [
        line
        for name, report in reports(settings).items()
        for line in of_row(name, settings.exports[name], report, times.get(name, {}), counted)
    ]


def of_row(
    name: str, row: ExportRow, report: Mapping[str, Any], times: Mapping[str, Any], counted: Mapping[str, Any]
) -> Iterator[Line]:
    """Torch, then the files in every precision that there are."""
    source, kept = sources.variant(row), list(report["networks"])
    timed = times.get(kept[0], {})
    for runtime, precision in KINDS:
        told = original(report, counted[source]) if runtime == TORCH else proven(report, precision)
        if REFUSED not in told:
            known = {"l1_against": report["l1_against"], **told, **timed.get(runtime, {}).get(precision, {})}
            numbers = {field.name: known[field.name] for field in fields(Line) if field.name in known}
            records.check_numbers(name, numbers, "")
            yield Line(name, source, row.problem, JOINED.join(kept), runtime, precision, **numbers)


def original(report: Mapping[str, Any], counted: Mapping[str, Any]) -> Mapping[str, Any]:
    """The networks in torch: what their weights take, and the error that is theirs; none against themselves."""
    alone = {} if report["l1_against"] == TRUTH else {"l1": 0.0}
    return {"bytes": counted["kept"]["bytes"], **alone, **report["original"]}


def proven(report: Mapping[str, Any], precision: str) -> Mapping[str, Any]:
    """How the files of a precision compare with the networks they were made from, or why there are none."""
    if precision not in report:
        raise TableError(f"{paths.exported(report['row'])} does not speak of {precision}; run `retort repro`")
    found: Mapping[str, Any] = report[precision]
    return found


def refused(settings: Params) -> dict[tuple[str, str], str]:
    """Rows and precisions that no file can be made of, and why."""
    return {
        (name, precision): proven(report, precision)[REFUSED]
        for name, report in reports(settings).items()
        for runtime, precision in KINDS
        if runtime == OUTSIDE and REFUSED in proven(report, precision)
    }


def text(found: Sequence[Line]) -> str:
    """The lines as comma-separated values."""
    return tables.text(COLUMNS, [vars(line) for line in found])


@dataclass(frozen=True)
class Price:
    """What a precision costs beside float32 files: medians over rows, and the worst of them.

    `smaller`: bytes of the float32 files over its own, `least` the least of that. `more_l1` and `most_l1`: the change
    of the exact error, as a share of that of the float32 files. `more_error`: the largest change of a classifier's
    error. `apart`: the largest mean difference from what the network makes in PyTorch, of rows without exact images.
    `times`: how many times as fast; `faster` and `slower` are the rows of which more than noise says so.
    """

    precision: str
    rows: int
    smaller: float
    least: float
    levels: float
    equal: float
    more_l1: float | None
    most_l1: float | None
    more_error: float | None
    apart: float | None
    timed: int
    faster: int
    slower: int
    times: float | None


NOISE = 0.05
"""Times that differ by no larger share are called equal."""


def price(found: Sequence[Line], precision: str) -> Price | None:
    """The price of a precision over all exported rows; none where no row has it."""
    whole = {line.row: line for line in files(found, FLOAT32)}
    pairs = [(whole[line.row], line) for line in files(found, precision)]
    if not pairs:
        return None
    exact = [line.l1 / full.l1 - 1 for full, line in pairs if line.l1_against == TRUTH and line.l1 and full.l1]
    errors = [line.error - full.error for full, line in pairs if line.error is not None and full.error is not None]
    apart = [line.l1 for _, line in pairs if line.l1_against != TRUTH and line.error is None and line.l1 is not None]
    times = [line.times_float32 for _, line in pairs if line.times_float32 is not None]
    smaller = [full.bytes / line.bytes for full, line in pairs if full.bytes and line.bytes]
    return Price(
        precision,
        len(pairs),
        statistics.median(smaller),
        min(smaller),
        max(line.levels for _, line in pairs if line.levels is not None),
        min(line.equal for _, line in pairs if line.equal is not None),
        median(exact),
        max(exact, default=None),
        max(errors, default=None),
        max(apart, default=None),
        len(times),
        sum(each > 1 + NOISE for each in times),
        sum(each < 1 - NOISE for each in times),
        median(times),
    )


def files(found: Sequence[Line], precision: str) -> list[Line]:
    """The lines of files of one precision."""
    return [line for line in found if (line.runtime, line.precision) == (OUTSIDE, precision)]


def shares(found: Sequence[Line], runtime: str, precision: str) -> list[float]:
    """What part of the ratio of multiply-accumulates each student gets back."""
    mine = [line for line in found if (line.runtime, line.precision) == (runtime, precision)]
    return [line.share for line in mine if line.share is not None]


def median(values: Sequence[float]) -> float | None:
    """The middle value; none of none."""
    return statistics.median(values) if values else None
