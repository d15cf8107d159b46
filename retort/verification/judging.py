"""How far numbers move with the judge that is trained anew: results/judging.csv, where it was measured.

A line per row that was examined and seed of the judge, with the columns of results.csv. Ratios or differences of all
lines are pooled, whatever their problem, as there are few judges of each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from retort.verification import agreement, allowing
from retort.verification.agreement import Judges
from retort.verification.allowing import Scatter
from retort.verification.published import Source
from stages.settings import paths
from stages.settings.rows import VariantRow

TABLE = paths.judging()
JUDGE = "judge"


def scatter(text: bytes) -> dict[str, list[Scatter]]:
    """Column -> how it scatters with the judge's seed."""
    table = agreement.read(text)
    found = {}
    for column in agreement.measured(table):
        rows = {name: each for problem in agreement.values(table, column).values() for name, each in problem.items()}
        found[column] = allowing.scatters(rows)
    return found


def retrained(rows: Mapping[str, VariantRow], here: Mapping[str, Mapping[str, Any]], source: Source) -> Iterator[str]:
    """The problems that are judged by other judges than the published ones."""
    for name, report in here.items():
        text = source.read(paths.quality(name))
        if text is not None and judges(report) != judges(json.loads(text)):
            yield rows[name].problem


def judges(report: Mapping[str, Any]) -> list[str]:
    """The hashes of the judges of a report."""
    return [data[JUDGE] for data in report["protocol"]["datasets"].values() if JUDGE in data]


def anonymous(protocol: Mapping[str, Any]) -> dict[str, Any]:
    """A protocol that says where the judge is used, not which one it is."""
    data = {
        name: {key: JUDGE if value == each.get(JUDGE) else value for key, value in each.items()}
        for name, each in protocol["datasets"].items()
    }
    return {**protocol, "datasets": data}


def read(rows: Mapping[str, VariantRow], here: Mapping[str, Mapping[str, Any]], source: Source) -> tuple[Judges, str]:
    """Which judges were trained anew, what they may move, and a note of what could not be compared."""
    anew = sorted(set(retrained(rows, here, source)))
    if not anew:
        return Judges(), ""
    text = source.read(TABLE)
    if text is None:
        told = (
            f"; judges of {len(anew)} problems were trained anew; what they alone decide (returning the input, exact "
        )
        return Judges(anew), f"{told}images, real draws) is not compared, as {source.name} holds no {TABLE}"
    return Judges(anew, scatter(text)), f"; judges of {len(anew)} problems were trained anew"
