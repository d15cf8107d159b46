"""Choose the widths of a student under a budget. In: data, judge, teacher, wide; out: results/choices/<search>.json.

Fitness is measured on validation latents and images; the test is not looked at. What is chosen, its controls at equal
cost and some more configurations are then trained alone, to tell how far shared weights can be trusted.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from stages.learning import checkpoints, devices, distilling, keys, problems, progress
from stages.learning.contracts import Family
from stages.searching import choosing, evaluating, evolving, expenses, ranking, spaces
from stages.searching.evaluating import Remembered, Validation, rounded
from stages.searching.spaces import Costs, Space, Widths, described
from stages.settings import members, params, paths, provenance, specs
from stages.settings.atomic import write_atomically
from stages.settings.rows import Params, Schedule, SearchRow, StudentRow, WideRow
from stages.storage import hashing

SEED = 0
"""Of the trainings alone."""

SIDES = ("shared_fitness", "alone_fitness")


def main(name: str) -> None:
    """Run the search called `name`."""
    settings = params.read()
    row = settings.searches[name]
    training = devices.choose(settings.run.device, settings.run.precision)
    with provenance.timed("choose_students", name, precision=training.precision, device=training.device.type):
        content = chosen(name, row, settings, training)
        write_atomically(paths.choice(name), text_of(content).encode())
    told = f"τ {content['tau']:.2f} ({content['tau_low']:.2f} to {content['tau_high']:.2f})"
    print(f"{name}: {described(content['picks']['best']['widths'])}; {told}")


def chosen(name: str, row: SearchRow, settings: Params, place: devices.Place) -> dict[str, Any]:
    """What a search finds, as its file holds it."""
    teacher_row = settings.teachers[row.teacher]
    family, large = cast(Family, members.load("families", row.family)), specs.of_teacher(teacher_row, settings)
    about = checkpoints.read(paths.wide(row.wide)).about
    wide = WideRow.model_validate(about["row"])
    space = spaces.of(large, wide.space.widths)
    costs = Costs(family, large, space)
    budget = row.budget * costs.of(space.largest)
    validation = Validation(family, teacher_row, row.images, place.device)
    shared = Remembered(evaluating.of_slices(row, family, large, validation), scratch(row, settings, place))
    measured = search(name, row, space, shared, costs, budget)
    best = choosing.best(measured, costs, budget)
    drawn = choosing.controls(costs, best, row.near, row.random, row.seed)
    measured |= {widths: shared(widths) for widths in drawn}
    picks = choosing.picks(measured, best, drawn, costs, row.alone)
    named = {pick: entry(widths, costs, shared(widths)) for pick, widths in picks.named.items()}
    shared.save()
    wanted = [*picks.named.items(), *(("", widths) for widths in picks.others)]
    alone = [
        {
            "pick": pick,
            "widths": list(widths),
            "macs": costs.of(widths),
            "shared_fitness": shared(widths),
            "alone_fitness": alone_fitness(name, student_of(row, widths), settings, place, validation),
        }
        for pick, widths in wanted
    ]
    spent = {
        "wide": expenses.of_wide(wide, teacher_row, Schedule.model_validate(about["schedule"]), large, costs),
        "evaluations": row.images * sum(map(costs.of, {*measured, *picks.named.values()})),
        "alone": sum(expenses.of_alone(student_of(row, widths), settings) for _, widths in wanted),
    }
    return {
        "search": name,
        "budget_macs": int(budget),
        "images": row.images,
        "cost": {"training_macs": sum(spent.values()), **spent},
        "configurations": [entry(widths, costs, fitness) for widths, fitness in sorted(measured.items())],
        "picks": named,
        "alone": alone,
        **agreed(row, space, alone),
    }


def text_of(content: dict[str, Any]) -> str:
    """JSON with a configuration on each line."""
    parts = []
    for key, value in content.items():
        lines = ",\n".join(f"  {json.dumps(each)}" for each in value) if isinstance(value, list) else ""
        parts.append(f" {json.dumps(key)}: " + (f"[\n{lines}\n ]" if lines else json.dumps(value)))
    return "{\n" + ",\n".join(parts) + "\n}\n"


def scratch(row: SearchRow, settings: Params, place: devices.Place) -> Path:
    """Where a search keeps what it has measured, whatever its budget."""
    determinants = {
        "images": row.images,
        "wide": hashing.file_hash(paths.wide(row.wide)),
        "judge": hashing.file_hash(paths.judge(row.dataset)),
        "data": problems.content(settings.teachers[row.teacher]),
    }
    return paths.scratch(keys.key(place, **determinants)) / "fitness.json"


def search(
    name: str, row: SearchRow, space: Space, shared: Remembered, costs: Costs, budget: float
) -> dict[Widths, float]:
    """The fitness of all configurations, or of those that an evolution comes across."""
    if row.evolution is not None:
        return evolving.evolve(space, shared, lambda widths: costs.of(widths) <= budget, row.evolution, row.seed)
    found: dict[Widths, float] = {}
    with progress.shown(name, len(space), 0) as report:
        for step, widths in enumerate(space, 1):
            found[widths] = shared(widths)
            report(step, {"fitness": found[widths]})
    return found


def entry(widths: Widths, costs: Costs, fitness: float) -> dict[str, Any]:
    """A configuration as the file holds it."""
    return {"widths": list(widths), "macs": costs.of(widths), "fitness": fitness}


def student_of(row: SearchRow, widths: Widths) -> StudentRow:
    """The row by which a configuration is trained alone."""
    given = row.model_dump(include=set(StudentRow.model_fields))
    return StudentRow.model_validate({**given, "student": {"widths": list(widths), **row.student}})


def alone_fitness(name: str, row: StudentRow, settings: Params, place: devices.Place, validation: Validation) -> float:
    """The fitness of a configuration that is trained from the start with weights of its own."""
    title = f"{name} alone {described(row.student['widths'])}"
    folder = paths.scratch(title.replace(" ", "-"))
    artifacts = {each: folder / each for each in (distilling.NETWORKS, distilling.CURVE)}
    distilling.teach(title, {}, row, SEED, settings, place, artifacts)
    return validation.of(checkpoints.read(artifacts[distilling.NETWORKS]).networks)


def agreed(row: SearchRow, space: Space, alone: list[dict[str, Any]]) -> dict[str, Any]:
    """How far both fitnesses rank the configurations of the space alike; the uniform one need not be of it."""
    inside = [each for each in alone if tuple(each["widths"]) in space]
    first, second = ([each[side] for each in inside] for side in SIDES)
    found = ranking.agreement(first, second, row.seed)
    numbers = {"tau": found.tau, "tau_low": found.low, "tau_high": found.high}
    return {**{key: rounded(value) for key, value in numbers.items()}, "trusted": found.trusted}


if __name__ == "__main__":
    main(sys.argv[1])
