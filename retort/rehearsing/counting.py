"""Multiply-accumulates of all trainings of a scale, as it is published: what its hours on another machine follow from.

A row whose widths a search would choose counts with the uniform widths at the search's budget.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import torch

from retort.checking.paces import UNMOVED
from retort.rehearsing.choosing import FEWER
from stages import count_costs
from stages.learning.contracts import ROLES, Family
from stages.searching import choosing, expenses, spaces
from stages.searching.spaces import Costs, Widths
from stages.settings import members, specs, sweeps
from stages.settings.atomic import write_atomically
from stages.settings.rows import CHOSEN, Params, Roles, SearchRow, StudentRow, VariantRow, WideRow
from stages.settings.specs import Spec

WIDE_STEPS = 800
"""A multiple of the steps after which lazy penalties come round."""


@dataclass(frozen=True)
class Work:
    """One item that trains: its family, how many trainings it holds, and what all of them multiply."""

    item: str
    family: str
    trainings: int
    macs: int


def once(file: Path, params: Params) -> list[Work]:
    """Every training of a scale, from a file if it was counted before."""
    mine = hashlib.sha256(params.model_dump_json().encode()).hexdigest()
    if file.exists():
        known = json.loads(file.read_text(encoding="utf-8"))
        if known["params"] == mine:
            return [Work(**each) for each in known["works"]]
    works = list(of(params))
    write_atomically(file, json.dumps({"params": mine, "works": [asdict(each) for each in works]}).encode())
    return works


def of(params: Params) -> Iterator[Work]:
    """Every training of a scale, item by item, in the order in which they run."""
    settings, known = alike(params), dict[str, int]()
    for name, large in settings.teachers.items():
        spec, schedule = specs.of_teacher(large, settings), settings.schedules[large.schedule]
        one = repr((large.family, spec, large.losses, large.play, schedule))
        if one not in known:
            known[one] = count_costs.of_teacher(large, settings)["training"]["macs"]
        yield Work(f"build_teachers@{name}", large.family, 1, known[one])
    for name, wide in settings.wides.items():
        yield Work(f"build_wide_students@{name}", wide.family, 1, of_wide(name, wide, settings))
    for name, search in settings.searches.items():
        yield of_search(name, search, settings)
    for name in sweeps.items(settings):
        rows = sweeps.of_item(settings, name).values()
        found: Counter[str] = Counter()
        for row in map(constant, rows):
            if settings.schedules[row.schedule].steps:
                macs = count_costs.of_variant(fixed(row, settings), settings)["training"]["macs"]
                found.update(trainings=len(row.seeds), macs=macs * len(row.seeds))
        stage = sweeps.stage(settings, "distill_students", name)
        yield Work(f"{stage}@{name}", next(iter(rows)).family, found["trainings"], found["macs"])


def alike(settings: Params) -> Params:
    """The same trainings without what costs nothing, so that more of them are counted once."""
    free = {"flip": False, "learning_rate": 1.0, "critic_learning_rate": 1.0, "betas": [0.0, 0.0], "average": 0.0}
    schedules = {name: each.model_copy(update=free) for name, each in settings.schedules.items()}
    return settings.model_copy(update={"schedules": schedules})


def constant(row: VariantRow) -> VariantRow:
    """A row whose lesson has one weight throughout: only a pace that watches gradients costs more than that.

    A compression looks at few images too, since the sizes of what it makes do not depend on them.
    """
    fewer = {**row.compression_settings, **FEWER.get(row.compression, {})}
    plain: dict[str, Any] = {"evidence": 0, "compression_settings": fewer}
    if not any(members.load("paces", getattr(row.pace, role)).FEEDBACK for role in ROLES):
        plain |= {"pace": Roles.model_validate(dict.fromkeys(ROLES, UNMOVED))}
        plain |= {f"{role}_pace": {} for role in ROLES}
    return row.model_copy(update=plain)


def of_wide(name: str, wide: WideRow, settings: Params) -> int:
    """Of a weight-shared training, whose steps have widths of their own: some of its steps stand for all."""
    teacher, schedule = settings.teachers[wide.teacher], settings.schedules[wide.schedule]
    some = schedule.model_copy(update={"steps": min(schedule.steps, WIDE_STEPS)})
    large = specs.of_teacher(teacher, settings)
    return expenses.of_wide(wide, teacher, some, large, costs_of(name, settings)) * schedule.steps // some.steps


def costs_of(wide: str, settings: Params) -> Costs:
    """What configurations of a weight-shared network cost."""
    row = settings.wides[wide]
    return counted(row.family, specs.of_teacher(settings.teachers[row.teacher], settings), tuple(row.space.widths))


@cache
def counted(family: str, large: Spec, shares: tuple[float, ...]) -> Costs:
    """The same, of a teacher and shares of its widths; what was counted is remembered."""
    costs = Costs(cast(Family, members.load("families", family)), large, spaces.of(large, list(shares)))
    whole = costs.counted

    def weightless(widths: Widths) -> int:
        # Hundreds of networks, of which only the shapes count.
        with torch.device("meta"):
            return whole(widths)

    costs.counted = weightless  # type: ignore[assignment] # the cache is inside
    return costs


def uniform(search: SearchRow, settings: Params) -> Widths:
    """The uniform widths at a search's budget."""
    costs = costs_of(search.wide, settings)
    return costs.uniform(round(search.budget * costs.of(costs.space.largest)))


def fixed(row: VariantRow, settings: Params) -> VariantRow:
    """A row whose widths are known."""
    if CHOSEN not in row.student:
        return row
    widths = uniform(settings.searches[row.student[CHOSEN]], settings)
    return row.model_copy(update={"student": {"widths": list(widths)}})


def of_search(name: str, search: SearchRow, settings: Params) -> Work:
    """Trainings alone, and the images of all configurations that are looked at, each as costly as the budget allows."""
    costs, widths = costs_of(search.wide, settings), uniform(search, settings)
    given = search.model_dump(include=set(StudentRow.model_fields))
    row = StudentRow.model_validate({**given, "student": {**search.student, "widths": list(widths)}})
    alone = len(choosing.names(search.random)) + search.alone
    evolution = search.evolution
    looked_at = len(costs.space)
    if evolution is not None:
        looked_at = round(evolution.population * (1 + evolution.generations * (1 - evolution.parents)))
    macs = alone * expenses.of_alone(row, settings) + looked_at * search.images * costs.of(widths)
    return Work(f"choose_students@{name}", search.family, alone, macs)
