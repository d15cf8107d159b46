"""Students of several lengths: which rows make a ladder, what equal cost means, and whether a lead shrinks."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stages.findings import lengths
from stages.findings.lengths import CHANGE, COST, STEPS
from stages.settings import params, sweeps
from stages.settings.rows import Params, VariantRow

ROOT = Path(__file__).resolve().parents[1]
TIMES = {"": 1.0, "half": 0.5, "double": 2.0, "quadruple": 4.0}
DEARER = 1.3
"""What a step with a lesson costs, where one without costs 1."""
UNTAUGHT, LESSONS = "set1-w8b3-none", ("set1-w8b3-fr5out", "set1-w8b3-d-fr5out")
NOISE = 1e-5


@dataclass(frozen=True)
class Scene:
    """Rows at four lengths, and what they cost."""

    settings: Params
    rows: dict[str, VariantRow]
    costs: dict[str, Any]

    def ladders(self) -> list[lengths.Ladder]:
        """What is found in it."""
        return lengths.of_rows(self.settings, self.rows, self.costs)

    def lines(self, score: Callable[[bool, float], float]) -> list[dict[str, Any]]:
        """The table, where a row scores what its cost or its length makes of it, and a little noise."""
        draw = random.Random(0)
        reports = {
            name: {
                "seeds": {
                    str(s): {"overall": {"l1": self.scored(score, name) + draw.gauss(0, NOISE)}} for s in row.seeds
                }
            }
            for name, row in self.rows.items()
        }
        return list(lengths.lines(self.settings, self.rows, self.costs, reports, {"l1": "min", "gain": "max"}))

    def scored(self, score: Callable[[bool, float], float], name: str) -> float:
        """What a row scores."""
        return score(name.startswith(LESSONS), float(self.settings.schedules[self.rows[name].schedule].steps))


def longer(settings: Params, name: str, times: float, **changes: Any) -> Any:  # noqa: ANN401 - a schedule
    """A schedule of more or fewer steps."""
    schedule = settings.schedules[name]
    return schedule.model_copy(update={"steps": round(schedule.steps * times), **changes})


@pytest.fixture(scope="module")
def scene() -> Scene:
    """The default params with a headline student, two lessons and their control at four lengths."""
    settings = params.read(ROOT / "params.yaml")
    schedules = {f"student-{word}": longer(settings, "student", times) for word, times in TIMES.items() if word}
    settings = settings.model_copy(update={"schedules": {**settings.schedules, **schedules}})
    known, rows = sweeps.rows(settings), {}
    for name in (UNTAUGHT, *LESSONS):
        for word in TIMES:
            schedule = f"student-{word}" if word else "student"
            update = {"schedule": schedule, "seeds": [0, 1, 2]}
            rows[f"{name}-{word}".rstrip("-")] = known[name].model_copy(update=update)
    costs = {
        name: {
            "training": {
                "macs": round(1e6 * settings.schedules[row.schedule].steps * (1 if UNTAUGHT in name else DEARER))
            }
        }
        for name, row in rows.items()
    }
    return Scene(settings, rows, costs)


def test_the_default_params_have_ladders_only_of_rows_that_differ_in_nothing_else() -> None:
    settings = params.read(ROOT / "params.yaml")
    rows = sweeps.rows(settings)
    costs = {name: {"training": {"macs": 1}} for name in rows}
    for ladder in lengths.of_rows(settings, rows, costs):
        first = rows[ladder.lesson]
        steps = [rung.steps for rung in ladder.rungs]
        assert steps == sorted(set(steps))
        assert len(steps) > 1
        for rung in ladder.rungs:
            assert rows[rung.taught].generator_lesson == first.generator_lesson
            assert rows[rung.taught].student == rows[rung.control].student


def test_each_lesson_has_a_ladder_beside_its_control(scene: Scene) -> None:
    found = scene.ladders()
    assert [ladder.lesson for ladder in found] == list(LESSONS)
    for ladder in found:
        assert [rung.steps for rung in ladder.rungs] == [150, 300, 600, 1200]
        assert all(scene.rows[rung.control].schedule == scene.rows[rung.taught].schedule for rung in ladder.rungs)
        assert all(rung.cost == DEARER * rung.control_cost for rung in ladder.rungs)


@pytest.mark.parametrize("field", ["learning_rate", "average"])
def test_a_schedule_that_differs_in_more_is_no_rung(scene: Scene, field: str) -> None:
    schedules = {**scene.settings.schedules, "student-double": longer(scene.settings, "student", 2.0, **{field: 0.5})}
    changed = Scene(scene.settings.model_copy(update={"schedules": schedules}), scene.rows, scene.costs)
    assert [[rung.steps for rung in ladder.rungs] for ladder in changed.ladders()] == [[150, 300, 1200]] * len(LESSONS)


def test_a_length_without_control_is_no_rung(scene: Scene) -> None:
    rows = {name: row for name, row in scene.rows.items() if name != f"{UNTAUGHT}-half"}
    found = Scene(scene.settings, rows, scene.costs).ladders()
    assert [[rung.steps for rung in ladder.rungs] for ladder in found] == [[300, 600, 1200]] * len(LESSONS)


def test_a_lesson_that_is_worth_what_it_costs_wins_at_equal_steps_alone(scene: Scene) -> None:
    """The taught student scores what an untaught one would for the same cost, by a law that interpolation follows."""
    found = scene.lines(lambda taught, steps: 1 - 0.1 * math.log(steps * (DEARER if taught else 1)))
    by = {at: [line for line in found if line["at"] == at] for at in lengths.AT}
    assert len(by[STEPS]) == len(LESSONS) * len(TIMES)
    assert {line["verdict"] for line in by[STEPS]} == {"better"}
    assert len(by[COST]) == len(LESSONS) * (len(TIMES) - 1), "nothing encloses the cost of the longest"
    assert max(line["steps"] for line in by[COST]) == 600
    for line in by[COST]:
        assert float(line["difference"]) == pytest.approx(0, abs=10 * NOISE)
        assert line["verdict"] in ("no difference", "no evidence")
        assert len(str(line["beside"]).split()) == 2


def test_interpolated_costs_are_those_of_the_taught_row(scene: Scene) -> None:
    for ladder in scene.ladders():
        costs = {rung.control: rung.control_cost for rung in ladder.rungs}
        for each in lengths.asked(ladder):
            others = {name: weight for name, weight in each.contrast.items() if name in costs}
            assert sum(others.values()) == pytest.approx(-1)
            mean = math.exp(-sum(weight * math.log(costs[name]) for name, weight in others.items()))
            assert mean == pytest.approx(each.rung.cost if each.at == COST else costs[each.rung.control])


@pytest.mark.parametrize(
    ("lead", "verdict"),
    [
        (lambda steps: 0.2 / steps**0.5, "worse"),
        (lambda steps: 0.0001 * steps, "better"),
        (lambda _: 0.01, "no difference"),
    ],
)  # fmt: skip
def test_whether_a_lead_shrinks_grows_or_stays_is_told(
    scene: Scene, lead: Callable[[float], float], verdict: str
) -> None:
    found = scene.lines(lambda taught, steps: 0.5 - (lead(steps) if taught else 0.0))
    changes = [line for line in found if line["at"] == CHANGE]
    assert len(changes) == len(LESSONS)
    for line in changes:
        assert line["verdict"] == verdict
        assert float(line["taught"]) == pytest.approx(-lead(1200), abs=10 * NOISE)
        assert float(line["untaught"]) == pytest.approx(-lead(150), abs=10 * NOISE)
        assert float(line["difference"]) == pytest.approx(lead(150) - lead(1200), abs=20 * NOISE)
        assert float(line["low"]) <= float(line["difference"]) <= float(line["high"])


def test_every_line_has_the_columns_of_the_table(scene: Scene) -> None:
    measured = ("difference", "low", "high", "verdict")
    for line in scene.lines(lambda taught, _: 0.5 - 0.1 * taught):
        assert set(lengths.columns(measured)) <= set(line)
