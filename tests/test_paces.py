"""How the weight of a lesson moves: its values, its mirror, its dose, and what it does to losses and trainings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from stages.distillations import soft_labels
from stages.learning import paced, training
from stages.learning.contracts import Moment, Networks, Parts, Role, Seen
from stages.learning.pacing import Following, Paced
from stages.learning.teaching import Teaching
from stages.settings import members
from tests import tiny
from tests.tiny import CPU, SCHEDULE, faces, frozen, side, translator, translators

STEPS = 101
VALUES: dict[str, list[tuple[dict[str, Any], tuple[float, float, float]]]] = {
    "constant": [({}, (1, 1, 1)), ({"factor": 0.3}, (0.3, 0.3, 0.3))],
    "step": [({"at": 0.5}, (1, 0, 0)), ({"at": 0.51}, (1, 1, 0)), ({"at": 0.0}, (0, 0, 0))],
    "linear": [({}, (1, 0.5, 0)), ({"begin": 0.25, "end": 0.75}, (1, 0.5, 0)), ({"begin": 0.5}, (1, 1, 0))],
    "cosine": [({}, (1, 0.5, 0))],
    "exponential": [({"half_life": 0.5}, (1, 0.5, 0.25)), ({"half_life": 0.1}, (1, 1 / 32, 1 / 1024))],
}
"""Of each pace without feedback: its settings, and its weight at the first, the middle and the last of 101 steps."""
PACES = [(name, settings) for name, cases in VALUES.items() for settings, _ in cases]
REVERSIBLE = [(name, settings) for name, settings in PACES if name != "constant"]


def weights(name: str, settings: Mapping[str, Any], steps: int = STEPS) -> list[float]:
    """The weight at every step."""
    pace = paced.of(name, settings)
    assert isinstance(pace, Paced)
    return [pace.weight(step, steps) for step in range(steps)]


def test_every_pace_is_tested_here() -> None:
    with_feedback = {name for name in members.names("paces") if members.load("paces", name).FEEDBACK}
    assert set(VALUES) | {"conflict"} == set(members.names("paces"))
    assert with_feedback == {"conflict"}


@pytest.mark.parametrize(
    ("name", "settings", "expected"), [(name, *case) for name, cases in VALUES.items() for case in cases]
)
def test_values_at_the_first_the_middle_and_the_last_step(
    name: str, settings: dict[str, Any], expected: tuple[float, ...]
) -> None:
    found = weights(name, settings)
    assert [found[0], found[STEPS // 2], found[-1]] == pytest.approx(expected, abs=1e-12)
    assert all(isinstance(each, float) for each in found)


@pytest.mark.parametrize(("name", "settings"), REVERSIBLE)
def test_the_weight_never_rises_and_reversed_never_falls(name: str, settings: dict[str, Any]) -> None:
    found, mirrored = weights(name, settings), weights(name, {**settings, "reverse": True})
    assert all(0 <= each <= 1 for each in found)
    assert found == sorted(found, reverse=True)
    assert mirrored == sorted(mirrored)


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 11, 300])
@pytest.mark.parametrize(("name", "settings"), [*REVERSIBLE, ("step", {"at": 0.2}), ("step", {"at": 0.7})])
def test_reversed_is_mirrored_exactly(name: str, settings: dict[str, Any], steps: int) -> None:
    assert weights(name, {**settings, "reverse": True}, steps) == weights(name, settings, steps)[::-1]


@pytest.mark.parametrize(
    ("name", "settings", "dose"),
    [
        ("step", {"at": 0.3}, 0.3),
        ("linear", {}, 0.5),
        ("linear", {"begin": 0.2, "end": 0.6}, 0.4),
        ("cosine", {}, 0.5),
        ("exponential", {"half_life": 0.25}, 0.25 / math.log(2) * (1 - 2**-4)),
    ],
)
def test_a_constant_factor_gives_the_dose_of_another_pace(name: str, settings: dict[str, Any], dose: float) -> None:
    for reverse in (False, True):
        assert sum(weights(name, {**settings, "reverse": reverse}, 10_000)) == pytest.approx(
            sum(weights("constant", {"factor": dose}, 10_000)), rel=2e-4
        )


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("constant", {"factor": -0.1}),
        ("constant", {"reverse": True}),
        ("step", {}),
        ("step", {"at": 1.5}),
        ("linear", {"begin": -0.1}),
        ("cosine", {"reverse": "yes"}),
        ("exponential", {}),
        ("exponential", {"half_life": 0.0}),
        ("conflict", {"shrink": 1.0}),
        ("conflict", {"memory": -0.1}),
        ("conflict", {"reverse": True}),
    ],
)
def test_settings_are_closed_and_ranged(name: str, settings: dict[str, Any]) -> None:
    member = members.load("paces", name)
    with pytest.raises(ValidationError):
        members.options(member.module if member.FEEDBACK else member.weight, settings)


def test_a_line_ends_after_it_begins() -> None:
    with pytest.raises(ValueError, match=r"begin 0\.5 and end 0\.5"):
        paced.of("linear", {"begin": 0.5, "end": 0.5}).weight(0, 5)


# Conflict.


def conflict(**settings: float) -> Following:
    pace = paced.of("conflict", settings)
    assert isinstance(pace, Following)
    return pace


def felt(pace: Following, cosines: list[float]) -> list[float]:
    """The weight after each of some cosines."""
    found = []
    for cosine in cosines:
        pace.feel(torch.tensor(cosine))
        found.append(float(pace.weight(0, 1)))
    return found


def test_conflict_starts_with_the_whole_weight_and_keeps_it_while_gradients_agree() -> None:
    assert float(conflict().weight(0, 1)) == 1
    assert felt(conflict(), [0.5, 0.0, 1.0, 0.1]) == [1.0] * 4


def test_conflict_falls_only_while_the_running_cosine_is_negative() -> None:
    cosines = [0.4, -0.1, -0.9, -0.5, 0.9, 0.9, -0.2, 0.3, -1.0, -1.0]
    pace, mean, factor, expected = conflict(shrink=0.9, memory=0.5), 0.0, 1.0, []
    for cosine in cosines:
        mean = 0.5 * mean + 0.5 * cosine
        factor *= 0.9 if mean < 0 else 1.0
        expected.append(factor)
    assert felt(pace, cosines) == pytest.approx(expected, rel=1e-6)
    falls = [after < before for before, after in zip([1.0, *expected], expected, strict=False)]
    assert True in falls
    assert False in falls
    assert expected[1] == 1.0, "one opposing step does not turn the average"


def test_conflict_continues_where_it_was() -> None:
    cosines = [0.1, -0.5, -0.7, 0.2, -0.4, -0.9]
    whole, stopped, resumed = (conflict(memory=0.5) for _ in range(3))
    expected = felt(whole, cosines)
    first = felt(stopped, cosines[:3])
    resumed.load_state_dict(deepcopy(stopped.state_dict()))
    assert first + felt(resumed, cosines[3:]) == expected
    assert expected[-1] < 1


# A lesson at a pace.


def image_lesson(teacher: Networks, student: Networks, pace: str, **settings: Any) -> Teaching:  # noqa: ANN401 - a pace's
    """Images are compared, at a pace."""
    lesson = tiny.euclidean_lesson(teacher, student, {"image": "image"}, weight=10.0)
    return tiny.teaching(lesson, pace, tiny.TRANSLATOR, **settings)


def parts_at(step: int, pace: str, **settings: Any) -> Parts:  # noqa: ANN401 - a pace's
    """The generator's parts at a step, of the same networks each time."""
    teacher, student = frozen(translators(translator(width=8))), translators(seed=1)
    lessons: Mapping[Role, Teaching] = {"generator": image_lesson(teacher, student, pace, **settings)}
    generator = tiny.adversarial(student, teacher, lessons).players[-1]
    tensors = faces(0, 0).tensors
    return generator.losses(Moment(tensors, seed=0, step=step, steps=STEPS))


@pytest.mark.parametrize(("name", "settings"), [("step", {"at": 0.5}), ("linear", {"begin": 0.5}), ("conflict", {})])
def test_a_lesson_at_weight_one_leaves_losses_as_they_are(name: str, settings: dict[str, Any]) -> None:
    plain, found = parts_at(0, "constant"), parts_at(0, name, **settings)
    assert {part: value.item() for part, value in found.items()} == {part: v.item() for part, v in plain.items()}


def test_at_weight_one_a_lessons_parts_are_handed_on_untouched() -> None:
    lesson = soft_labels.objective(*[side(tiny.classifiers())] * 2, alpha=0.5, temperature=2.0)
    given: Seen = {"classes": torch.zeros(2, 4)}
    own = {"cross_entropy": torch.tensor(0.5)}
    teaching = tiny.teaching(lesson)
    said = lesson({**given, "own.cross_entropy": own["cross_entropy"]}, given)
    found = teaching.join(own, given, given, Moment({}, 0, 0, 1))
    assert {name: value.item() for name, value in found.items()} == {name: value.item() for name, value in said.items()}


@pytest.mark.parametrize(("name", "settings"), REVERSIBLE)
def test_a_lesson_at_a_weight_has_exactly_its_own_parts_scaled(name: str, settings: dict[str, Any]) -> None:
    plain = parts_at(0, "constant")
    for step in (0, STEPS // 2, STEPS - 1):
        weight = weights(name, settings)[step]
        found = parts_at(step, name, **settings)
        assert found.keys() == plain.keys()
        for part, value in plain.items():
            expected = weight * value if part == "euclidean_image" else value
            assert found[part].item() == expected.item(), part


def trained(taught: bool, pace: str = "constant", **settings: Any) -> tuple[dict[str, Tensor], list[dict[str, float]]]:  # noqa: ANN401
    """A classifier after a training, by its labels alone or by its teacher's too."""
    teacher, student = frozen(tiny.classifiers()), tiny.classifiers(seed=1)
    lesson = soft_labels.objective(side(teacher), side(student), alpha=0.7, temperature=4.0)
    teaching = tiny.teaching(lesson, pace, tiny.CLASSIFIER, **settings) if taught else None
    curve = tiny.trained(tiny.supervised(student, teacher, teaching), tiny.digits)
    return student["classifier"].state_dict(), curve


def test_soft_labels_without_weight_are_the_students_own_cross_entropy() -> None:
    (alone, own), (found, curve) = trained(False), trained(True, factor=0.0)
    assert all(torch.equal(value, alone[name]) for name, value in found.items())
    assert [each["classifier/cross_entropy"] for each in curve] == [each["classifier/cross_entropy"] for each in own]
    assert {each["classifier/soft_labels"] for each in curve} == {0.0}


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_a_part_that_replaces_the_players_own_takes_as_much_of_it_as_its_weight(weight: float) -> None:
    _, whole = trained(True)
    _, own = trained(False)
    _, mixed = trained(True, factor=weight)
    for part, expected in {
        "cross_entropy": weight * whole[0]["classifier/cross_entropy"]
        + (1 - weight) * own[0]["classifier/cross_entropy"],
        "soft_labels": weight * whole[0]["classifier/soft_labels"],
    }.items():
        assert mixed[0][f"classifier/{part}"] == pytest.approx(expected, rel=1e-6)


def curve(pace: str, **settings: Any) -> list[dict[str, float]]:  # noqa: ANN401 - a pace's
    """The losses of a taught StarGAN's training."""
    teacher, student = frozen(translators(translator(width=8))), translators(seed=1)
    lessons: Mapping[Role, Teaching] = {"generator": image_lesson(teacher, student, pace, **settings)}
    return tiny.trained(tiny.adversarial(student, teacher, lessons), faces)


def test_a_training_is_the_same_until_the_weight_changes() -> None:
    plain, stepped = curve("constant"), curve("step", at=0.5)
    assert stepped[:2] == plain[:2]
    assert stepped[2]["generator/euclidean_image"] == 0
    assert all(stepped[2][name] == value for name, value in plain[2].items() if name != "generator/euclidean_image")
    assert stepped[3]["generator/cycle"] != plain[3]["generator/cycle"]


def test_no_pace_moves_what_has_no_lesson() -> None:
    alone = tiny.trained(tiny.adversarial(translators()), faces)
    lessons: Mapping[Role, Teaching] = {"generator": tiny.teaching(None, "linear", tiny.TRANSLATOR)}
    assert tiny.trained(tiny.adversarial(translators(), lessons=lessons), faces) == alone


def test_a_training_at_a_pace_resumes_exactly() -> None:
    def begin(seed: int) -> training.Run:
        teacher, student = frozen(translators(translator(width=8))), translators(seed=seed)
        lessons: Mapping[Role, Teaching] = {"generator": image_lesson(teacher, student, "conflict", memory=0.0)}
        return training.prepare(tiny.adversarial(student, teacher, lessons), SCHEDULE)

    def go_on(run: training.Run, until: int) -> list[dict[str, float]]:
        found = []
        for step, losses in training.steps(run, faces, SCHEDULE, CPU):
            found.append(losses)
            if step == until:
                break
        return found

    whole, stopped, resumed = begin(1), begin(1), begin(2)
    expected = go_on(whole, 5)
    first = go_on(stopped, 3)
    resumed.restore(deepcopy(stopped.state()))
    assert first + go_on(resumed, 5) == expected
    ends = [run.state()["network.generator_lesson"] for run in (whole, resumed)]
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())
    assert "pace.factor" in ends[0]
