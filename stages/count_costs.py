"""Count every row's networks before they train. In: members that rows name, choices; out: results/costs.json."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any, cast

import torch
from torch import nn

from stages.learning import expense, problems, roles, students, teachers
from stages.learning.contracts import ROLES, Family, Unsupported
from stages.metrics import cost
from stages.settings import members, params, paths, provenance, specs, sweeps
from stages.settings.atomic import write_atomically
from stages.settings.rows import Params, TeacherRow, VariantRow
from stages.settings.specs import Spec

Entry = dict[str, Any]

NAMES = {"teacher", "dataset", "partner", "examination", "seeds", "problem", "thesis", "headline"}
"""What a training's cost does not depend on: rows that differ in it alone are counted once."""
TRAININGS: dict[str, Entry] = {}


@cache
def counted(family: str, settings: str) -> dict[str, dict[str, int]]:
    """Costs of every network of a spec, given as JSON so that rows of one spec are counted once."""
    networks, inputs = cast(Family, members.load("families", family)).example(json.loads(settings))
    return {name: cost.costs(network, inputs[name]) for name, network in networks.items()}


def of_spec(name: str, spec: Spec) -> Entry:
    """Costs at the spec's own resolution, together those that are kept, and at the one of published tables."""
    family = cast(Family, members.load("families", name))
    own, published = spec.resolution, family.PAPER["resolution"]
    at = {side: counted(name, json.dumps({**asdict(spec), "resolution": side})) for side in {own, published}}
    kept: Counter[str] = Counter()
    for network in roles.names(family, "generator"):
        kept.update(at[own][network])
    return {
        "resolution": own,
        "networks": at[own],
        "kept": dict(kept),
        "roles": {role: list(roles.names(family, role)) for role in ROLES if role in family.ROLES},
        "published": {"resolution": published, "networks": at[published]},
    }


def of_teacher(row: TeacherRow, settings: Params) -> Entry:
    """Costs of a teacher and of its training."""
    spec, schedule = specs.of_teacher(row, settings), settings.schedules[row.schedule]
    problem = problems.imagined(row, spec.resolution)
    game = teachers.game(row, cast(Family, members.load("families", row.family)).build(spec), problem)
    spent = expense.of_training(game, teachers.feed(row, problem, schedule), schedule, [])
    return {**of_spec(row.family, spec), "training": spent.described()}


def check_structure(networks: Mapping[str, nn.Module], counts: Mapping[str, Mapping[str, int]]) -> None:
    """What a compression made has the sizes of its spec."""
    for name, network in networks.items():
        found = sum(parameter.numel() for parameter in network.parameters())
        if found != counts[name]["parameters"]:
            raise Unsupported(f"the {name} has {found} parameters, its spec {counts[name]['parameters']}")


def of_variant(given: VariantRow, settings: Params) -> Entry:
    """Costs of a row and of its training; raises Unsupported when its student cannot be made from its teacher."""
    row = specs.resolved(given)
    both, teacher_row = specs.of(row, settings), settings.teachers[row.teacher]
    costs = of_spec(row.family, both[1])
    # Structure only, but made by the compression itself: what it refuses is found here, in seconds.
    teacher = cast(Family, members.load("families", row.family)).build(both[0])
    networks = students.make(row, teacher, both, begin=False)
    check_structure(networks, costs["networks"])
    alike = row.model_dump(exclude=NAMES), teacher_row.losses, both, settings.schedules[row.schedule]
    if repr(alike) not in TRAININGS:
        TRAININGS[repr(alike)] = of_training(row, teacher_row, networks, teacher, both, settings)
    return {"teacher": row.teacher, **costs, **TRAININGS[repr(alike)]}


def of_training(
    row: VariantRow,
    teacher_row: TeacherRow,
    networks: dict[str, nn.Module],
    teacher: dict[str, nn.Module],
    both: students.Pair,
    settings: Params,
) -> Entry:
    """Parameters that the lessons own and nobody keeps, and what one training costs."""
    schedule = settings.schedules[row.schedule]
    problem = problems.imagined(teacher_row, both[1].resolution)
    student = students.prepare(row, teacher_row, networks, teacher, both, problem)
    adapters = sum(p.numel() for lesson in student.lessons.values() for p in lesson.parameters() if p.requires_grad)
    draw = students.feed(row, problem, schedule, seed=0)
    spent = expense.of_training(student.game, draw, schedule, list(teacher.values()))
    return {"adapters": adapters, "training": spent.described()}


def main() -> None:
    """Count all rows, or name every impossible one and write nothing."""
    settings = params.read()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    impossible: list[str] = []
    with provenance.timed("count_costs"):
        large = {name: of_teacher(row, settings) for name, row in settings.teachers.items()}
        variants = {}
        for name, row in sweeps.rows(settings).items():
            try:
                variants[name] = of_variant(row, settings)
                if not settings.schedules[row.schedule].steps:
                    # What was trained to make these weights is the teacher.
                    variants[name]["training"] = large[row.teacher]["training"]
            except Unsupported as reason:
                impossible.append(f"variants.{name}: {reason}")
        if impossible:
            sys.exit("\n".join([f"{len(impossible)} row(s) cannot be made:", *impossible]))
        text = json.dumps({"teachers": large, "variants": variants}, indent=1)
        write_atomically(paths.costs(), f"{text}\n".encode())
    print(f"counted {len(large)} teachers and {len(variants)} rows")


if __name__ == "__main__":
    main()
