"""Sweeps: many small trainings in one item of the pipeline, each of them a row like any other.

A point says what it changes of its sweep; `grid` lists values of settings of its lesson, of which every combination is
a point. The name of such a row, `<sweep>/<point>`, is also the place of its files within those of the item.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from stages.settings.rows import Params, SweepRow, VariantRow

# What readers call these settings.
SYMBOLS = {"alpha": "α", "temperature": "T"}


def points(name: str, sweep: SweepRow) -> dict[str, VariantRow]:
    """The rows of a sweep, in its order."""
    return dict(named for point in sweep.points for named in of_point(name, sweep, point))


def of_point(name: str, sweep: SweepRow, point: str) -> list[tuple[str, VariantRow]]:
    """The rows of one point, each with its name."""
    changes = sweep.points[point]
    given = {key: getattr(changes, key) for key in changes.model_fields_set - {"grid"}}
    row = VariantRow.model_validate({**sweep.model_dump(exclude={"points"}), **given})
    found = []
    for settings in combinations(changes.grid):
        words = [f"{SYMBOLS.get(key, key)} {shown(value)}" for key, value in settings.items()]
        ends = [f"{key}{shown(value)}" for key, value in settings.items()]
        mine = {"generator_lesson": {**row.generator_lesson, **settings}, "thesis": ", ".join([row.thesis, *words])}
        found.append(("-".join([f"{name}/{point}", *ends]), row.model_copy(update=mine)))
    return found


def shown(value: float) -> str:
    """A value of a grid as names have it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def combinations(grid: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Every choice of one value per setting; of no settings the one that sets nothing."""
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def rows(params: Params) -> dict[str, VariantRow]:
    """All rows of a params file: the variants, those that searches chose, then the points of every sweep."""
    found = {**params.variants, **params.chosen}
    for name, sweep in params.sweeps.items():
        found |= points(name, sweep)
    return found


def of_item(params: Params, name: str) -> dict[str, VariantRow]:
    """What an item of the pipeline trains and measures: a row, or all points of a sweep."""
    if name in params.sweeps:
        return points(name, params.sweeps[name])
    return {name: params.chosen[name] if name in params.chosen else params.variants[name]}


def items(params: Params) -> tuple[str, ...]:
    """The names of all such items."""
    return (*params.variants, *params.chosen, *params.sweeps)


def stage(params: Params, stage: str, name: str) -> str:
    """What dvc.yaml calls the stage that runs an item."""
    ending = "_sweeps" if name in params.sweeps else "_chosen" if name in params.chosen else ""
    return f"{stage}{ending}"


def file(stage: str) -> str:
    """The stage of stages/ that a stage of dvc.yaml runs."""
    return stage.removesuffix("_sweeps").removesuffix("_chosen")
