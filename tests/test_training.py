"""The training loop: golden losses, exact resumption, the rate, the average, who is held still, and how it fails."""

from __future__ import annotations

import io
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from stages.distillations import euclidean, none
from stages.families import stargan
from stages.learning import paced, training
from stages.learning.contracts import Game, Moment, Networks, Parts, Player, Role, Side
from stages.learning.finite import NotFiniteError
from stages.learning.problems import Domain, Problem
from stages.learning.rates import decay
from stages.learning.teaching import Teaching
from stages.settings.rows import Schedule
from stages.storage import prepared
from tests.tiny import CPU, LABELS, PIXELS, PLAY, SCHEDULE

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


def tiny(**changes: Any) -> stargan.Spec:  # noqa: ANN401 - fields of the spec
    """A spec small enough for a test."""
    fields = {"labels": LABELS, "classes": LABELS, "resolution": PIXELS, "width": 4, "blocks": 2, "critic_width": 4}
    return stargan.Spec(**{**fields, **changes})


def build(spec: stargan.Spec, seed: int = 0) -> Networks:
    """Both networks, the same for the same seed."""
    torch.manual_seed(seed)
    return stargan.build(spec)


def frozen(networks: Networks) -> Networks:
    """As a teacher comes from its checkpoint."""
    return {name: network.eval().requires_grad_(False) for name, network in networks.items()}


def noise(step: int, turn: int) -> Moment:
    """Noise with random labels, from (step, turn) alone."""
    source = torch.Generator().manual_seed(1000 * step + turn)
    label = torch.randint(0, 2, (2, LABELS), generator=source).float()
    tensors = {
        "real": torch.rand(2, 3, PIXELS, PIXELS, generator=source) * 2 - 1,
        "label": label,
        "target": 1 - label,
        "mix": torch.rand(2, 1, 1, 1, generator=source),
    }
    return Moment(tensors, seed=step, step=step, steps=SCHEDULE.steps)


def attributes() -> Problem:
    """A problem of independent labels; its images are never looked at."""
    names = tuple(f"label{index}" for index in range(LABELS))
    split = prepared.Split(np.zeros((0, PIXELS, PIXELS, 3), np.uint8), np.zeros((0, LABELS), np.uint8), None, None)
    known = slice(0, LABELS)
    return Problem((Domain(split, "noise", names, tuple(range(LABELS)), known, "attributes", (), (), LABELS),))


def teach(teacher: Networks, student: Networks, match: dict[str, str]) -> nn.Module:
    """A Euclidean lesson between two tiny generators of any width."""
    sides = []
    for networks in (teacher, student):
        generator: Any = networks["generator"]
        sides.append(Side(networks, stargan.taps(generator.spec, "generator")))
    return euclidean.objective(*sides, match=match, weight=1.0)


def game(student: Networks, teacher: Networks | None, lesson: nn.Module | None = None) -> Game:
    """StarGAN's game, its generator taught a lesson if there is one."""
    untaught = none.objective(Side({}, {}), Side({}, {}))
    lessons: Mapping[Role, Teaching] = {
        "generator": Teaching(lesson or untaught, paced.of("constant", {}), stargan.OUTPUT, stargan.RIVALS),
        "discriminator": Teaching(untaught, paced.of("constant", {})),
    }
    return stargan.game(student, teacher, lessons, stargan.Losses(), PLAY, attributes())


def taught(**changes: Any) -> training.Run:  # noqa: ANN401 - fields of the schedule
    """A gated student with an adapter, at its first step."""
    teacher, student = frozen(build(tiny(width=8, output="gated", blocks=3))), build(tiny(output="gated"), seed=1)
    lesson = teach(teacher, student, {"res2": "res1", "image": "image"})
    return training.prepare(game(student, teacher, lesson), schedule(**changes))


def schedule(**changes: Any) -> Schedule:  # noqa: ANN401 - fields of the schedule
    """The tests' schedule with changes, checked again."""
    return Schedule.model_validate({**SCHEDULE.model_dump(), **changes})


def train(run: training.Run, until: int | None = None, **changes: Any) -> list[dict[str, float]]:  # noqa: ANN401
    """The losses of each step up to a step."""
    curve = []
    for step, losses in training.steps(run, noise, schedule(**changes), CPU):
        curve.append(losses)
        if step == until:
            break
    return curve


def tensors(run: training.Run) -> dict[str, Tensor]:
    """All that training changes, by name."""
    found: dict[str, Tensor] = {}
    for part, state in run.state().items():
        if part.startswith("optimiser."):
            moments = state["state"].items()
            found |= {f"{part}.{index}.{key}": value for index, each in moments for key, value in each.items()}
        elif part != "step":
            found |= {f"{part}.{key}": value for key, value in state.items()}
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
        for network in (*resumed.game.networks.values(), *resumed.averages.values()):
            for parameter in network.parameters():
                parameter.normal_()
    resumed.restore(torch.load(file, weights_only=True))
    assert resumed.step == 3
    assert started + train(resumed, average=0.9) == complete
    expected, found = tensors(whole), tensors(resumed)
    assert found.keys() == expected.keys()
    assert {name.split(".")[0] for name in found} == {"network", "average", "optimiser"}
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_rates_are_constant_then_fall_linearly() -> None:
    half = schedule(steps=100, decay_from=0.5)
    assert [decay(half, step) for step in (0, 50, 75, 99)] == pytest.approx([1, 1, 0.5, 0.02])
    assert decay(schedule(steps=100, decay_from=0.0), 25) == pytest.approx(0.75)
    assert decay(schedule(steps=100, decay_from=1.0), 99) == 1


def test_rates_as_released_fall_by_a_thousandth_in_all() -> None:
    slip = schedule(steps=1000, decay_from=0.5, decay="as_released")
    assert [decay(slip, step) for step in (500, 750, 1000)] == pytest.approx([1, 0.9995, 0.999], abs=1e-9)


def test_each_role_has_its_own_rate_and_both_fall() -> None:
    rates = {"learning_rate": 1e-3, "critic_learning_rate": 2e-3}
    run = taught(**rates)
    for step, _ in training.steps(run, noise, schedule(**rates), CPU):
        left = decay(schedule(**rates), step - 1)
        for role, rate in (("generator", 1e-3), ("discriminator", 2e-3)):
            (group,) = run.optimisers[frozenset((role, f"{role}_lesson"))].param_groups
            assert group["lr"] == pytest.approx(rate * left)
    assert left < 1


def poisoned(step: int, turn: int) -> Moment:
    """Noise, until one pixel of the third step's first batch is NaN."""
    moment = noise(step, turn)
    if (step, turn) == (2, 0):
        moment["real"][0, 0, 0, 0] = float("nan")
    return moment


def test_a_loss_that_is_nan_is_named_with_its_step_and_the_last_values() -> None:
    before = train(taught(), until=2)[-1]
    with pytest.raises(NotFiniteError) as caught:
        list(training.steps(taught(), poisoned, SCHEDULE, CPU))
    message = str(caught.value)
    assert message.startswith("step 2: ")
    broken, seen = message.split(" is not finite; last finite values: ")
    assert "discriminator/real" in broken
    assert seen == ", ".join(f"{name} {value:.4g}" for name, value in before.items())


def test_a_first_step_that_is_nan_says_that_nothing_came_before() -> None:
    with pytest.raises(NotFiniteError, match=r"step 0: .*last finite values: none yet"):
        list(training.steps(taught(), lambda _step, turn: poisoned(2, turn), SCHEDULE, CPU))


def test_average_follows_the_generator() -> None:
    run = taught(average=0.5)
    generator: Any = run.game.networks["generator"]
    expected = deepcopy(dict(generator.named_parameters()))
    for step, _ in training.steps(run, noise, schedule(average=0.5), CPU):
        keep = min(0.5, step / (9 + step))
        with torch.no_grad():
            for name, parameter in generator.named_parameters():
                expected[name].mul_(keep).add_((1 - keep) * parameter)
    averaged: Any = run.averages["generator"]
    for name, parameter in averaged.named_parameters():
        torch.testing.assert_close(parameter.detach(), expected[name].detach())
        assert not parameter.requires_grad
    assert not torch.allclose(averaged.paint.weight, generator.paint.weight, atol=1e-5)
    assert run.result()["generator"] is averaged


def test_without_average_the_trained_network_is_kept() -> None:
    run = taught(average=0.0)
    assert run.averages == {}
    assert run.result() == run.game.networks


def test_rows_with_and_without_teacher_run_from_the_same_entry() -> None:
    teacher, match = frozen(build(tiny(width=8))), {"res1": "res1", "image": "image"}

    def run(student: Networks, lesson: nn.Module | None) -> tuple[list[dict[str, float]], dict[str, Tensor]]:
        prepared_run = training.prepare(game(student, teacher if lesson else None, lesson), SCHEDULE)
        return train(prepared_run), tensors(prepared_run)

    alone, _ = run(build(tiny(), seed=1), None)
    student = build(tiny(), seed=1)
    pupil, parts = run(student, teach(teacher, student, match))
    assert set(pupil[0]) - set(alone[0]) == {"generator/euclidean_res1", "generator/euclidean_image"}
    shared = set(alone[0]) & set(pupil[0])
    assert {name: pupil[0][name] for name in shared} == pytest.approx({name: alone[0][name] for name in shared})
    assert pupil[-1]["generator/cycle"] != alone[-1]["generator/cycle"]
    assert any(name.startswith("network.generator_lesson.lesson.adapters") for name in parts)


def test_a_row_without_lessons_is_the_same_with_and_without_its_teacher() -> None:
    curves = []
    for teacher in (None, frozen(build(tiny(width=8)))):
        curves.append(train(training.prepare(game(build(tiny(), seed=1), teacher), SCHEDULE)))
    assert curves[0] == curves[1]


def test_lessons_train_their_adapters() -> None:
    run = taught()
    adapters = run.game.networks["generator_lesson"]
    before = deepcopy(adapters.state_dict())
    train(run)
    assert before
    assert all(not torch.equal(value, before[name]) for name, value in adapters.state_dict().items())


def test_students_stay_in_train_mode_and_trainable() -> None:
    run = taught()
    for _ in training.steps(run, noise, SCHEDULE, CPU):
        for network in run.game.networks.values():
            assert network.training
            assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("mover", [0, 1])
def test_a_move_neither_moves_the_others_nor_touches_their_gradients(mover: int) -> None:
    run = taught()
    train(run, until=1)
    player = run.game.players[mover]
    others = {name: network for name, network in run.game.networks.items() if name not in player.networks}
    assert others
    weights = deepcopy({name: network.state_dict() for name, network in others.items()})
    gradients = {name: [deepcopy(p.grad) for p in network.parameters()] for name, network in others.items()}
    mine = deepcopy(run.game.networks[player.name].state_dict())
    training.move(run.game, player, run.optimisers[frozenset(player.networks)], noise(1, 0), CPU)
    for name, network in others.items():
        assert all(torch.equal(value, weights[name][key]) for key, value in network.state_dict().items())
        for parameter, gradient in zip(network.parameters(), gradients[name], strict=True):
            if gradient is None:
                assert parameter.grad is None
            else:
                assert parameter.grad is not None
                assert torch.equal(parameter.grad, gradient)
    moved = run.game.networks[player.name].state_dict()
    assert any(not torch.equal(value, mine[key]) for key, value in moved.items())


def test_a_frozen_part_stays_frozen_while_others_move() -> None:
    run = taught()
    critic, _ = run.game.players
    generator = run.game.networks["generator"]
    still = generator.get_submodule("down")
    still.requires_grad_(False)
    training.move(run.game, critic, run.optimisers[frozenset(critic.networks)], noise(0, 0), CPU)
    assert not any(parameter.requires_grad for parameter in still.parameters())
    assert all(parameter.requires_grad for parameter in generator.get_submodule("up").parameters())


def test_players_move_as_often_as_they_are_told_each_on_a_batch_of_its_own() -> None:
    drawn: list[tuple[int, int]] = []
    moved: list[str] = []

    def draw(step: int, turn: int) -> Moment:
        drawn.append((step, turn))
        return noise(step, turn)

    def counted(player: Player) -> Player:
        def losses(moment: Moment) -> Parts:
            moved.append(player.name)
            return player.losses(moment)

        return replace(player, losses=losses)

    run = taught()
    run.game = replace(run.game, players=tuple(counted(player) for player in run.game.players))
    list(training.steps(run, draw, schedule(steps=2), CPU))
    assert drawn == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert moved == ["discriminator", "discriminator", "generator"] * 2


def test_no_steps_change_nothing() -> None:
    run = taught(steps=0)
    before = deepcopy(tensors(run))
    assert train(run, steps=0) == []
    assert all(torch.equal(value, before[name]) for name, value in tensors(run).items())
