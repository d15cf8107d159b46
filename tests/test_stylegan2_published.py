"""The published procedure computes StyleGAN2's losses on our weights, and moves them as ours does."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from retort.benches import bench_training
from retort.benches.cases import stylegan2 as cases
from stages.distillations import none
from stages.families import stylegan2
from stages.learning import devices, paced, training
from stages.learning.contracts import Family, Game, Moment, Networks, Side
from stages.learning.teaching import Teaching
from tests.reference import published_stylegan2 as published

CASE = cases.Case(role="teacher", resolution=16, width=8, critic_width=4, batch=8, rounds=1)
STUDENT = replace(CASE, role="student")
CPU = devices.Place(torch.device("cpu"), "float32")
FIRST = {0: 3, 1: 2, 2: 5}
"""The layer from which on the second latent is heard, of each move."""


def drawn(turn: int) -> Moment:
    """A move's tensors; mixing is the whole batch's, as it is published."""
    moment = bench_training.feed("stylegan2", CASE)(0, turn)
    layers = 2 * len(CASE.widths(CASE.width))
    where = torch.full((CASE.batch,), (FIRST[min(turn, 2)] - 0.5) / (layers - 1))
    return replace(moment, tensors={**moment.tensors, "where": where})


def told(moment: Moment, turn: int) -> published.Told:
    return published.Told(moment["latent"], moment["other"], FIRST[turn])


@pytest.fixture(scope="module")
def weights() -> Networks:
    """Networks whose biases are not at their starting zeros."""
    torch.manual_seed(0)
    networks = stylegan2.build(CASE.large())
    with torch.no_grad():
        for network in networks.values():
            for name, parameter in network.named_parameters():
                if name.endswith("bias"):
                    parameter.add_(torch.randn_like(parameter) / 5)
    return networks


@pytest.fixture
def networks(weights: Networks) -> Networks:
    return deepcopy(weights)


@pytest.fixture
def theirs(networks: Networks) -> published.Procedure:
    procedure = published.like(CASE.large())
    published.copy_weights(procedure.generator, networks["generator"])
    published.copy_weights(procedure.critic, networks["discriminator"])
    return procedure


def ours(networks: Networks) -> Game:
    nothing = none.objective(Side({}, {}), Side({}, {}))
    lessons = {role: Teaching(nothing, paced.of(paced.CONSTANT, {})) for role in stylegan2.ROLES}
    return stylegan2.game(networks, None, lessons, stylegan2.Losses(), CASE.play(), CASE.problem())


def losses(game: Game, name: str, moment: Moment) -> dict[str, float]:
    (player,) = (player for player in game.players if player.name == name)
    torch.manual_seed(moment.seed)
    return {part: value.item() for part, value in player.losses(moment).items()}


def numbers(parts: dict[str, Tensor]) -> dict[str, float]:
    return {part: value.item() for part, value in parts.items()}


def test_the_generator_has_the_published_loss(networks: Networks, theirs: published.Procedure) -> None:
    moment = drawn(0)
    found = losses(ours(networks), "generator", moment)
    assert found == pytest.approx(numbers(theirs.generator_loss(told(moment, 0))), rel=1e-5)
    mine: Any = networks["generator"]
    assert torch.allclose(mine.mean, theirs.generator.mean, atol=1e-6)


def test_path_lengths_are_the_published_ones(networks: Networks, theirs: published.Procedure) -> None:
    moment = drawn(1)
    # Without noise of layers, which is silent here; that of the image is drawn in another order of pixels.
    networks["generator"].eval()
    found = losses(ours(networks), "path", moment)
    torch.manual_seed(moment.seed)
    noise = torch.randn_like(torch.empty(4, 3, 16, 16).to(memory_format=torch.channels_last))
    assert found == pytest.approx(numbers(theirs.path_loss(told(moment, 1), noise)), rel=1e-4)
    assert found["path_length"] > 1e-3


def test_the_critic_has_the_published_losses(networks: Networks, theirs: published.Procedure) -> None:
    moment = drawn(2)
    found = losses(ours(networks), "discriminator", moment)
    expected = numbers(theirs.real_loss(moment["real"]) | theirs.fake_loss(told(moment, 2)))
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_slope_written_as_a_product_of_weights_is_autograds(
    networks: Networks, theirs: published.Procedure
) -> None:
    moment = drawn(2)
    critic: Any = networks["discriminator"]
    (player,) = (player for player in ours(networks).players if player.name == "slope")
    found = player.losses(moment)["r1"]
    expected = theirs.slope_loss(moment["real"])["r1"]
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    found.backward()
    expected.backward()
    for parameter, other in zip(critic.parameters(), published.critic_weights(theirs.critic), strict=True):
        mine, their = (torch.zeros_like(each) if each.grad is None else each.grad for each in (parameter, other))
        assert torch.allclose(mine, their, rtol=1e-4, atol=1e-5 * expected.item())


def test_a_whole_step_leaves_the_published_weights(networks: Networks, theirs: published.Procedure) -> None:
    # Without noise, whose order differs.
    for layer in [*networks["generator"].modules(), *theirs.generator.modules()]:
        for name in {"share", "strength"} & layer._parameters.keys():
            setattr(layer, name, None)
    before, game = deepcopy(networks), ours(networks)
    game = replace(game, players=tuple(player for player in game.players if player.name != "path"))
    plan = bench_training.schedule("stylegan2", CASE)
    run = training.prepare(game, plan)
    for optimiser in run.optimisers.values():
        for group in optimiser.param_groups:
            group["betas"] = tuple(theirs.moves_critic.param_groups[0]["betas"])
    theirs.moves_generator.param_groups[0].update(lr=published.RATE, betas=theirs.moves_critic.param_groups[0]["betas"])
    next(training.steps(run, lambda _, turn: drawn(2 if turn else 0), plan, CPU))
    theirs.move(theirs.generator, theirs.moves_generator, (theirs.generator_loss, told(drawn(0), 0)))
    pair = (theirs.fake_loss, told(drawn(2), 2)), (theirs.real_loss, drawn(2)["real"])
    theirs.move(theirs.critic, theirs.moves_critic, *pair)
    theirs.move(theirs.critic, theirs.moves_critic, (theirs.slope_loss, drawn(2)["real"]))
    sides = (
        ("generator", published.our_generator_weights, published.generator_weights(theirs.generator)),
        ("discriminator", lambda network: list(network.parameters()), published.critic_weights(theirs.critic)),
    )
    for name, ordered, others in sides:
        start, mine, their = (
            torch.cat([each.detach().flatten() for each in found])
            for found in (ordered(before[name]), ordered(networks[name]), others)
        )
        # Adam divides a gradient by its own size: where that is rounding alone, the sign of the step is, too.
        assert ((mine - their).abs() > 1e-5).float().mean() < 0.02
        assert (mine - start).abs().median() > 1e-4


def test_a_student_is_taught_the_teachers_images(networks: Networks) -> None:
    torch.manual_seed(1)
    student = stylegan2.build(STUDENT.trained())
    procedure = published.like(STUDENT.trained(), STUDENT.large())
    published.copy_weights(procedure.generator, student["generator"])
    assert procedure.teacher is not None
    published.copy_weights(procedure.teacher, networks["generator"])
    taught = bench_training.lessons(cast(Family, stylegan2), STUDENT, student, networks)
    game = stylegan2.game(student, networks, taught, stylegan2.Losses(), STUDENT.play(), STUDENT.problem())
    found = losses(game, "generator", drawn(0))
    expected = numbers(procedure.generator_loss(told(drawn(0), 0)))
    assert found["euclidean_image"] == pytest.approx(expected["lesson"], rel=1e-5)
    assert expected["lesson"] > 1e-3


def test_arithmetic_in_bfloat16_leaves_latents_and_path_lengths_in_full_precision(networks: Networks) -> None:
    plan = bench_training.schedule("stylegan2", CASE)
    run = training.prepare(ours(networks), plan)
    half = devices.Place(torch.device("cpu"), "bfloat16")
    _, found = next(training.steps(run, lambda _, turn: drawn(turn), plan, half))
    assert set(found) == {
        "generator/adversarial", "path/path_length", "discriminator/real", "discriminator/fake", "slope/r1"
    }  # fmt: skip
    with half.autocast():
        assert networks["generator"].watch(drawn(0)["latent"][:, : CASE.large().latent])["w"].dtype == torch.float32  # type: ignore[operator]
