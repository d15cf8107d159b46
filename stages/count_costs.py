"""Count every row's networks before anything trains. In: the members rows name, no weights; out: results/costs.json."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from types import ModuleType
from typing import Any

import torch
from torch import nn

from stages.harness.learning.game import Side, Unsupported
from stages.harness.settings import crosschecks, members, params, paths, provenance, sweeps
from stages.harness.settings.atomic import write_atomically
from stages.harness.settings.rows import Params, VariantRow
from stages.metrics import cost

LESSONS = ("generator", "discriminator")


@cache
def counted(family: str, settings: str) -> dict[str, dict[str, int]]:
    """Costs of every network of a spec, given as JSON so that rows of one spec are counted once."""
    networks, inputs = members.load("families", family).example(json.loads(settings))
    return {name: cost.costs(network, inputs[name]) for name, network in networks.items()}


def of_spec(family: str, spec: Any) -> dict[str, Any]:  # noqa: ANN401 - each family has its own Spec
    """Costs at the spec's own resolution, and at the one of the family's published tables."""
    own, published = spec.resolution, members.load("families", family).PAPER["resolution"]
    at = {size: counted(family, json.dumps({**asdict(spec), "resolution": size})) for size in {own, published}}
    return {"resolution": own, **at[own], f"at_{published}": at[published]}


def adapters(row: VariantRow, family: ModuleType, nets: Iterable[dict[str, nn.Module]], specs: Iterable[Any]) -> int:
    """Parameters that the lessons own and nobody keeps."""
    found = 0
    for player, which in zip(family.NETWORKS, LESSONS, strict=False):
        teacher, student = (Side(n, family.taps(s, player)) for n, s in zip(nets, specs, strict=True))
        objective = members.load("distillations", getattr(row.distill, which)).objective
        lesson = objective(teacher, student, **getattr(row, f"{which}_lesson"))
        found += sum(parameter.numel() for parameter in lesson.parameters() if parameter.requires_grad)
    return found


def of_variant(row: VariantRow, settings: Params) -> dict[str, Any]:
    """Costs of a row; raises Unsupported when its student cannot be made from its teacher."""
    family, large = members.load("families", row.family), crosschecks.spec_of(settings.teachers[row.teacher], settings)
    small = family.shrink(large, row.student)
    # Structure only, but made by the compression itself: what it refuses is found here, in seconds.
    teacher = family.build(large)
    make = members.load("compressions", row.compression).make_student
    student = make(family, teacher, large, small, **row.compression_settings)
    costs = of_spec(row.family, small)
    for player, network in student.items():
        counted_here = sum(parameter.numel() for parameter in network.parameters())
        if counted_here != costs[player]["parameters"]:
            raise Unsupported(f"the {player} has {counted_here} parameters, its spec {costs[player]['parameters']}")
    return {"teacher": row.teacher, **costs, "adapters": adapters(row, family, (teacher, student), (large, small))}


def main() -> None:
    """Count all rows, or name every impossible one and write nothing."""
    settings = params.load_or_exit()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    impossible: list[str] = []
    with provenance.timed("count_costs"):
        teachers = {name: of_spec(r.family, crosschecks.spec_of(r, settings)) for name, r in settings.teachers.items()}
        variants = {}
        for name, row in sweeps.rows(settings).items():
            try:
                variants[name] = of_variant(row, settings)
            except Unsupported as reason:
                impossible.append(f"variants.{name}: {reason}")
        if impossible:
            sys.exit("\n".join([f"{len(impossible)} row(s) cannot be made:", *impossible]))
        text = json.dumps({"teachers": teachers, "variants": variants}, indent=1)
        write_atomically(paths.costs(), f"{text}\n".encode())
    print(f"counted {len(teachers)} teachers and {len(variants)} variants")


if __name__ == "__main__":
    main()
