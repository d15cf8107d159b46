"""Multiply-accumulates of all trainings of a scale, as it is published: what its hours on another machine follow from.

A row whose widths a search would choose counts with the uniform widths at the search's budget.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import get_context
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
from stages.settings.rows import CHOSEN, Params, Roles, SearchRow, StudentRow, VariantRow
from stages.settings.specs import Spec

WIDE_STEPS = 400
"""A multiple of the steps after which lazy penalties come round."""


TEACHERS: dict[str, int] = {}
"""What was counted of teachers in this process."""


@dataclass(frozen=True)
class Work:
    """One item that trains: its family, how many trainings it holds, and what all of them multiply."""

    item: str
    family: str
    trainings: int
    macs: int


Count = Callable[[str, Params], Work]


def once(file: Path, params: Params, families: Collection[str], jobs: int) -> list[Work]:
    """Every training of some families of a scale, from a file if it was counted before."""
    mine = hashlib.sha256(f"{params.model_dump_json()} {sorted(families)}".encode()).hexdigest()
    if file.exists():
        known = json.loads(file.read_text(encoding="utf-8"))
        if known["params"] == mine:
            return [Work(**each) for each in known["works"]]
    works = of(params, families, jobs)
    write_atomically(file, json.dumps({"params": mine, "works": [asdict(each) for each in works]}).encode())
    return works


def of(params: Params, families: Collection[str], jobs: int) -> list[Work]:
    """Every training of some families of a scale, item by item, in the order in which they run."""
    settings = alike(params)
    sections: list[tuple[Count, Mapping[str, Any]]] = [
        (of_teacher, settings.teachers),
        (of_wide, settings.wides),
        (of_search, settings.searches),
        *((of_rows, section) for section in (settings.variants, settings.chosen, settings.sweeps)),
    ]
    with ProcessPoolExecutor(jobs, get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        counted = [
            pool.submit(count, name, settings)
            for count, section in sections
            for name, row in section.items()
            if row.family in families
        ]
        return [each.result() for each in counted]


def of_teacher(name: str, settings: Params) -> Work:
    """A teacher; equal ones are counted once in a process."""
    large = settings.teachers[name]
    spec, schedule = specs.of_teacher(large, settings), settings.schedules[large.schedule]
    one = repr((large.family, spec, large.losses, large.play, schedule))
    if one not in TEACHERS:
        TEACHERS[one] = count_costs.of_teacher(large, settings)["training"]["macs"]
    return Work(f"build_teachers@{name}", large.family, 1, TEACHERS[one])


def of_rows(name: str, settings: Params) -> Work:
    """The students of a row or sweep."""
    rows = sweeps.of_item(settings, name).values()
    found: Counter[str] = Counter()
    for row in map(constant, rows):
        if settings.schedules[row.schedule].steps:
            macs = count_costs.of_variant(fixed(row, settings), settings)["training"]["macs"]
            found.update(trainings=len(row.seeds), macs=macs * len(row.seeds))
    stage = sweeps.stage(settings, "distill_students", name)
    return Work(f"{stage}@{name}", next(iter(rows)).family, found["trainings"], found["macs"])


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


def of_wide(name: str, settings: Params) -> Work:
    """A weight-shared training, whose steps have widths of their own: some of its steps stand for all."""
    wide = settings.wides[name]
    teacher, schedule = settings.teachers[wide.teacher], settings.schedules[wide.schedule]
    some = schedule.model_copy(update={"steps": min(schedule.steps, WIDE_STEPS)})
    large = specs.of_teacher(teacher, settings)
    macs = expenses.of_wide(wide, teacher, some, large, costs_of(name, settings)) * schedule.steps // some.steps
    return Work(f"build_wide_students@{name}", wide.family, 1, macs)


def costs_of(wide: str, settings: Params) -> Costs:
    """What configurations of a weight-shared network cost."""
    row = settings.wides[wide]
    return costs(row.family, specs.of_teacher(settings.teachers[row.teacher], settings), tuple(row.space.widths))


@cache
def costs(family: str, large: Spec, shares: tuple[float, ...]) -> Costs:
    """The same, of a teacher and shares of its widths; what was counted is remembered."""
    found = Costs(cast(Family, members.load("families", family)), large, spaces.of(large, list(shares)))
    whole = found.counted

    def weightless(widths: Widths) -> int:
        # Hundreds of networks, of which only the shapes count.
        with torch.device("meta"):
            return whole(widths)

    found.counted = weightless  # type: ignore[assignment] # the cache is inside
    return found


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


def of_search(name: str, settings: Params) -> Work:
    """Trainings alone, and the images of all configurations that are looked at, each as costly as the budget allows."""
    search = settings.searches[name]
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
