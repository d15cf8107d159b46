"""The training loop: golden losses, exact resumption, the rate, the average, who is held still, and how it fails."""

from __future__ import annotations

import io
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from stages.harness.learning import training
from stages.harness.learning.game import Batch, Player
from stages.harness.settings.rows import Schedule
from tests.test_stargan import CPU, SCHEDULE, build, frozen, game, random_batch, teach, tiny

# Five steps on noise; they change only with the science or with torch's random numbers, never with the processor
# (the instruction sets tried differ by 2e-6).
GOLDEN = {
    "discriminator/real": [0.01523959, 0.01328199, 0.01761074, 0.01655215, 0.02019139],
    "discriminator/fake": [-0.0142553, -0.01347668, -0.01779842, -0.01697214, -0.02064259],
    "discriminator/gradient_penalty": [8.961822, 9.011601, 8.668609, 8.498451, 8.451513],
    "discriminator/classification": [2.080211, 2.086168, 2.09405, 2.083542, 2.068312],
    "generator/adversarial": [0.01829491, 0.01713881, 0.02173352, 0.02370816, 0.02097055],
    "generator/classification": [2.072917, 2.080893, 2.075775, 2.088571, 2.076155],
    "generator/cycle": [2.465695, 2.445604, 2.33638, 2.137657, 2.139573],
    "generator/euclidean_res2": [4.28933, 4.395905, 4.558053, 4.202203, 4.045492],
    "generator/euclidean_image": [0.02392742, 0.02044104, 0.01815131, 0.01755986, 0.01781729],
}


def taught(**changes: Any) -> training.Run:  # noqa: ANN401 - fields of the schedule
    """A gated student with an adapter, at its first step."""
    teacher, student = frozen(build(tiny(width=8, output="gated", blocks=3))), build(tiny(output="gated"), seed=1)
    lessons = {"generator": teach(teacher, student, "generator", {"res2": "res1", "image": "image"})}
    return training.prepare(game(student, teacher, lessons), schedule(**changes))


def schedule(**changes: Any) -> Schedule:  # noqa: ANN401 - fields of the schedule
    """The tests' schedule with changes, checked again."""
    return Schedule.model_validate({**SCHEDULE.model_dump(), **changes})


def train(run: training.Run, until: int | None = None, **changes: Any) -> list[dict[str, float]]:  # noqa: ANN401
    """The losses of each step up to a step."""
    curve = []
    for step, losses in training.steps(run, random_batch, schedule(**changes), CPU):
        curve.append(losses)
        if step == until:
            break
    return curve


def tensors(run: training.Run) -> dict[str, Tensor]:
    """All that training changes, by name."""
    state = run.state()
    found = {f"average.{key}": value for key, value in (state["average"] or {}).items()}
    for part in ("networks", "lessons"):
        found |= {f"{part}.{n}.{key}": v for n, values in state[part].items() for key, v in values.items()}
    for name, optimiser in state["optimisers"].items():
        for index, moments in optimiser["state"].items():
            found |= {f"{name}.{index}.{key}": value for key, value in moments.items()}
    return found


def test_five_steps_give_the_golden_losses() -> None:
    curve = train(taught())
    assert curve[0].keys() == GOLDEN.keys()
    for name, expected in GOLDEN.items():
        assert [losses[name] for losses in curve] == pytest.approx(expected, rel=1e-4, abs=1e-6), name


def test_resuming_equals_not_stopping() -> None:
    whole, stopped, resumed = taught(average=0.9), taught(average=0.9), taught(average=0.9)
    complete = train(whole, average=0.9)
    started = train(stopped, until=3, average=0.9)
    file = io.BytesIO()
    torch.save(stopped.state(), file)
    file.seek(0)
    # The process that resumes has started afresh: other weights until the snapshot is read.
    with torch.no_grad():
        for player in resumed.players:
            for parameter in player.network.parameters():
                parameter.normal_()
    resumed.load(torch.load(file, weights_only=True))
    assert resumed.step == 3
    assert started + train(resumed, average=0.9) == complete
    expected, found = tensors(whole), tensors(resumed)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_rates_are_constant_then_fall_linearly() -> None:
    half = schedule(steps=100, decay_from=0.5)
    assert [training.decay(half, step) for step in (0, 50, 75, 99)] == pytest.approx([1, 1, 0.5, 0.02])
    assert training.decay(schedule(steps=100, decay_from=0.0), 25) == pytest.approx(0.75)
    assert training.decay(schedule(steps=100, decay_from=1.0), 99) == 1


def test_rates_as_released_fall_by_a_thousandth_in_all() -> None:
    slip = schedule(steps=1000, decay_from=0.5, decay="as_released")
    assert [training.decay(slip, step) for step in (500, 750, 1000)] == pytest.approx([1, 0.9995, 0.999], abs=1e-9)


def test_each_player_has_its_own_rate_and_both_fall() -> None:
    rates = {"learning_rate": 1e-3, "critic_learning_rate": 2e-3}
    run = taught(**rates)
    for step, _ in training.steps(run, random_batch, schedule(**rates), CPU):
        left = training.decay(schedule(**rates), step - 1)
        assert run.optimisers["generator"].param_groups[0]["lr"] == pytest.approx(1e-3 * left)
        assert run.optimisers["discriminator"].param_groups[0]["lr"] == pytest.approx(2e-3 * left)
    assert left < 1


def poisoned(step: int, move: int) -> Batch:
    """Noise, until one pixel of the third step's first batch is no number."""
    batch = random_batch(step, move)
    if (step, move) == (2, 0):
        batch.real[0, 0, 0, 0] = float("nan")
    return batch


def test_a_loss_that_is_no_number_is_named_with_its_step_and_the_last_values() -> None:
    before = train(taught(), until=2)[-1]
    with pytest.raises(training.NotFiniteError) as caught:
        list(training.steps(taught(), poisoned, SCHEDULE, CPU))
    message = str(caught.value)
    assert message.startswith("step 2: ")
    broken, seen = message.split(" is not finite; last finite values: ")
    assert "discriminator/real" in broken
    assert seen == ", ".join(f"{name} {value:.4g}" for name, value in before.items())


def test_a_first_step_that_is_no_number_says_that_nothing_came_before() -> None:
    with pytest.raises(training.NotFiniteError, match=r"step 0: .*last finite values: none yet"):
        list(training.steps(taught(), lambda _step, move: poisoned(2, move), SCHEDULE, CPU))


def test_average_follows_the_generator() -> None:
    run = taught(average=0.5)
    generator = run.players[-1].network
    expected = deepcopy(dict(generator.named_parameters()))
    for step, _ in training.steps(run, random_batch, schedule(average=0.5), CPU):
        keep = min(0.5, step / (9 + step))
        with torch.no_grad():
            for name, parameter in generator.named_parameters():
                expected[name].mul_(keep).add_((1 - keep) * parameter)
    averaged = run.averaged()["generator"]
    for name, parameter in averaged.named_parameters():
        torch.testing.assert_close(parameter.detach(), expected[name].detach())
        assert not parameter.requires_grad
    assert not torch.allclose(averaged.paint.weight, generator.paint.weight, atol=1e-5)  # type: ignore[union-attr, arg-type]


def test_without_average_the_trained_network_is_kept() -> None:
    run = taught(average=0.0)
    assert run.average is None
    assert run.averaged() == {}


def test_rows_with_and_without_teacher_run_from_the_same_entry() -> None:
    teacher, match = frozen(build(tiny(width=8))), {"res1": "res1", "image": "image"}

    def run(**lessons: nn.Module) -> tuple[list[dict[str, float]], dict[str, Tensor]]:
        prepared = training.prepare(game(student, teacher if lessons else None, lessons), SCHEDULE)
        return train(prepared), tensors(prepared)

    student = build(tiny(), seed=1)
    alone, _ = run()
    student = build(tiny(), seed=1)
    lesson = teach(teacher, student, "generator", match)
    pupil, parts = run(generator=lesson)
    assert set(pupil[0]) - set(alone[0]) == {"generator/euclidean_res1", "generator/euclidean_image"}
    shared = set(alone[0]) & set(pupil[0])
    assert {name: pupil[0][name] for name in shared} == pytest.approx({name: alone[0][name] for name in shared})
    assert pupil[-1]["generator/cycle"] != alone[-1]["generator/cycle"]
    assert any(name.startswith("lessons.generator.adapters") for name in parts)


def test_a_row_without_lessons_is_the_same_with_and_without_its_teacher() -> None:
    curves = []
    for teacher in (None, frozen(build(tiny(width=8)))):
        curves.append(train(training.prepare(game(build(tiny(), seed=1), teacher), SCHEDULE)))
    assert curves[0] == curves[1]


def test_lessons_train_their_adapters() -> None:
    run = taught()
    adapters = run.players[-1].lesson
    before = deepcopy(adapters.state_dict())
    train(run)
    assert before
    assert all(not torch.equal(value, before[name]) for name, value in adapters.state_dict().items())


def test_students_stay_in_train_mode_and_trainable() -> None:
    run = taught()
    for _ in training.steps(run, random_batch, SCHEDULE, CPU):
        for player in run.players:
            assert player.network.training
            assert all(parameter.requires_grad for parameter in player.network.parameters())


@pytest.mark.parametrize("mover", [0, 1])
def test_a_move_neither_moves_the_others_nor_touches_their_gradients(mover: int) -> None:
    run = taught()
    train(run, until=1)
    player, other = run.players[mover], run.players[1 - mover]
    weights = deepcopy(other.network.state_dict())
    gradients = {name: deepcopy(p.grad) for name, p in other.network.named_parameters()}
    mine = deepcopy(player.network.state_dict())
    training.move(player, [other], run.optimisers[player.name], random_batch(1, 0), CPU)
    assert all(torch.equal(value, weights[name]) for name, value in other.network.state_dict().items())
    for name, parameter in other.network.named_parameters():
        if gradients[name] is None:
            assert parameter.grad is None
        else:
            assert torch.equal(parameter.grad, gradients[name])  # type: ignore[arg-type]
    assert any(not torch.equal(value, mine[name]) for name, value in player.network.state_dict().items())


def test_a_frozen_part_stays_frozen_while_others_move() -> None:
    run = taught()
    player, other = run.players
    still: Any = other.network.get_submodule("down")
    still.requires_grad_(False)
    training.move(player, [other], run.optimisers[player.name], random_batch(0, 0), CPU)
    assert not any(parameter.requires_grad for parameter in still.parameters())
    assert all(parameter.requires_grad for parameter in other.network.get_submodule("up").parameters())


def test_players_move_as_often_as_they_are_told_each_on_a_batch_of_its_own() -> None:
    run, drawn = taught(), []
    moved: list[str] = []

    def draw(step: int, move: int) -> Batch:
        drawn.append((step, move))
        return random_batch(step, move)

    def counted(player: Player) -> Player:
        def losses(batch: Batch) -> dict[str, Tensor]:
            moved.append(player.name)
            return player.losses(batch)

        return replace(player, losses=losses)

    run.players = [counted(player) for player in run.players]
    list(training.steps(run, draw, schedule(steps=2), CPU))
    assert drawn == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert moved == ["discriminator", "discriminator", "generator"] * 2


def test_no_steps_change_nothing() -> None:
    run = taught(steps=0)
    before = deepcopy(tensors(run))
    assert train(run, steps=0) == []
    assert all(torch.equal(value, before[name]) for name, value in tensors(run).items())
