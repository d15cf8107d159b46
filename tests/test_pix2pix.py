"""pix2pix: published sizes and losses, where dropout and norms stand, statistics, and pairs that stay pairs."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import asdict, replace
from typing import Any, Literal, cast

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stages.families import pix2pix
from stages.families.pix2pix.networks import Dropout
from stages.learning import counting, expense, problems, training
from stages.learning.contracts import Moment, Networks, Player
from stages.storage import prepared
from tests import tiny, two_kinds
from tests.reference import published_pix2pix as published
from tests.test_cyclegan import teacher_row
from tests.two_kinds import PIXELS, problem, schedule

SPEC = pix2pix.Spec(resolution=PIXELS, width=4, critic_width=4, critic_layers=2)
FIVE = replace(SPEC, resolution=32)
"""As many levels as the published network has at least, and none of those with dropout."""
DROPPING = replace(SPEC, resolution=64)
PLAN = schedule()


def networks(spec: pix2pix.Spec = SPEC, seed: int = 0) -> Networks:
    """Both networks, the same for the same seed."""
    torch.manual_seed(seed)
    return pix2pix.build(spec)


def moment(step: int = 0, pixels: int = PIXELS, batch: int = 2) -> Moment:
    """What the players of a step are given."""
    return pix2pix.feed(problem(pixels=pixels), schedule(batch=batch), pix2pix.Play(), 0)(step, 0)


def player(name: str, of: Networks, **given: Any) -> Player:  # noqa: ANN401 - of the game
    """One player of a game."""
    return next(each for each in two_kinds.game(pix2pix, of, **given).players if each.name == name)


# Networks.


@pytest.mark.parametrize(
    ("width", "parameters", "macs", "by_output"), [(64, 54.414, 6.05, 18.1), (16, 3.404, 0.41, 1.22)]
)
def test_generator_has_the_published_size(width: int, parameters: float, macs: float, by_output: float) -> None:
    with torch.device("meta"):
        made, inputs = pix2pix.example({**pix2pix.PAPER, "width": width})
        found = counting.of_pass(made["generator"], inputs["generator"])
        counted = sum(parameter.numel() for parameter in made["generator"].parameters())
    assert counted / 1e6 == pytest.approx(parameters, abs=6e-4)
    assert found["macs"] / 1e9 == pytest.approx(macs, abs=6e-3)
    assert found["macs_output_rule"] / 1e9 == pytest.approx(by_output, abs=0.05)


def test_norms_and_dropout_stand_where_they_are_published() -> None:
    with torch.device("meta"):
        generator: Any = pix2pix.build(pix2pix.Spec(**cast(Any, pix2pix.PAPER)))["generator"]
    assert [isinstance(norm, nn.BatchNorm2d) for norm in generator.down_norms] == [False, *[True] * 6, False]
    assert [isinstance(norm, nn.BatchNorm2d) for norm in generator.up_norms] == [True] * 7
    assert [isinstance(drop, Dropout) for drop in generator.drops] == [False, *[True] * 3, *[False] * 3]
    assert [layer.out_channels // 64 for layer in generator.down] == [1, 2, 4, 8, 8, 8, 8, 8]
    assert [layer.in_channels // 64 for layer in generator.up] == [8, 16, 16, 16, 16, 8, 4]
    assert all(layer.bias is None for layer in (*generator.down, *generator.up))
    assert generator.paint.bias is not None


@pytest.mark.parametrize(("resolution", "levels"), [(16, 4), (32, 5), (64, 6), (128, 7), (256, 8), (512, 8), (96, 5)])
def test_an_image_is_halved_to_a_pixel_eight_times_at_most(resolution: int, levels: int) -> None:
    with torch.device("meta"):
        generator: Any = pix2pix.build(replace(SPEC, resolution=resolution))["generator"]
    assert len(generator.down) == len(generator.up) + 1 == levels
    assert sum(isinstance(drop, Dropout) for drop in generator.drops) == max(0, levels - 5)


@pytest.mark.parametrize("halvings", [2, 3, 4])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_any_number_of_halvings_has_its_taps(halvings: int, norm: Literal["batch", "instance"]) -> None:
    spec = replace(SPEC, halvings=halvings, norm=norm)
    image = torch.rand(2, 3, PIXELS, PIXELS) * 2 - 1
    seen: Any = networks(spec)["generator"].watch(image)  # type: ignore[operator]
    taps = pix2pix.taps(spec, "generator")
    assert {name: tap.channels for name, tap in taps.items()} == {name: seen[name].shape[1] for name in seen}
    assert seen[f"down{halvings - 1}"].shape[-1] == PIXELS // 2**halvings
    assert [seen[f"up{place}"].shape[-1] for place in range(halvings - 1)] == [
        PIXELS // 2 ** (halvings - 1 - place) for place in range(halvings - 1)
    ]
    assert torch.equal(seen["shown"], torch.cat([image, seen["image"]], dim=1))


@pytest.mark.parametrize(("halvings", "resolution"), [(5, 16), (3, 20)])
def test_a_spec_that_cannot_be_halved_is_refused(halvings: int, resolution: int) -> None:
    with pytest.raises(ValueError, match=f"{resolution} px cannot be halved {halvings} times"):
        replace(SPEC, halvings=halvings, resolution=resolution)


def test_only_two_labels_of_one_data_set_are_translated() -> None:
    row = {key: value for key, value in asdict(SPEC).items() if key != "resolution"}
    assert pix2pix.make_spec(row, 2, 1, PIXELS) == SPEC
    with pytest.raises(TypeError, match="two labels of one data set"):
        pix2pix.make_spec(row, 3, 1, PIXELS)


def test_taps_are_not_overwritten_by_what_follows() -> None:
    generator: Any = networks()["generator"]
    kept: dict[str, Tensor] = {}
    for place, norm in enumerate(generator.down_norms):
        norm.register_forward_hook(lambda _m, _i, out, tap=f"down{place}": kept.update({tap: out.detach().clone()}))
    for place, norm in enumerate(generator.up_norms):
        norm.register_forward_hook(lambda _m, _i, out, tap=f"up{place}": kept.update({tap: out.detach().clone()}))
    seen = generator.watch(torch.rand(2, 3, PIXELS, PIXELS))
    assert len(kept) == 7
    assert all(torch.equal(seen[tap], value) for tap, value in kept.items())


# Losses and moves.


def transcribed(of: Networks, teacher: Networks | None = None) -> published.Procedure:
    """The published procedure on copies of our weights."""
    theirs = published.like(FIVE, FIVE if teacher else None)
    published.copy_weights(theirs.generator, of["generator"])
    published.copy_weights(theirs.critic, of["discriminator"])
    if teacher and theirs.teacher:
        published.copy_weights(theirs.teacher, teacher["generator"])
    return theirs


def test_steps_have_the_published_losses_and_move_statistics_as_often() -> None:
    student, plan = networks(FIVE), schedule(steps=3)
    theirs = transcribed(student)
    drawn = [moment(step, 32) for step in range(3)]
    begun = training.prepare(two_kinds.game(pix2pix, student), plan)
    mine = [losses for _, losses in training.steps(begun, lambda step, _: drawn[step], plan, tiny.CPU)]
    for step, each in enumerate(drawn):
        expected = theirs.step(each["a"], each["b"])
        assert mine[step] == pytest.approx(expected, rel=1e-3 * (1 + 9 * step))
        assert all(value > 1e-3 for value in expected.values())
    for name, other, times in (("generator", theirs.generator, 3), ("discriminator", theirs.critic, 9)):
        for network in (student[name], other):
            counts = [int(v) for key, v in network.state_dict().items() if key.endswith("num_batches_tracked")]
            assert counts
            assert set(counts) == {times}


def test_a_step_leaves_the_published_weights_and_statistics() -> None:
    student, plan = networks(FIVE), schedule(steps=1)
    theirs, before = transcribed(student), deepcopy(student)
    begun, now = training.prepare(two_kinds.game(pix2pix, student), plan), moment(0, 32)
    next(training.steps(begun, lambda _step, _turn: now, plan, tiny.CPU))
    theirs.step(now["a"], now["b"])
    fresh = published.like(FIVE)
    pairs = (("generator", fresh.generator, theirs.generator), ("discriminator", fresh.critic, theirs.critic))
    for name, mine, other in pairs:
        published.copy_weights(mine, student[name])
        wanted = other.state_dict()
        for key, value in mine.state_dict().items():
            if value.ndim > 1:
                # Adam divides a gradient by its own size: where that is rounding alone, the step's sign is, too.
                assert ((value - wanted[key]).abs() > 5e-6).float().mean() < 0.02, key
            elif "running" in key:
                torch.testing.assert_close(value, wanted[key], rtol=1e-4, atol=1e-6)
        start, end = (torch.cat([p.detach().flatten() for p in of[name].parameters()]) for of in (before, student))
        assert (start - end).abs().median() > 1e-4


def test_a_students_step_has_the_published_lesson() -> None:
    teacher, student = tiny.frozen(networks(FIVE, seed=1)), networks(FIVE)
    theirs, now = transcribed(student, teacher), moment(0, 32)
    lesson: Any = two_kinds.lesson(pix2pix, (FIVE, FIVE), (teacher, student), "generator", {"image": "image"})
    lesson.weight = published.LESSON
    made = two_kinds.game(pix2pix, student, teacher, {"generator": lesson})
    begun = training.prepare(made, PLAN)
    _, found = next(training.steps(begun, lambda _step, _turn: now, PLAN, tiny.CPU))
    expected = theirs.step(now["a"], now["b"])
    assert found["generator/euclidean_image"] == pytest.approx(expected["generator/lesson"], rel=1e-3)
    assert expected["generator/lesson"] > 1e-3


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("game", ["vanilla", "lsgan"])
def test_losses_of_both_players_are_the_formula(
    norm: Literal["batch", "instance"], game: Literal["vanilla", "lsgan"]
) -> None:
    of, now = networks(replace(SPEC, norm=norm)), moment()
    a, b = now["a"], now["b"]
    critic, fake = of["discriminator"], of["generator"](a)

    def judged(image: Tensor, real: float) -> Tensor:
        scores = critic(torch.cat([a, image], dim=1))
        target = torch.full_like(scores, real)
        return F.mse_loss(scores, target) if game == "lsgan" else F.binary_cross_entropy_with_logits(scores, target)

    mine = player("discriminator", of, losses={"game": game}).losses(now)
    expected = {"real": judged(b, 1.0) / 2, "fake": judged(fake, 0.0) / 2}
    torch.testing.assert_close(mine, expected, rtol=1e-4, atol=1e-5)
    mine = player("generator", of, losses={"game": game, "l1": 7.0}).losses(now)
    expected = {"adversarial": judged(fake, 1.0), "l1": 7 * (fake - b).abs().mean()}
    torch.testing.assert_close(mine, expected, rtol=1e-4, atol=1e-5)


def test_both_players_of_a_step_see_one_pass_of_the_generator() -> None:
    of, now = networks(DROPPING), moment(0, 64)
    generator, critic = of["generator"], of["discriminator"]
    made = two_kinds.game(pix2pix, of)
    shown: list[Tensor] = []
    first: Any = critic.get_submodule("layers.0")
    first.register_forward_pre_hook(lambda _module, given: shown.append(given[0].detach()))
    for each in made.players:
        tiny.CPU.reseed(now.seed)
        each.losses(now)
    # Of the critic's move the made pair and the real one, of the generator's the made pair.
    assert torch.equal(shown[0], shown[2])
    assert torch.equal(shown[1], torch.cat([now["a"], now["b"]], dim=1))
    assert {int(v) for k, v in generator.state_dict().items() if k.endswith("tracked")} == {1}
    assert all(parameter.requires_grad for parameter in generator.parameters())
    generate = next(each for each in made.players if each.name == "generator")
    tiny.CPU.reseed(now.seed + 1)
    generate.losses(now)
    assert not torch.equal(shown[3], shown[2]), "what was left was taken, and dropout draws anew"


@pytest.mark.parametrize("first", ["generator", "discriminator"])
def test_who_moves_first_is_a_choice(first: Literal["generator", "discriminator"]) -> None:
    made = two_kinds.game(pix2pix, networks(), play={"first": first})
    assert made.players[0].name == first
    plan = schedule(steps=2)
    spent = expense.of_training(made, pix2pix.feed(problem(), plan, pix2pix.Play(), 0), plan, [])
    of, inputs = pix2pix.example(asdict(SPEC))
    macs = {name: counting.of_pass(network, inputs[name])["macs"] for name, network in of.items()}
    # The generator passes once, whoever asks first; the critic sees a real and a made pair, then a made one.
    assert spent.forward == plan.steps * plan.batch * (macs["generator"] + 3 * macs["discriminator"])


def test_a_training_resumes_bit_for_bit() -> None:
    plan = schedule(steps=6, average=0.9)
    whole, stopped, resumed = (
        training.prepare(two_kinds.game(pix2pix, networks(seed=seed)), plan) for seed in (0, 0, 9)
    )
    expected = two_kinds.train(pix2pix, whole, plan, 6)
    first = two_kinds.train(pix2pix, stopped, plan, 3)
    resumed.restore(deepcopy(stopped.state()))
    assert first + two_kinds.train(pix2pix, resumed, plan, 6) == expected
    mine, theirs = (two_kinds.states(run.averages) for run in (whole, resumed))
    assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    assert any("running_mean" in key and value.any() for key, value in mine.items())


@pytest.mark.parametrize(("tap", "role"), [("up1", "generator"), ("layer1", "discriminator")])
def test_lessons_see_the_taps_of_a_role(tap: str, role: Literal["generator", "discriminator"]) -> None:
    teacher, student = tiny.frozen(networks(seed=1)), networks()
    before, now = two_kinds.states(teacher), moment()
    lesson = two_kinds.lesson(pix2pix, (SPEC, SPEC), (teacher, student), role, {tap: tap})
    found = player(role, student, teacher=teacher, lessons={role: lesson}).losses(now)
    given = now["a"] if role == "generator" else torch.cat([now["a"], now["b"]], dim=1)
    with torch.no_grad():
        mine, theirs = (of[role].watch(given)[tap] for of in (student, teacher))  # type: ignore[operator]
    torch.testing.assert_close(found[f"euclidean_{tap}"], F.mse_loss(mine, theirs), rtol=1e-4, atol=1e-6)
    assert all(torch.equal(value, before[key]) for key, value in two_kinds.states(teacher).items())


# What it trains on, and what it makes.


def test_pairs_are_the_same_rows_treated_alike() -> None:
    rows = prepared.to_tensor(two_kinds.split().images[:6])
    for jitter in (False, True):
        draw = pix2pix.feed(problem(), schedule(batch=3), pix2pix.Play(jitter=jitter), 0)
        ways = Counter[str]()
        for step in range(8):
            drawn = draw(step, 0)
            # The bright image of a pair is the dark one, 100 levels brighter.
            torch.testing.assert_close(drawn["b"] - drawn["a"], torch.full_like(drawn["a"], 100 / 127.5))
            assert torch.equal(draw(step, 1)["a"], drawn["a"])
            for image in drawn["a"]:
                places = {"as it was": rows, "mirrored": rows.flip(3)}
                ways.update(way for way, held in places.items() if any(torch.equal(image, row) for row in held))
        assert not ways if jitter else (min(ways.values()) > 3 and ways.total() == 24)
    back = pix2pix.feed(problem(names=("bright", "dark")), PLAN, pix2pix.Play(), 0)(0, 0)
    assert (back["a"] > back["b"]).all()


@pytest.mark.parametrize("kind", ["domains", "attributes"])
def test_data_without_pairs_is_refused(kind: str) -> None:
    with pytest.raises(prepared.DataError, match=f"data set noise holds {kind}, and pairs are needed"):
        pix2pix.feed(problem(kind), PLAN, pix2pix.Play(), 0)
    imagined = problems.imagined(teacher_row(family="pix2pix"), PIXELS)
    assert pix2pix.feed(imagined, PLAN, pix2pix.Play(), 0)(0, 0)["b"].shape == (2, 3, PIXELS, PIXELS)


def trained(spec: pix2pix.Spec) -> Networks:
    """A generator whose running statistics are not those of a batch, evaluated."""
    made = networks(spec)
    for _ in range(3):
        made["generator"](torch.rand(4, 3, spec.resolution, spec.resolution) * 0.5)
    return {name: network.eval() for name, network in made.items()}


def translated(of: Networks, image: Tensor) -> Tensor:
    first, second = torch.eye(2)[[0] * len(image)], torch.eye(2)[[1] * len(image)]
    with torch.no_grad():
        return pix2pix.translate(of, image, first, second)


def test_translations_do_not_depend_on_their_batch() -> None:
    of, image = trained(DROPPING), torch.rand(3, 3, 64, 64) * 2 - 1
    together = translated(of, image)
    alone = torch.cat([translated(of, image[index : index + 1]) for index in range(3)])
    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-5)


def test_batch_statistics_translate_as_in_training_and_repeat_themselves() -> None:
    stock, image = replace(DROPPING, statistics="batch"), torch.rand(3, 3, 64, 64) * 2 - 1
    of, before = trained(stock), torch.get_rng_state()
    found = translated(of, image)
    assert torch.equal(found, translated(of, image))
    assert torch.equal(torch.get_rng_state(), before)
    statistics = two_kinds.states(of)
    training_mode = {name: network.train() for name, network in deepcopy(of).items()}
    torch.testing.assert_close(translated(training_mode, image), found)
    assert all(torch.equal(value, statistics[key]) for key, value in two_kinds.states(of).items())
    assert not torch.allclose(translated(of, image[:1]), found[:1], atol=1e-3)
    plain = {"generator": pix2pix.build(DROPPING)["generator"].eval()}
    plain["generator"].load_state_dict(of["generator"].state_dict())
    assert not torch.allclose(translated(plain, image), found, atol=1e-3)


def test_only_the_second_label_may_be_asked_for() -> None:
    with pytest.raises(ValueError, match="from the first label to the second alone"):
        pix2pix.translate(networks(), torch.rand(1, 3, PIXELS, PIXELS), torch.eye(2)[1:], torch.eye(2)[:1])
