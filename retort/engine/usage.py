"""Which members the rows of all params files name, so that `retort use` needs no other deps than those of now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from retort.checking import params
from retort.engine import imports
from stages.learning.contracts import ROLES
from stages.settings import paths, sweeps
from stages.settings.rows import Params, Point, StudentRow, TaughtRow

Names = Mapping[str, frozenset[str]]
"""Axis -> members."""


@dataclass(frozen=True)
class Usage:
    """The members that rows name, those that points of sweeps name, and the schedules that these name.

    `programs` are the data sets that examinations name, since they draw given factors.
    """

    rows: Names
    points: Names
    schedules: tuple[str, ...]
    programs: tuple[str, ...]


def read(root: Path) -> Usage:
    """What the params files below a root name."""
    files = [root / paths.PARAMS, *sorted((root / paths.SCALES).glob("*.yaml"))]
    all_settings = [params.typed(file) for file in files]
    changes = [each for settings in all_settings for row in settings.sweeps.values() for each in row.points.values()]
    rows = collected(each for settings in all_settings for each in of_params(settings))
    points = collected(each for point in changes for each in of_row(point))
    schedules = {point.schedule for point in changes if point.schedule}
    evaluations = (given for settings in all_settings for given in settings.evaluation.values())
    programs = {name for given in evaluations for name in given.get("programs", [])}
    return Usage(rows, points, tuple(sorted(schedules)), tuple(sorted(programs)))


def collected(pairs: Iterator[tuple[str, str]]) -> Names:
    """Pairs of axis and member, by axis."""
    found: dict[str, set[str]] = {axis: set() for axis in imports.AXES}
    for axis, name in pairs:
        found[axis].add(name)
    return {axis: frozenset(names) for axis, names in found.items()}


def of_params(settings: Params) -> Iterator[tuple[str, str]]:
    """Axis and member of everything that a params file names."""
    yield from (("datasets", row.dataset) for row in settings.datasets.values())
    yield from (("families", row.family) for row in settings.teachers.values())
    for name, given in settings.evaluation.items():
        yield "examinations", name
        yield from (("metrics", metric) for metric in given.get("metrics", {}))
    for taught in (*settings.wides.values(), *settings.searches.values()):
        yield "families", taught.family
        yield from of_row(taught)
    for row in sweeps.rows(settings).values():
        yield "families", row.family
        yield "examinations", row.examination
        yield from of_row(row)
    yield from (("exports", row.examination) for row in settings.exports.values())


def of_row(row: TaughtRow | Point) -> Iterator[tuple[str, str]]:
    """Axis and member of what a point may change."""
    if isinstance(row, StudentRow | Point) and row.compression is not None:
        yield "compressions", row.compression
    for axis, named in (("distillations", row.distill), ("paces", row.pace)):
        if named is not None:
            yield from ((axis, getattr(named, role)) for role in ROLES)
