"""StyleGAN2: published sizes, layers against the published formulas, both penalties, mixing, and exact resuming."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stages.families import stylegan2
from stages.families.stylegan2 import critic, layers, steering
from stages.learning import counting, rates, training
from stages.learning.contracts import Game, Moment, Player
from stages.learning.training import Run
from tests import styled, tiny
from tests.styled import LATENT, LOSSES, PLAY, SPEC
from tests.tiny import CPU

BOTH = replace(LOSSES, path_length=2.0)
ALL = stylegan2.Play(mixing=0.9, r1_every=2, path_every=2, fakes="same")


def generator(seed: int = 0, **changes: Any) -> Any:  # noqa: ANN401 - a Generator, whose taps are Any
    """A generator that has left the place where it began."""
    made: Any = styled.networks(replace(SPEC, **changes), seed)["generator"]
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) / 10)
    return made


def latents(count: int = 4, seed: int = 0) -> Tensor:
    """Some z."""
    return torch.randn(count, LATENT, generator=torch.Generator().manual_seed(seed))


def player(name: str, game: Game) -> Player:
    """One player of a game."""
    return next(each for each in game.players if each.name == name)


# Networks.


@pytest.mark.parametrize(
    ("share", "parameters", "macs"), [(1.0, 30_034_338, 45.125), (0.3, 5_570_947, 4.067)], ids=["teacher", "student"]
)
def test_generators_have_the_published_sizes(share: float, parameters: int, macs: float) -> None:
    """The literature's student has each width times 0.3, rounded to the nearest, and the teacher's mapping."""
    widths = [round(share * width) for width in stylegan2.Spec(256).channels()]
    with torch.device("meta"):
        made, inputs = stylegan2.example({**stylegan2.PAPER, "widths": widths})
        found = counting.of_pass(made["generator"], inputs["generator"])["macs"]
    assert sum(parameter.numel() for parameter in made["generator"].parameters()) == parameters
    assert found / 1e9 == pytest.approx(macs, rel=1e-4)


def test_the_critic_has_the_published_size() -> None:
    with torch.device("meta"):
        made, inputs = stylegan2.example(stylegan2.PAPER)
        found = counting.of_pass(made["discriminator"], inputs["discriminator"])["macs"]
    assert sum(parameter.numel() for parameter in made["discriminator"].parameters()) == 28_864_129
    assert found / 1e9 == pytest.approx(46.5, abs=0.05)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"resolution": 24}, "doubles its side again and again from 4, so it cannot make 24 px"),
        ({"widths": (4, 4)}, "widths has 2 numbers; 16 px need 3, from 4 px up"),
        ({"critic_widths": (4, 4, 4, 4)}, "critic_widths has 4 numbers; 16 px need 3"),
    ],
)
def test_a_spec_that_cannot_be_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        replace(SPEC, **changes)


def test_an_example_of_another_resolution_goes_on_with_half_the_channels() -> None:
    with torch.device("meta"):
        made: Any = stylegan2.example({"resolution": 64, "widths": [8, 6], "latent": 8})[0]["generator"]
    assert made.spec.widths == (8, 6, 3, 1, 1)


def grouped(x: Tensor, style: Tensor, weight: Tensor, demodulated: bool, up: bool) -> Tensor:
    """The published way: a kernel for each image, all images as groups of one convolution."""
    count, outputs, inputs = len(x), *weight.shape[:2]
    kernels = weight / math.sqrt(weight[0].numel()) * style[:, None, :, None, None]
    if demodulated:
        kernels = kernels * (kernels.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    together = x.reshape(1, -1, *x.shape[2:])
    if not up:
        stacked = kernels.reshape(-1, *weight.shape[1:])
        padding = weight.shape[2] // 2
        return F.conv2d(together, stacked, padding=padding, groups=count).view(count, outputs, *x.shape[2:])
    stacked = kernels.transpose(1, 2).reshape(count * inputs, outputs, *weight.shape[2:])
    wide = F.conv_transpose2d(together, stacked, stride=2, groups=count)
    return filtered(wide.view(count, outputs, *wide.shape[2:]), (1, 1)) * 4


def filtered(x: Tensor, padding: tuple[int, int]) -> Tensor:
    """[1, 3, 3, 1] in both directions, written out."""
    before, after = padding
    x = F.pad(x, (before, after, before, after))
    for axis in (2, 3):
        length = x.shape[axis] - 3
        x = sum(w / 8 * x.narrow(axis, start, length) for start, w in enumerate((1, 3, 3, 1)))  # type: ignore[assignment]
    return x


def answered(x: Tensor, bias: Tensor | None) -> Tensor:
    """What follows a published convolution: a bias, LeakyReLU, √2."""
    assert bias is not None
    return F.leaky_relu(x + bias[:, None, None], 0.2) * math.sqrt(2)


@pytest.mark.parametrize("up", [False, True])
def test_modulated_activations_are_modulated_weights(up: bool) -> None:
    torch.manual_seed(0)
    layer: Any = layers.ModulatedUp(5, 7) if up else layers.Modulated(5, 7, 3)
    nn.init.normal_(layer.bias)
    x, style = torch.randn(3, 5, 6, 6, requires_grad=True), torch.randn(3, 5, requires_grad=True)
    weight = layer.weight.transpose(0, 1) if up else layer.weight
    found = layers.bent(layer(x, style))
    expected = answered(grouped(x, style, weight, demodulated=True, up=up), layer.bias)
    assert found.shape == (3, 7, 12, 12) if up else (3, 7, 6, 6)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    slopes = [torch.autograd.grad(each.square().sum(), (x, style, layer.weight)) for each in (found, expected)]
    torch.testing.assert_close(*slopes, rtol=1e-4, atol=1e-4)


def test_what_is_painted_is_not_demodulated() -> None:
    torch.manual_seed(0)
    layer: Any = layers.Modulated(5, 3, 1, demodulated=False)
    nn.init.normal_(layer.bias)
    x, style = torch.randn(3, 5, 6, 6), torch.randn(3, 5)
    expected = grouped(x, style, layer.weight, demodulated=False, up=False) + layer.bias[:, None, None]
    torch.testing.assert_close(layer(x, style), expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(layer(x, 2 * style) - layer(x, style), expected - layer.bias[:, None, None])


def test_demodulated_outputs_have_twice_the_variance_of_inputs() -> None:
    torch.manual_seed(0)
    found = layers.Modulated(32, 32, 3)(torch.randn(8, 32, 16, 16), torch.rand(8, 32) * 9 + 1)
    assert found[:, :, 1:-1, 1:-1].var().item() == pytest.approx(2, rel=0.1)


def test_an_image_is_enlarged_as_published() -> None:
    """Zeros between its pixels, then the filter; beyond the edge there is zero."""
    image = torch.randn(2, 3, 5, 5)
    sparse = torch.zeros(2, 3, 10, 10)
    sparse[:, :, ::2, ::2] = image
    torch.testing.assert_close(layers.enlarged(image), 4 * filtered(sparse, (2, 1)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("side", [1, 3])
def test_a_critic_halves_its_maps_behind_the_filter(side: int) -> None:
    layer, x = layers.Convolution(4, 5, side, down=True, gain=0.7), torch.randn(2, 4, 8, 8)
    nn.init.normal_(layer.bias)  # type: ignore[arg-type]
    weight, bias = 0.7 * layer.weight / math.sqrt(4 * side**2), torch.as_tensor(layer.bias) * 0.7
    blurred = filtered(x, (2, 2) if side == 3 else (1, 1))
    expected = F.conv2d(blurred, weight, bias, stride=2)
    assert expected.shape == (2, 5, 4, 4)
    torch.testing.assert_close(layer(x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rate", [1.0, 0.01])
def test_linear_layers_are_scaled_as_they_are_used(rate: float) -> None:
    torch.manual_seed(0)
    layer = layers.Linear(64, 512, bias=1.0, rate=rate)
    assert layer.weight.std().item() * rate == pytest.approx(1, rel=0.02)
    x = torch.randn(2, 64)
    torch.testing.assert_close(layer(x), x @ (layer.weight * rate).T / 8 + 1.0)
    # A step of the weights moves what is used by the rate, whatever their number.
    (slope,) = torch.autograd.grad(layer(x)[0, 0], layer.weight)
    torch.testing.assert_close(slope[0], x[0] * rate / 8)


def test_a_residual_block_is_the_published_one() -> None:
    block, x = critic.Residual(4, 5), torch.randn(2, 4, 8, 8)
    for layer in (block.keep, block.down):
        nn.init.normal_(layer.bias)  # type: ignore[arg-type]
    kept = answered(F.conv2d(x, block.keep.weight / 6, padding=1), block.keep.bias)
    halved = answered(F.conv2d(filtered(kept, (2, 2)), block.down.weight / 6, stride=2), block.down.bias)
    around = F.conv2d(filtered(x, (1, 1)), block.around.weight / 2, stride=2)
    torch.testing.assert_close(block(x), (halved + around) / math.sqrt(2), rtol=1e-5, atol=1e-5)


def test_bent_keeps_the_second_moment_of_what_has_twice_the_variance() -> None:
    x = torch.randn(100_000) * math.sqrt(2)
    assert layers.bent(x).square().mean().item() == pytest.approx(1.04, rel=0.02)


def test_w_knows_the_direction_of_z_alone() -> None:
    mapping = generator().mapping
    torch.testing.assert_close(mapping(latents()), mapping(3 * latents()))


@pytest.mark.parametrize(("count", "most", "group"), [(4, 4, 4), (6, 4, 3), (8, 4, 4), (2, 4, 2), (5, 4, 1)])
def test_the_deviation_of_a_group_is_its_formula(count: int, most: int, group: int) -> None:
    x = torch.randn(count, 3, 2, 2)
    found = critic.deviation(x, most)
    assert found.shape == (count, 1, 2, 2)
    numbers = x.double().numpy()
    for image in range(count):
        mates = [other for other in range(count) if other % (count // group) == image % (count // group)]
        assert len(mates) == group
        spread = np.sqrt(numbers[mates].var(axis=0) + 1e-8).mean()
        assert found[image].flatten().tolist() == pytest.approx([spread] * 4, rel=1e-4)


def test_a_second_synthesis_has_taps_of_its_own() -> None:
    made = generator()
    offset = torch.randn(4, LATENT)
    once, seen = made.watch(latents()), made.watch(latents(), None, None, offset)
    assert set(seen) == set(once) | {f"again.{tap}" for tap in once if tap != "w"}
    moved = made.paint(made.spread(made.mapping(latents()) + offset))
    for tap in ("block4", "block8", "block16", "image"):
        assert torch.equal(seen[tap], once[tap])
        torch.testing.assert_close(seen[f"again.{tap}"], moved[tap])


def test_what_paints_a_side_hears_what_the_next_sides_first_layer_does() -> None:
    made = generator()
    ws = torch.randn(2, made.layers, LATENT, requires_grad=True)
    seen = made.paint(ws)
    heard = {}
    for tap, value in seen.items():
        (slope,) = torch.autograd.grad(value.sum(), ws, retain_graph=True)
        heard[tap] = slope[0].any(dim=1).nonzero().flatten().tolist()
    assert made.layers == 6
    assert heard == {
        "block4": [0],
        "block8": [0, 1, 2],
        "block16": [0, 1, 2, 3, 4],
        "image": [0, 1, 2, 3, 4, 5],
    }


def test_noise_is_drawn_in_training_and_still_in_evaluation() -> None:
    fresh: Any = styled.networks(replace(SPEC, noise=True))["generator"]
    made = generator(noise=True)
    drawn = []
    for network in (fresh, made):
        torch.manual_seed(3)
        first = network(latents())
        drawn.append((first, network(latents()), network.eval()(latents()), network(latents())))
    assert torch.equal(drawn[0][0], drawn[0][1]), "begins without noise"
    assert not torch.equal(drawn[1][0], drawn[1][1])
    assert torch.equal(drawn[1][2], drawn[1][3])


def test_truncation_moves_images_towards_that_of_the_mean() -> None:
    made = generator()
    with torch.no_grad():
        made.mean.copy_(made.mapping(latents(64)).mean(dim=0))
    of = {"generator": made}
    torch.testing.assert_close(stylegan2.sample(of, latents(), 1.0), made(latents()))
    still = stylegan2.sample(of, latents(), 0.0)
    assert torch.equal(still, still[:1].expand_as(still))
    apart = [stylegan2.sample(of, latents(), share).var(dim=0).mean().item() for share in (0.0, 0.3, 0.6, 1.0)]
    assert apart == sorted(apart)


def test_latents_of_a_test_are_the_same_for_teacher_and_student() -> None:
    longer = styled.networks(replace(SPEC, latent=LATENT + 3))
    theirs, mine = (stylegan2.latents(of, 5, 7) for of in (longer, styled.networks()))
    assert torch.equal(theirs[:, :LATENT], mine)
    assert not torch.equal(mine, stylegan2.latents(styled.networks(), 5, 8))


def test_directions_are_those_that_styles_answer_to_most() -> None:
    made = generator()
    found = steering.directions(made, 4)
    affines = [module.weight for name, module in made.named_modules() if name.endswith("affine")]
    assert len(affines) == 8
    answered = [(torch.cat(affines) @ direction).norm().item() for direction in found]
    assert answered == sorted(answered, reverse=True)
    torch.testing.assert_close(found @ found.T, torch.eye(4), rtol=0, atol=1e-5)
    other = F.normalize(torch.randn(200, LATENT), dim=1)
    assert answered[0] >= (torch.cat(affines) @ other.T).norm(dim=0).max().item()


# Losses and moves.


def test_losses_are_their_formulas() -> None:
    of, moment = styled.networks(), styled.draw(0, 0)
    made = styled.game(of)
    fake = of["generator"](moment["latent"][:, :LATENT])
    scores = [of["discriminator"](image).detach().double() for image in (fake, moment["real"])]
    found = player("generator", made).losses(moment) | player("discriminator", made).losses(moment)
    expected = {
        "adversarial": -F.logsigmoid(scores[0]).mean(),
        "fake": -F.logsigmoid(-scores[0]).mean(),
        "real": -F.logsigmoid(scores[1]).mean(),
    }
    assert {name: part.item() for name, part in found.items()} == pytest.approx(
        {name: part.item() for name, part in expected.items()}, rel=1e-5
    )


@pytest.mark.parametrize("count", [1, 4, 6])
def test_the_critics_slope_is_what_autograd_finds_and_so_is_the_penaltys_gradient(count: int) -> None:
    critic: Any = styled.networks()["discriminator"]
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.add_(torch.randn_like(parameter) / 4)
    image = torch.rand(count, 3, styled.PIXELS, styled.PIXELS) * 2 - 1
    watched = image.clone().requires_grad_()
    (expected,) = torch.autograd.grad(critic(watched).sum(), watched, create_graph=True)
    torch.testing.assert_close(critic.slope(image), expected, rtol=1e-4, atol=1e-6)
    weights = [parameter for name, parameter in critic.named_parameters() if not name.endswith("bias")]
    gradients = [
        torch.autograd.grad(slope.square().sum(), weights, allow_unused=True)
        for slope in (critic.slope(image), expected)
    ]
    for mine, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-5)


class Weighing(nn.Module):
    """A critic that is linear."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, styled.PIXELS, styled.PIXELS))

    def slope(self, image: Tensor) -> Tensor:
        """Its weight at every image."""
        return self.weight.expand_as(image)


def test_the_penalty_of_a_linear_critic_is_of_its_weight() -> None:
    critic = Weighing()
    made = styled.game({**styled.networks(), "discriminator": critic})
    found = player("slope", made).losses(styled.draw(0, 0))["r1"]
    squared = critic.weight.square().sum()
    assert found.item() == pytest.approx(LOSSES.r1 / 2 * PLAY.r1_every * squared.item(), rel=1e-5)
    (slope,) = torch.autograd.grad(found, critic.weight)
    torch.testing.assert_close(slope, LOSSES.r1 * PLAY.r1_every * critic.weight.detach())


class Straight(nn.Module):
    """A generator that is linear in what its layers hear."""

    def __init__(self) -> None:
        super().__init__()
        self.spec, self.layers = SPEC, 3
        self.weight = nn.Parameter(torch.randn(self.layers * LATENT, 3 * 64))

    def heard(self, latent: Tensor, *_: Tensor | None) -> tuple[Tensor, Tensor]:
        """w as it is."""
        return latent, latent[:, None].expand(-1, self.layers, -1).clone().requires_grad_()

    def paint(self, ws: Tensor) -> dict[str, Tensor]:
        """An image."""
        return {"image": (ws.flatten(1) @ self.weight).view(-1, 3, 8, 8)}


def test_path_lengths_of_a_linear_generator_and_their_running_mean() -> None:
    straight, moment = Straight(), styled.draw(0, 0)
    made = styled.game({**styled.networks(), "generator": straight}, losses=BOTH)
    memory: Any = made.memory
    mean = 0.0
    for seed in range(3):
        torch.manual_seed(seed)
        found = player("path", made).losses(moment)["path_length"]
        torch.manual_seed(seed)
        noise = torch.randn(2, 3, 8, 8) / 8
        slope = (noise.flatten(1) @ straight.weight.T).view(2, 3, LATENT)
        lengths = slope.square().sum(dim=2).mean(dim=1).sqrt()
        mean = 0.99 * mean + 0.01 * lengths.mean().item()
        expected = 2.0 * PLAY.path_every * (lengths - mean).square().mean()
        assert found.item() == pytest.approx(expected.item(), rel=1e-5)
        assert memory.path.item() == pytest.approx(mean, rel=1e-5)
    (slope,) = torch.autograd.grad(found, straight.weight)
    assert slope.any()


def test_lazy_penalties_move_every_so_often_and_slow_their_optimisers_down() -> None:
    plan = styled.schedule(steps=7)
    play = replace(PLAY, r1_every=3, path_every=2)
    made = styled.game(styled.networks(), losses=BOTH, play=play)
    run = training.prepare(made, plan)
    steps = list(training.steps(run, styled.draw, plan, CPU))
    assert len(steps) == 7
    moved = {each.name: each.every for each in made.players}
    assert moved == {"generator": 1, "path": 2, "discriminator": 1, "slope": 3}
    for name, every in (("generator", 2), ("discriminator", 3)):
        names = frozenset(player(name, made).networks)
        share = every / (every + 1)
        assert rates.lazy(made, names) == pytest.approx(share)
        (group,) = run.optimisers[names].param_groups
        assert group["betas"] == pytest.approx((0.0, 0.99**share))
        rate = plan.learning_rate if name == "generator" else plan.critic_learning_rate
        assert group["lr"] == pytest.approx(rate * share)


def test_penalties_without_weight_are_not_played() -> None:
    made = styled.game(styled.networks(), losses=stylegan2.Losses(r1=0.0, path_length=0.0))
    assert [each.name for each in made.players] == ["generator", "discriminator"]
    assert rates.lazy(made, frozenset(made.players[0].networks)) == 1


def test_another_latent_takes_over_from_some_layer_on() -> None:
    of: Any = generator()
    own, other = latents(), latents(seed=1)
    _, ws = of.heard(own, other, torch.tensor([1.0, 3.0, 5.0, 6.0]))
    first, second = of.spread(of.mapping(own)), of.spread(of.mapping(other))
    for image, layer in enumerate((1, 3, 5, 6)):
        torch.testing.assert_close(ws[image, :layer], first[image, :layer])
        torch.testing.assert_close(ws[image, layer:], second[image, layer:])


def test_latents_are_mixed_as_often_as_asked_from_any_layer_but_the_first() -> None:
    play = replace(PLAY, mixing=0.9)
    plan = styled.schedule(batch=500)
    moment = stylegan2.feed(styled.problem(), plan, play, 0)(0, 0)
    of = styled.networks()
    made: Any = of["generator"]
    where: Any = moment.get("where")
    first = 1 + (where * (made.layers - 1)).floor()
    assert set(first.tolist()) == {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}
    assert (first < 6).float().mean().item() == pytest.approx(0.9, abs=0.05)
    shares = [(first == layer).float().mean().item() for layer in range(1, 6)]
    assert shares == pytest.approx([0.18] * 5, abs=0.06)
    told: list[tuple[Any, ...]] = []

    def watch(*given: Any) -> Any:  # noqa: ANN401 - whatever the generator is told
        told.append(given)
        return type(made).watch(made, *given)

    made.watch = watch
    player("generator", styled.game(of, play=play)).losses(moment)
    assert torch.equal(told[0][2], first)
    assert stylegan2.feed(styled.problem(), plan, PLAY, 0)(0, 0).get("where") is None


@pytest.mark.parametrize("fakes", ["fresh", "same"])
def test_critics_are_shown_images_of_their_own_or_those_just_made(fakes: Any) -> None:  # noqa: ANN401 - a literal
    play, of = replace(PLAY, fakes=fakes), styled.networks()
    draw = stylegan2.feed(styled.problem(), styled.schedule(), play, 0)
    made, shown, painted = styled.game(of, play=play), list[Tensor](), list[Tensor]()
    entry: Any = of["discriminator"].entry
    entry.register_forward_pre_hook(lambda _module, given: shown.append(given[0].detach()))
    constant: Any = of["generator"].constant
    constant.register_forward_hook(lambda _module, _given, answer: painted.append(answer))
    player("generator", made).losses(draw(0, 0))
    player("discriminator", made).losses(draw(0, 1))
    judged, both = shown
    real, criticised = both.split(4)
    assert torch.equal(real, draw(0, 1)["real"])
    assert torch.equal(draw(0, 0)["real"], real)
    assert torch.equal(judged, criticised) == (fakes == "same")
    assert len(painted) == (1 if fakes == "same" else 2)


def test_images_of_another_step_are_not_shown() -> None:
    play, of = replace(PLAY, fakes="same"), styled.networks()
    draw = stylegan2.feed(styled.problem(), styled.schedule(), play, 0)
    made = styled.game(of, play=play)
    alone = player("discriminator", made).losses(draw(1, 0))["fake"].item()
    player("generator", made).losses(draw(0, 0))
    assert player("discriminator", made).losses(draw(1, 0))["fake"].item() == alone


def test_the_mean_of_w_is_followed() -> None:
    of = styled.networks()
    network: Any = of["generator"]
    w = network.mapping(styled.draw(0, 0)["latent"][:, :LATENT])
    player("generator", styled.game(of)).losses(styled.draw(0, 0))
    torch.testing.assert_close(network.mean, 0.005 * w.detach().mean(dim=0))


def test_moments_follow_from_step_and_turn_and_can_be_shared() -> None:
    draw = stylegan2.feed(styled.problem(), styled.schedule(), replace(PLAY, mixing=0.9), 0)
    again = stylegan2.feed(styled.problem(), styled.schedule(), replace(PLAY, mixing=0.9), 0)
    first, same, turn, step = draw(3, 1), again(3, 1), draw(3, 2), draw(4, 1)
    assert first.tensors.keys() == {"real", "latent", "other", "where", "along", "far"}
    assert all(torch.equal(value, same[name]) for name, value in first.tensors.items())
    assert not torch.equal(first["latent"], turn["latent"])
    assert not torch.equal(first["real"], step["real"])
    parts = [first.shard(rank, 2) for rank in range(2)]
    for name, value in first.tensors.items():
        assert torch.equal(torch.stack([part[name] for part in parts], dim=1).flatten(0, 1), value)


def test_offsets_go_along_the_teachers_directions() -> None:
    plan = styled.schedule(batch=2000)
    moment = stylegan2.feed(styled.problem(), plan, PLAY, 0)(0, 0)
    assert set(moment["along"].tolist()) == set(range(PLAY.directions))
    assert moment["far"].std().item() == pytest.approx(PLAY.offset, rel=0.1)
    assert moment["far"].shape == (2000, 1)


# Trainings.


def begin(seed: int) -> Run:
    """A training with everything that a step may play."""
    made = styled.game(styled.networks(replace(SPEC, noise=True), seed), losses=BOTH, play=ALL)
    return training.prepare(made, styled.schedule(steps=6, average=0.9))


def draw(step: int, turn: int) -> Moment:
    """Its moments."""
    return stylegan2.feed(styled.problem(), styled.schedule(steps=6), ALL, 0)(step, turn)


def go_on(run: Run, until: int) -> list[dict[str, float]]:
    """The losses of each step up to one."""
    found = []
    for step, losses in training.steps(run, draw, styled.schedule(steps=6, average=0.9), CPU):
        found.append(losses)
        if step == until:
            break
    return found


@pytest.mark.parametrize("stop", [1, 3, 4])
def test_a_training_resumes_bit_for_bit(stop: int) -> None:
    whole, stopped, resumed = begin(0), begin(0), begin(9)
    expected = go_on(whole, 6)
    first = go_on(stopped, stop)
    resumed.restore(deepcopy(stopped.state()))
    assert first + go_on(resumed, 6) == expected
    memories: list[Any] = [run.game.memory for run in (whole, resumed)]
    assert torch.equal(memories[0].path, memories[1].path)
    assert memories[0].path > 0
    for name, network in whole.result().items():
        theirs = resumed.result()[name].state_dict()
        assert all(torch.equal(value, theirs[key]) for key, value in network.state_dict().items())


def test_a_training_learns_what_all_images_are() -> None:
    """Of one grey the mean of images comes close within a few steps."""
    problem = styled.problem()
    problem.domains[0].split.images[:] = 192
    plan = styled.schedule(steps=60, learning_rate=8e-3, critic_learning_rate=8e-3)
    of = styled.networks()
    far = (of["generator"](latents(16)) - 0.5).abs().mean().item()
    made = styled.game(of)
    tiny.trained(made, stylegan2.feed(problem, plan, PLAY, 0), plan)
    assert (of["generator"](latents(16)) - 0.5).abs().mean().item() < far / 2
