"""Sweeps as the figures see them: their rows, what was measured of them, and how a point is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stages.figures.evidence import Evidence, Line
from stages.harness.findings import comparing, records
from stages.harness.settings import paths, sweeps
from stages.harness.settings.rows import VariantRow


def each(evidence: Evidence) -> dict[str, dict[str, VariantRow]]:
    """The rows of every sweep, by its name."""
    return {name: sweeps.points(name, sweep) for name, sweep in evidence.settings.sweeps.items()}


def report(name: str) -> dict[str, Any]:
    """Everything that was measured of a row."""
    found: dict[str, Any] = records.read(paths.quality(name))
    return found


def teacher(rows: Mapping[str, VariantRow]) -> str | None:
    """The uncompressed row of a sweep."""
    return next((name for name, row in rows.items() if row.compression == "none"), None)


def control(rows: Mapping[str, VariantRow]) -> str | None:
    """The compressed row of a sweep that is not taught."""
    students = (name for name, row in rows.items() if row.compression != "none" and not comparing.taught(row))
    return next(students, None)


def grid(rows: Mapping[str, VariantRow], *settings: str) -> dict[str, tuple[float, ...]]:
    """The values of settings of the lesson, of every row whose lesson has them all."""
    return {
        name: tuple(float(row.generator_lesson[key]) for key in settings)
        for name, row in rows.items()
        if all(key in row.generator_lesson for key in settings)
    }


def lines(evidence: Evidence, metric: str) -> dict[str, Line]:
    """The comparison of every row with its control on one metric."""
    return {line["variant"]: line for line in evidence.comparisons if line["metric"] == metric}
