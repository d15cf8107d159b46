"""CycleGAN: published sizes, details and losses, who sees which images, the pool, and what may be cut."""

from __future__ import annotations

import random
from collections import Counter
from copy import deepcopy
from dataclasses import asdict, replace
from typing import Any, Literal, cast

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stages.blocks import adversarial, norms, patchgan, two_domains
from stages.compressions import inherit, prune
from stages.distillations import none
from stages.families import cyclegan
from stages.families.cyclegan.networks import Generator
from stages.families.cyclegan.remembering import Memory, Pool
from stages.learning import counting, expense, problems, training
from stages.learning.contracts import Family, Moment, Networks, Player, Unsupported
from stages.settings.rows import TeacherRow
from stages.storage import prepared
from tests import tiny, two_kinds
from tests.reference import published_cyclegan as published
from tests.two_kinds import PIXELS, problem, schedule

FAMILY = cast(Family, cyclegan)
SPEC = cyclegan.Spec(resolution=PIXELS, width=4, blocks=2, critic_width=4, critic_layers=2)
PLAN = schedule()


def networks(seed: int = 0, **changes: Any) -> Networks:  # noqa: ANN401 - fields of the spec
    """The four networks, the same for the same seed."""
    torch.manual_seed(seed)
    return cyclegan.build(replace(SPEC, **changes))


def moment(step: int = 0, batch: int = 2) -> Moment:
    """What the players of a step are given."""
    return cyclegan.feed(problem(), schedule(batch=batch), cyclegan.Play(), 0)(step, 0)


def player(name: str, of: Networks, **given: Any) -> Player:  # noqa: ANN401 - of the game
    """One player of a game."""
    return next(each for each in two_kinds.game(cyclegan, of, **given).players if each.name == name)


# Networks.


@pytest.mark.parametrize(
    ("width", "convolutions", "parameters", "macs", "by_output"),
    [
        (64, "standard", 11.378, 49.55, 56.8),
        (32, "standard", 2.851, 12.70, 14.5),
        (16, "standard", 0.716, 3.33, 3.8),
        (64, "separable", 1.987, 11.07, 18.31),
        (32, "separable", 0.514, 3.12, 4.93),
        (16, "separable", 0.137, 0.955, 1.408),
    ],
)
def test_generators_have_the_published_sizes(
    width: int, convolutions: str, parameters: float, macs: float, by_output: float
) -> None:
    with torch.device("meta"):
        made, inputs = cyclegan.example({**cyclegan.PAPER, "width": width, "convolutions": convolutions})
        for name in cyclegan.ROLES["generator"]:
            found = counting.of_pass(made[name], inputs[name])
            counted = sum(parameter.numel() for parameter in made[name].parameters())
            assert counted / 1e6 == pytest.approx(parameters, abs=6e-4)
            assert found["macs"] / 1e9 == pytest.approx(macs, abs=6e-3)
            assert found["macs_output_rule"] / 1e9 == pytest.approx(by_output, abs=0.06)


@pytest.mark.parametrize(("layers", "pixels"), [(1, 16), (2, 34), (3, 70)])
def test_a_score_of_the_critic_sees_the_published_patch(layers: int, pixels: int) -> None:
    critic = patchgan.PatchGAN(3, 2, layers, "instance")
    for module in critic.modules():
        for name, child in module.named_children():
            if isinstance(child, norms.InstanceNorm):
                setattr(module, name, nn.Identity())
    image = torch.randn(1, 3, 128, 128, requires_grad=True)
    scores = critic(image)[0, 0]
    (slope,) = torch.autograd.grad(scores[scores.shape[0] // 2, scores.shape[1] // 2], image)
    seen = slope[0].abs().sum(dim=0).nonzero()
    assert (seen.max(dim=0).values - seen.min(dim=0).values + 1).tolist() == [pixels, pixels]


def test_weights_begin_as_published() -> None:
    for network in networks(width=16, critic_width=32).values():
        weights = torch.cat([p.flatten() for p in network.parameters() if p.ndim > 1])
        assert weights.std().item() == pytest.approx(0.02, rel=0.05)
        assert weights.mean().abs().item() < 2e-3
        assert all(not p.any() for p in network.parameters() if p.ndim == 1)


def test_borders_are_mirrored_but_where_images_are_halved() -> None:
    generator: Any = networks()["forth"]
    for layer in (generator.down[0], generator.residual[0].main[0], generator.paint):
        found = layer(torch.ones(1, layer.in_channels, 8, 8))
        torch.testing.assert_close(found, found[:, :, 4:5, 4:5].expand_as(found))
    halved = generator.down[3](torch.ones(1, 4, 8, 8))
    assert (halved[:, :, 0, 0] - halved[:, :, 2, 2]).abs().max() > 1e-4


@pytest.mark.parametrize("convolutions", ["standard", "separable"])
def test_a_network_evaluates_as_it_trains_and_each_image_alone(convolutions: str) -> None:
    image = torch.rand(3, 3, PIXELS, PIXELS) * 2 - 1
    for network in networks(convolutions=convolutions).values():
        with torch.no_grad():
            together, evaluated = network(image), network.eval()(image)
            alone = torch.cat([network(image[index : index + 1]) for index in range(3)])
        assert torch.equal(together, evaluated)
        torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_instance_norm_is_torchs_however_images_are_stored(layout: torch.memory_format) -> None:
    image = (torch.randn(2, 5, 6, 7) * 3 + 2).to(memory_format=layout)
    found = norms.InstanceNorm(5)(image)
    torch.testing.assert_close(found, F.instance_norm(image))
    assert found.is_contiguous(memory_format=layout)


def test_a_gated_output_follows_its_formula_and_starts_near_its_input() -> None:
    generator: Any = networks(output="gated")["forth"]
    image = torch.rand(2, 3, PIXELS, PIXELS) * 2 - 1
    seen, painted = generator.watch(image), []
    generator.paint.register_forward_hook(lambda _module, _inputs, out: painted.append(torch.tanh(out[:, :3])))
    with torch.no_grad():
        torch.testing.assert_close(generator(image), torch.lerp(image, painted[0], seen["mask"]))
    torch.testing.assert_close(seen["mask"], torch.full_like(seen["mask"], 0.2689414))


def test_taps_are_not_overwritten_by_what_follows() -> None:
    for network in networks().values():
        watched: Any = network
        layers = {f"res{i}": block for i, block in enumerate(getattr(watched, "residual", []))}
        layers |= {f"layer{i}": layer for i, layer in enumerate(getattr(watched, "layers", []))}
        kept: dict[nn.Module, Tensor] = {}
        for layer in layers.values():
            layer.register_forward_hook(lambda module, _, out, kept=kept: kept.update({module: out.detach().clone()}))
        seen = watched.watch(torch.rand(2, 3, PIXELS, PIXELS))
        assert kept
        assert all(torch.equal(seen[tap], kept[layer]) for tap, layer in layers.items())


@pytest.mark.parametrize("changes", [{"critic_layers": 3}, {"resolution": 18}])
def test_a_spec_without_room_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"critic_layers: an image of 16 px is too small|multiple of 4"):
        replace(SPEC, **changes)


def test_only_two_labels_of_one_data_set_are_translated() -> None:
    row = {key: value for key, value in asdict(SPEC).items() if key != "resolution"}
    assert cyclegan.make_spec(row, 2, 1, PIXELS) == SPEC
    for labels, domains in ((3, 1), (2, 2), (1, 1)):
        with pytest.raises(TypeError, match="two labels of one data set"):
            cyclegan.make_spec(row, labels, domains, PIXELS)


# Losses and moves.


def test_adversarial_losses_are_their_formulas() -> None:
    scores = torch.tensor([0.3, -1.2, 2.0])
    s = scores.numpy().astype(np.float64)
    assert adversarial.loss("lsgan", scores, real=True).item() == pytest.approx(((s - 1) ** 2).mean())
    assert adversarial.loss("lsgan", scores, real=False).item() == pytest.approx((s**2).mean())
    assert adversarial.loss("vanilla", scores, real=True).item() == pytest.approx(np.log1p(np.exp(-s)).mean())
    assert adversarial.loss("vanilla", scores, real=False).item() == pytest.approx(np.log1p(np.exp(s)).mean())


def transcribed(of: Networks, teacher: Networks | None = None) -> published.Procedure:
    """The published procedure on copies of our weights."""
    theirs = published.like(SPEC, SPEC if teacher else None)
    mine = [of[name] for name in ("forth", "back", "forth_critic", "back_critic")]
    other: list[nn.Module] = [theirs.forth, theirs.back, theirs.forth_critic, theirs.back_critic, *theirs.teachers]
    mine += [teacher[name] for name in cyclegan.ROLES["generator"]] if teacher else []
    with torch.no_grad():
        for target, source in zip(other, mine, strict=True):
            for theirs_, ours in zip(target.parameters(), source.parameters(), strict=True):
                theirs_.copy_(ours)
    return theirs


def test_steps_have_the_published_losses_and_leave_the_published_weights() -> None:
    student = networks()
    theirs, before = transcribed(student), two_kinds.states(student)
    begun = training.prepare(two_kinds.game(cyclegan, student), PLAN)
    mine = two_kinds.train(cyclegan, begun, PLAN, until=3)
    expected = [theirs.step(moment(step)["a"], moment(step)["b"]) for step in range(3)]
    for step in range(3):
        assert mine[step] == pytest.approx(expected[step], abs=1e-4 * (1 + 9 * step))
        assert all(value > 1e-3 for value in mine[step].values())
    others = {"forth": theirs.forth, "back": theirs.back, "forth_critic": theirs.forth_critic}
    for name, other in {**others, "back_critic": theirs.back_critic}.items():
        moved, their = (
            torch.cat([p.detach().flatten() for p in network.parameters() if p.ndim > 1])
            for network in (student[name], other)
        )
        start = torch.cat([v.flatten() for k, v in before.items() if k.startswith(f"{name}.") and v.ndim > 1])
        # Adam divides a gradient by its own size: where that is rounding alone, the sign of the step is, too.
        assert ((moved - their).abs() > 5e-6).float().mean() < 0.02
        assert (moved - start).abs().median() > 1e-4


@pytest.mark.parametrize("identity", [5.0, 0.0])
def test_passes_together_are_passes_apart(identity: float) -> None:
    of, now = networks(output="gated"), moment()
    forth, back = of["forth"], of["back"]
    found = player("generators", of, losses={"identity": identity, "mask": 2.0}).losses(now)
    a, b = now["a"], now["b"]
    fake_b, fake_a = forth(a), back(b)
    expected = {
        "adversarial_forth": (of["forth_critic"](fake_b) - 1).square().mean(),
        "adversarial_back": (of["back_critic"](fake_a) - 1).square().mean(),
        "cycle_forth": 10 * (back(fake_b) - a).abs().mean(),
        "cycle_back": 10 * (forth(fake_a) - b).abs().mean(),
        "identity_forth": identity * (forth(b) - b).abs().mean(),
        "identity_back": identity * (back(a) - a).abs().mean(),
        "mask": 2 * (forth.watch(a)["mask"].mean() + back.watch(b)["mask"].mean()),  # type: ignore[operator]
    }
    torch.testing.assert_close(found, {name: expected[name] for name in found})
    assert (len(found) == 7) == bool(identity)
    weights = list(forth.parameters())
    mine, theirs = (
        torch.autograd.grad(torch.stack([losses[name] for name in found]).sum(), weights)
        for losses in (found, expected)
    )
    torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("first", ["generator", "discriminator"])
def test_critics_see_what_the_generators_of_their_turn_make(first: Literal["generator", "discriminator"]) -> None:
    student = networks()
    made = two_kinds.game(cyclegan, student, play={"first": first, "pool": 0})
    assert made.players[0].role == first
    before, shown = deepcopy(student), list[Tensor]()
    entry: Any = student["forth_critic"].get_submodule("layers.0")
    entry.register_forward_pre_hook(lambda _module, given: shown.append(given[0].detach()))
    two_kinds.train(cyclegan, training.prepare(made, PLAN), PLAN, until=1, play={"first": first})
    criticised = shown[-1] if first == "generator" else shown[0]
    now = moment()
    with torch.no_grad():
        torch.testing.assert_close(criticised, torch.cat([now["b"], before["forth"](now["a"])]), rtol=1e-4, atol=1e-5)
        assert (criticised[2:] - student["forth"](now["a"])).abs().max() > 1e-3


def test_generators_that_moved_spare_the_critics_their_passes() -> None:
    spent: dict[str, expense.Expense] = {}
    plan = schedule(steps=2)
    for first in ("generator", "discriminator"):
        made = two_kinds.game(cyclegan, networks(), play={"first": first})
        draw = cyclegan.feed(problem(), plan, cyclegan.Play(), 0)
        spent[first] = expense.of_training(made, draw, plan, [])
    generator = counting.of_pass(networks()["forth"], (torch.zeros(1, 3, PIXELS, PIXELS),))["macs"]
    assert spent["discriminator"].forward - spent["generator"].forward == plan.steps * plan.batch * 2 * generator
    assert spent["discriminator"].backward == spent["generator"].backward


@pytest.mark.parametrize("taught", ["forth.res1", "forth_critic.layer1"])
def test_lessons_see_taps_of_both_networks_on_the_translated_images(taught: str) -> None:
    teacher, student = tiny.frozen(networks(seed=1)), networks()
    role: Any = "generator" if taught == "forth.res1" else "discriminator"
    other = taught.replace("forth", "back")
    lesson = two_kinds.lesson(cyclegan, (SPEC, SPEC), (teacher, student), role, {taught: taught, other: other})
    found = player(
        "generators" if role == "generator" else "critics", student, teacher=teacher, lessons={role: lesson}
    ).losses(moment())
    for tap, image in ((taught, "a" if role == "generator" else "b"), (other, "b" if role == "generator" else "a")):
        network, name = tap.split(".")
        with torch.no_grad():
            mine, theirs = (of[network].watch(moment()[image])[name] for of in (student, teacher))  # type: ignore[operator]
        torch.testing.assert_close(found[f"euclidean_{tap}"], F.mse_loss(mine, theirs), rtol=1e-4, atol=1e-6)


def test_a_second_pass_has_taps_of_its_own() -> None:
    student, seen = networks(), {}

    class Looking(none.Nothing):
        def forward(self, student: dict[str, Tensor], teacher: dict[str, Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
            seen.update(student)
            return {}

    now = moment()
    player("generators", student, lessons={"generator": Looking()}).losses(now)
    forth, back = student["forth"], student["back"]
    torch.testing.assert_close(seen["forth.image"], forth(now["a"]), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(seen["again.back.image"], back(forth(now["a"])), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(seen["again.forth.image"], forth(back(now["b"])), rtol=1e-4, atol=1e-4)
    assert all(len(value) == 2 for tap, value in seen.items() if not tap.startswith("own."))


def test_a_students_steps_have_the_published_lesson() -> None:
    teacher, student = tiny.frozen(networks(seed=1)), networks()
    theirs = transcribed(student, teacher)
    match = {f"{name}.image": f"{name}.image" for name in cyclegan.ROLES["generator"]}
    lesson: Any = two_kinds.lesson(cyclegan, (SPEC, SPEC), (teacher, student), "generator", match)
    lesson.weight = published.LESSON
    found = player("generators", student, teacher=teacher, lessons={"generator": lesson}).losses(moment())
    expected = theirs.step(moment()["a"], moment()["b"])
    for name in cyclegan.ROLES["generator"]:
        assert found[f"euclidean_{name}.image"].item() == pytest.approx(expected[f"generators/lesson_{name}"], rel=1e-4)


# The pool.


def images(*values: float) -> Tensor:
    """Images of one value each."""
    return torch.tensor(values).reshape(-1, 1, 1, 1).expand(-1, 3, 2, 2).clone()


def test_a_pool_is_filled_first_and_then_exchanges_half_of_the_images() -> None:
    pool, generator = Pool(50, 2), np.random.default_rng(0)
    for start in range(0, 50, 4):
        fresh = images(*range(start, start + 4))
        if start < 48:
            assert torch.equal(pool.exchange(fresh, generator), fresh)
        else:
            assert torch.equal(pool.exchange(fresh, generator)[:2], fresh[:2])
    held = set(pool.images[:, 0, 0, 0].tolist())
    returned = 0
    for value in range(1000, 3000):
        before = pool.images.clone()
        shown = pool.exchange(images(value), generator)[0, 0, 0, 0].item()
        changed = (pool.images != before).flatten(1).any(dim=1).nonzero().flatten().tolist()
        if shown == value:
            assert not changed
            continue
        returned += 1
        assert shown in held
        assert len(changed) == 1
        assert before[changed[0], 0, 0, 0] == shown
        held = held - {shown} | {float(value)}
    assert 0.45 < returned / 2000 < 0.55


def test_an_image_may_come_back_in_the_batch_that_brought_it() -> None:
    pool = Pool(1, 2)
    pool.exchange(images(-1), np.random.default_rng(0))
    shown = pool.exchange(images(*range(200)), np.random.default_rng(0))[:, 0, 0, 0]
    assert len(set(shown.tolist())) == 200
    assert (shown != torch.arange(200)).float().mean() > 0.4


def test_a_pool_without_places_shows_what_comes() -> None:
    fresh = images(1, 2)
    assert torch.equal(Memory(("forth",), 0, 2).show("forth", fresh, 0, 0), fresh)


def test_what_is_shown_follows_from_seed_and_step_and_differs_between_pools() -> None:
    def shown(name: str, seed: int, step: int) -> Tensor:
        memory = Memory(("forth", "back"), 2, 2)
        memory.show(name, images(-1, -2), 0, 0)
        return memory.show(name, images(*range(40)), seed, step)

    assert torch.equal(shown("forth", 1, 3), shown("forth", 1, 3))
    others = [shown("back", 1, 3), shown("forth", 2, 3), shown("forth", 1, 4)]
    assert not any(torch.equal(shown("forth", 1, 3), other) for other in others)


def test_images_do_not_pass_gradients_into_the_pool() -> None:
    of = networks()
    made = two_kinds.game(cyclegan, of, play={"pool": 3})
    for each in made.players:
        torch.stack(list(each.losses(moment()).values())).sum().backward()
    assert all(not buffer.requires_grad for buffer in made.memory.buffers())


def test_a_training_resumes_bit_for_bit_with_its_pool() -> None:
    play, plan = {"pool": 3}, schedule(steps=6, average=0.9)
    whole, stopped, resumed = (
        training.prepare(two_kinds.game(cyclegan, networks(seed), play=play), plan) for seed in (0, 0, 9)
    )
    expected = two_kinds.train(cyclegan, whole, plan, 6, play)
    first = two_kinds.train(cyclegan, stopped, plan, 3, play)
    resumed.restore(deepcopy(stopped.state()))
    assert first + two_kinds.train(cyclegan, resumed, plan, 6, play) == expected
    pools = [run.game.memory.state_dict() for run in (whole, resumed)]
    assert torch.equal(pools[0]["pools.forth.images"], pools[1]["pools.forth.images"])
    assert pools[0]["pools.forth._extra_state"] == {"held": 3}
    for name in cyclegan.ROLES["generator"]:
        for mine, theirs in zip(whole.averages[name].parameters(), resumed.averages[name].parameters(), strict=True):
            assert torch.equal(mine, theirs)


# What it trains on, and what it makes.


def test_players_of_a_step_see_the_same_images_of_both_kinds() -> None:
    draw = cyclegan.feed(problem("domains"), PLAN, cyclegan.Play(), 0)
    first, second, later = draw(3, 0), draw(3, 1), draw(4, 0)
    assert all(torch.equal(first[name], second[name]) for name in ("a", "b"))
    assert first.seed == second.seed != later.seed
    assert not torch.equal(first["a"], later["a"])
    assert first["a"].max() < 0
    assert first["b"].min() > -0.22
    back = cyclegan.feed(problem("domains", names=("bright", "dark")), PLAN, cyclegan.Play(), 0)(3, 0)
    assert back["a"].min() > -0.22
    assert back["b"].max() < 0


def test_images_of_both_kinds_are_drawn_apart() -> None:
    draw = cyclegan.feed(problem("domains", count=6), schedule(batch=1, flip=False), cyclegan.Play(), 0)
    together: Counter[tuple[float, float]] = Counter()
    for step in range(200):
        drawn = draw(step, 0)
        dark, bright = (round(float(drawn[name][0, 0, 0, 0]), 4) for name in ("a", "b"))
        together[dark, bright] += 1
    assert len(together) > 30


def test_images_of_a_kind_that_do_not_stand_together_are_refused() -> None:
    (domain,) = problem().domains
    labels = domain.split.labels.copy()
    labels[[2, 8]] = labels[[8, 2]]
    scattered = replace(domain, split=prepared.Split(domain.split.images, labels, None, None))
    labels = domain.split.labels.copy()
    labels[2] = 1
    both = replace(domain, split=prepared.Split(domain.split.images, labels, None, None))
    missing = replace(
        domain, split=prepared.Split(domain.split.images, labels * np.array([1, 0], np.uint8), None, None)
    )
    for wrong in (scattered, both, missing):
        with pytest.raises(prepared.DataError, match="data set noise is not of two kinds of images that stand apart"):
            cyclegan.feed(problems.Problem((wrong,)), PLAN, cyclegan.Play(), 0)


def teacher_row(**changes: Any) -> TeacherRow:  # noqa: ANN401 - fields of the row
    """A row of two labels."""
    fields = {"family": "cyclegan", "dataset": "scenes", "partner": "scenes", "labels": ["horse", "zebra"]}
    settings = {"partner_labels": [], "spec": {}, "losses": {}, "play": {}, "schedule": "long", "seed": 0}
    return TeacherRow(**{**fields, **settings, **changes})


def test_a_problem_without_its_data_can_be_played() -> None:
    imagined = problems.imagined(teacher_row(), PIXELS)
    drawn = cyclegan.feed(imagined, schedule(batch=4), cyclegan.Play(), 0)(0, 0)
    assert drawn["a"].shape == drawn["b"].shape == (4, 3, PIXELS, PIXELS)


def test_jitter_enlarges_and_cuts_somewhere() -> None:
    ramp = torch.linspace(-1, 1, 64).expand(40, 3, 64, 64).contiguous()
    larger = F.interpolate(ramp, size=72, mode="bilinear", align_corners=False)[:, 0, 0]
    found = two_domains.moved(ramp, torch.linspace(0, 0.999, 40)[:, None].expand(40, 2))
    assert found.shape == ramp.shape
    cut = set()
    for row in found[:, 0, 0]:
        starts = [start for start in range(9) if torch.allclose(larger[0, start : start + 64], row, atol=1e-5)]
        assert len(starts) == 1
        cut |= set(starts)
    assert cut == set(range(9))
    drawn = [cyclegan.feed(problem(), PLAN, cyclegan.Play(jitter=jitter), 0)(1, 0) for jitter in (True, False)]
    assert drawn[0].seed == drawn[1].seed
    assert not torch.equal(drawn[0]["a"], drawn[1]["a"])


def test_each_direction_has_its_generator() -> None:
    of, image = networks(), torch.rand(2, 3, PIXELS, PIXELS)
    first, second = torch.eye(2)[[0, 0]], torch.eye(2)[[1, 1]]
    for source, target in cyclegan.DIRECTIONS:
        labels = (first, second)
        expected = of[cyclegan.ROLES["generator"][source]](image)
        assert torch.equal(cyclegan.translate(of, image, labels[source], labels[target]), expected)
    with pytest.raises(ValueError, match="must ask for the same label"):
        cyclegan.translate(of, image, first, torch.eye(2))


# Where it may be cut.


@pytest.mark.parametrize("convolutions", ["standard", "separable"])
def test_pruning_keeps_what_the_teacher_says_where_nothing_is_cut(convolutions: Any) -> None:  # noqa: ANN401
    spec = replace(SPEC, convolutions=convolutions)
    teacher, image = networks(convolutions=convolutions), torch.rand(2, 3, PIXELS, PIXELS)
    same = prune.make_student(FAMILY, teacher, spec, spec)
    assert torch.equal(same["forth"](image), teacher["forth"](image))
    small = replace(spec, width=2, blocks=1)
    pruned, fresh = prune.make_student(FAMILY, teacher, spec, small), cyclegan.build(small)
    for name in cyclegan.ROLES["generator"]:
        shapes = ({key: value.shape for key, value in of[name].state_dict().items()} for of in (pruned, fresh))
        assert next(shapes) == next(shapes)
        assert pruned[name](image).shape == image.shape


def test_pruning_leaves_out_channels_that_are_empty() -> None:
    teacher = networks(width=4)
    wide = cast(Generator, networks(width=6)["forth"])
    with torch.no_grad():
        for parameter in wide.parameters():
            parameter.zero_()
        small = dict(teacher["forth"].named_parameters())
        kept = {4: [0, 1, 3, 5], 8: [0, 2, 4, 5, 6, 8, 9, 11], 16: [*range(3, 19)]}
        for name, parameter in wide.named_parameters():
            source = small[name]
            places = [kept.get(count, list(range(count))) for count in source.shape]
            parameter[torch.meshgrid(*(torch.tensor(place) for place in places), indexing="ij")] = source
    image = torch.rand(2, 3, PIXELS, PIXELS)
    large = replace(SPEC, width=6)
    pruned = prune.make_student(FAMILY, {**networks(width=6), "forth": wide}, large, SPEC)
    torch.testing.assert_close(pruned["forth"](image), teacher["forth"](image), rtol=1e-4, atol=1e-5)


def test_ends_are_inherited_around_fresh_blocks() -> None:
    teacher = networks(seed=3)
    small = replace(SPEC, blocks=1, convolutions="separable")
    student = inherit.make_student(FAMILY, teacher, SPEC, small, freeze=True)
    mine, theirs = (cast(Any, of["back"]) for of in (student, teacher))
    assert torch.equal(mine.paint.weight, theirs.paint.weight)
    assert not mine.paint.weight.requires_grad
    assert all(parameter.requires_grad for parameter in mine.residual.parameters())
    with pytest.raises(Unsupported, match="width is 4 in the teacher"):
        inherit.make_student(FAMILY, teacher, SPEC, replace(SPEC, width=2), freeze=False)


def test_the_published_pool_fills_and_exchanges_alike() -> None:
    random.seed(0)
    pool, returned = published.Pool(), 0
    for value in range(1050):
        shown = pool.query(images(value))[0, 0, 0, 0].item()
        assert value >= 50 or shown == value
        returned += shown != value
    assert 0.45 < returned / 1000 < 0.55
