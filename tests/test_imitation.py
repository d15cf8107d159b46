"""Lessons of images without input: their formulas, what they refuse, whom they leave alone, and their pace."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stages.blocks import published_lpips
from stages.distillations import cagc, imitation, stylekd
from stages.learning import evidence, roles
from stages.learning.contracts import AGAIN, Moment, Networks, Parts, Seen, Unsupported
from stages.storage.weights import WeightsError
from tests import styled, tiny
from tests.tiny import CPU, frozen

BOTH: dict[str, Any] = {"image_weight": 2.0, "perceptual_weight": 0.5, "layers": styled.LAYERS}
RELATED: dict[str, Any] = {**BOTH, "relation_weight": 30.0, "taps": ["block4", "block16"]}


def pair() -> tuple[Networks, Networks]:
    """A teacher and its student."""
    return frozen(styled.networks(styled.LARGE)), styled.networks(seed=1)


def lesson(member: Any, teacher: Networks, student: Networks, **settings: Any) -> Any:  # noqa: ANN401 - a member, a Lesson
    """A member's lesson between two networks."""
    return member.objective(styled.side(teacher), styled.side(student), **settings)


def by_hand(teacher: Networks, theirs: Tensor, mine: Tensor, name: str) -> dict[str, Tensor]:
    """Both distances of two images."""
    critic: Any = teacher["discriminator"]
    seen = [critic.watch(image) for image in (theirs, mine)]
    found = {f"{name}_image": 2 * (theirs - mine).abs().mean()}
    return found | {
        f"{name}_critic_{layer}": 0.5 * (seen[0][layer] - seen[1][layer]).abs().mean() for layer in styled.LAYERS
    }


def test_imitation_is_the_distance_of_images_and_of_what_the_critic_sees() -> None:
    teacher, student = pair()
    seen, target = styled.watch(student), styled.watch(teacher)
    found = lesson(imitation, teacher, student, **BOTH)(seen, target)
    torch.testing.assert_close(found, by_hand(teacher, target["image"], seen["image"], "imitation"))


def test_all_content_counts_where_all_of_the_image_is_content() -> None:
    teacher, student = pair()
    seen, target = styled.watch(student), styled.watch(teacher)
    found = lesson(cagc, teacher, student, verdict="score", content=1.0, **BOTH)(seen, target)
    expected = by_hand(teacher, target["image"], seen["image"], "cagc")
    assert {name: part.item() for name, part in found.items()} == {
        name: pytest.approx(part.item(), rel=1e-6) for name, part in expected.items()
    }


def test_content_is_where_the_critics_verdict_changes_most() -> None:
    weight = torch.zeros(3, 16, 16)
    weight[1, 4:8, 8:12] = torch.rand(4, 4) - 2

    def look(image: Tensor) -> Seen:
        return {"score": (image * weight).sum(dim=(1, 2, 3))[:, None]}

    mask = cagc.content(look, "score", torch.rand(2, 3, 16, 16), 36 / 256)
    assert mask.shape == (2, 1, 16, 16)
    assert mask.unique().tolist() == [0.0, 1.0]
    assert mask.sum(dim=(1, 2, 3)).tolist() == [36.0, 36.0]
    # Averaged over neighbours it reaches one pixel further.
    assert mask[0, 0, 3:9, 7:13].all()


def test_content_moves_with_what_is_in_an_image() -> None:
    teacher, student = pair()
    looks: Any = teacher["discriminator"]
    image = styled.watch(student)["image"]
    mask = cagc.content(looks.watch, "score", image, 0.5)
    assert mask.sum(dim=(1, 2, 3)).tolist() == [128.0] * 4
    assert not torch.equal(mask[0], mask[1])
    assert not mask.requires_grad


def test_cagc_asks_nothing_of_pixels_without_content() -> None:
    teacher, student = pair()
    target = styled.watch(teacher)
    image = styled.watch(student)["image"].detach().requires_grad_()
    found = lesson(cagc, teacher, student, verdict="score", content=0.25, **BOTH)({"image": image}, target)
    looks: Any = teacher["discriminator"]
    mask = cagc.content(looks.watch, "score", target["image"], 0.25)
    expected = by_hand(teacher, mask * target["image"], mask * image, "cagc")
    torch.testing.assert_close(found, expected)
    (slope,) = torch.autograd.grad(torch.stack(list(found.values())).sum(), image)
    assert not slope[(mask == 0).expand_as(slope)].any()
    assert slope[(mask == 1).expand_as(slope)].all()


def test_stylekd_relates_images_to_images_of_moved_latents() -> None:
    teacher, student = pair()
    seen, target = styled.watch(student), styled.watch(teacher)
    found = lesson(stylekd, teacher, student, **RELATED)(seen, target)
    assert found.keys() == by_hand(teacher, target["image"], seen["image"], "stylekd").keys() | {
        "stylekd_relation_block4",
        "stylekd_relation_block16",
    }
    for tap in ("block4", "block16"):
        total, rows = 0.0, []
        for of in (target, seen):
            here, moved = (of[name].detach().double().flatten(1) for name in (tap, f"{AGAIN}{tap}"))
            alike = [[float(a @ b / (a.norm() * b.norm())) for b in moved] for a in here]
            rows.append([[math.exp(c) / sum(map(math.exp, row)) for c in row] for row in alike])
        for theirs, mine in zip(*rows, strict=True):
            total += sum(t * math.log(t / m) for t, m in zip(theirs, mine, strict=True))
        assert found[f"stylekd_relation_{tap}"].item() == pytest.approx(30 * total / 4, rel=1e-3)


def test_a_relation_does_not_depend_on_how_strong_features_are() -> None:
    here, moved = torch.randn(4, 3, 5, 5), torch.randn(4, 3, 5, 5)
    torch.testing.assert_close(stylekd.relation(here, moved), stylekd.relation(3 * here, 0.2 * moved))
    torch.testing.assert_close(stylekd.relation(here, moved).exp().sum(dim=1), torch.ones(4))


def test_stylekd_needs_a_batch_and_latents_that_can_be_moved() -> None:
    teacher, student = pair()
    given = lesson(stylekd, teacher, student, **RELATED)
    alone = [{tap: value[:1] for tap, value in styled.watch(of).items()} for of in (student, teacher)]
    with pytest.raises(Unsupported, match="this one has one: take larger batches"):
        given(*alone)
    translators = [tiny.side(tiny.translators(seed=seed)) for seed in range(2)]
    with pytest.raises(Unsupported, match="stylekd moves the latents w of a generator, and this network has none"):
        stylekd.objective(*translators, **{**RELATED, "taps": ["res0"]})


@pytest.mark.parametrize("member", [imitation, cagc, stylekd])
def test_layers_are_named_for_the_critic_and_only_for_it(member: Any) -> None:  # noqa: ANN401 - a member
    teacher, student = pair()
    rest: dict[str, Any] = {"verdict": "score"} if member is cagc else {}
    rest |= {"relation_weight": 1.0, "taps": ["block4"]} if member is stylekd else {}
    for changes, reason in (
        ({"layers": []}, "looks at layers of the teacher's critic: name some in `layers`"),
        ({"layers": None}, "name some in `layers`"),
        ({"perceptual": "lpips"}, "and lpips has its own: name none"),
    ):
        with pytest.raises(Unsupported, match=reason):
            lesson(member, teacher, student, **{**BOTH, **rest, **changes})


def test_published_weights_that_are_missing_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:  # noqa: ANN401
    monkeypatch.chdir(tmp_path)
    for name in ("RETORT_WEIGHTS", "TORCH_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    published_lpips.ready.cache_clear()
    teacher, student = pair()
    given = lesson(imitation, teacher, student, image_weight=1.0, perceptual_weight=1.0, perceptual="lpips")
    with pytest.raises(WeightsError, match=r"vgg16-397923af\.pth\) are in none of these places; `retort fetch vgg`"):
        given(styled.watch(student), styled.watch(teacher))


def test_published_distances_take_the_place_of_the_critics(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = published_lpips.structure("vgg")
    monkeypatch.setattr(published_lpips, "ready", lambda _trunk, _device: network)
    teacher, student = pair()
    given = lesson(imitation, teacher, student, image_weight=1.0, perceptual_weight=3.0, perceptual="lpips")
    images = [torch.rand(2, 3, 32, 32) * 2 - 1 for _ in range(2)]
    images[0].requires_grad_()
    found = given({"image": images[0]}, {"image": images[1]})
    assert found.keys() == {"imitation_image", "imitation_lpips"}
    torch.testing.assert_close(found["imitation_lpips"], 3 * network(*images).mean())
    found["imitation_lpips"].backward()
    assert images[0].grad is not None
    assert images[0].grad.any()
    assert not list(given.parameters())


def test_published_distances_are_counted_without_their_weights() -> None:
    network = published_lpips.ready("vgg", torch.device("meta"))
    assert network(*[torch.zeros(2, 3, 32, 32, device="meta")] * 2).shape == (2, 1, 1, 1)
    assert all(parameter.is_meta for parameter in network.parameters())


@pytest.mark.parametrize(
    ("member", "output"), [(imitation, True), (cagc, True), (stylekd, False)], ids=["imitation", "cagc", "stylekd"]
)
def test_what_is_watched(member: Any, output: bool) -> None:  # noqa: ANN401 - a member
    teacher, student = pair()
    rest = {"verdict": "score"} if member is cagc else {}
    found = lesson(member, teacher, student, **(RELATED if member is stylekd else {**BOTH, **rest}))
    assert found.compares_output == output
    moved = ("block4", "block16", "again.block4", "again.block16")
    assert found.watches == ("image", *(() if output else moved))
    assert roles.among(found.watches, "generator")


# In the game.


def told(member: Any, teacher: Networks, student: Networks) -> nn.Module:  # noqa: ANN401 - a member
    """A lesson with settings that suit it."""
    settings = {imitation: BOTH, cagc: {**BOTH, "verdict": "score"}, stylekd: RELATED}[member]
    made: nn.Module = lesson(member, teacher, student, **settings)
    return made


members_ = pytest.mark.parametrize("member", [imitation, cagc, stylekd], ids=["imitation", "cagc", "stylekd"])


@members_
def test_the_family_shows_what_a_lesson_watches_and_both_networks_the_same_move(member: Any) -> None:  # noqa: ANN401
    teacher, student = pair()
    heard: list[tuple[Seen, Seen]] = []
    given = told(member, teacher, student)
    given.register_forward_pre_hook(lambda _module, both: heard.append(both))
    player = styled.taught(student, teacher, given).players[0]
    player.losses(styled.draw(0, 0))
    ((mine, theirs),) = heard
    assert any(tap.startswith(AGAIN) for tap in theirs) == (member is stylekd)
    moment = styled.draw(0, 0)
    latent = moment["latent"][:, : styled.LATENT]
    whole: Any = teacher["generator"]
    with torch.no_grad():
        torch.testing.assert_close(theirs["image"], whole(latent))
        if member is stylekd:
            torch.testing.assert_close(theirs["w"], whole.mapping(latent))
            assert (mine["again.block4"] - mine["block4"]).abs().max() > 1e-3


@members_
def test_only_the_student_learns(member: Any) -> None:  # noqa: ANN401 - a member
    teacher, student = pair()
    before = {name: deepcopy(network.state_dict()) for name, network in teacher.items()}
    made = styled.taught(student, teacher, told(member, teacher, student))
    torch.stack(list(made.players[0].losses(styled.draw(0, 0)).values())).sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in student["generator"].parameters())
    tiny.trained(made, styled.draw, styled.schedule())
    for name, network in teacher.items():
        assert not network.training
        assert all(p.grad is None and not p.requires_grad for p in network.parameters())
        assert all(torch.equal(value, before[name][key]) for key, value in network.state_dict().items())


def curve(lesson_of: Callable[[Networks, Networks], nn.Module] | None, *pace: Any, **settings: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """The losses and the student of a training."""
    teacher, student = pair()
    if lesson_of is None:
        made = styled.game(student, teacher)
    else:
        made = styled.taught(student, teacher, lesson_of(teacher, student), *pace, **settings)
    return tiny.trained(made, styled.draw, styled.schedule()), student["generator"].state_dict()


def imitating(teacher: Networks, student: Networks) -> nn.Module:
    """The lesson that most rows are taught."""
    return told(imitation, teacher, student)


def test_a_constant_pace_is_no_pace_bit_for_bit() -> None:
    """A lesson at a constant pace against the same lesson added to the game's own loss by hand."""
    teacher, student = pair()
    given, made = imitating(teacher, student), styled.game(student, teacher)
    maker, critic, master = student["generator"], student["discriminator"], teacher["generator"]

    def unpaced(moment: Moment) -> Parts:
        latent = moment["latent"][:, : styled.LATENT]
        seen = maker.watch(latent)  # type: ignore[operator]
        maker.mean.lerp_(seen["w"].detach().mean(dim=0), 0.005)  # type: ignore[operator, union-attr]
        with torch.no_grad():
            target = master.watch(latent)  # type: ignore[operator]
        return {"adversarial": F.softplus(-critic(seen["image"])).mean(), **given(seen, target)}

    players = (replace(made.players[0], losses=unpaced), *made.players[1:])
    expected = tiny.trained(replace(made, players=players), styled.draw, styled.schedule())
    found, state = curve(imitating, "constant")
    assert found == expected
    assert all(torch.equal(value, state[key]) for key, value in maker.state_dict().items())


def test_a_lesson_without_weight_is_no_lesson_bit_for_bit() -> None:
    _, alone = curve(None)
    losses, found = curve(imitating, "constant", factor=0.0)
    assert all(torch.equal(value, alone[key]) for key, value in found.items())
    assert {each["generator/imitation_image"] for each in losses} == {0.0}


@pytest.mark.parametrize(
    ("pace", "settings", "formula"),
    [
        ("constant", {"factor": 0.5}, lambda _: 0.5),
        ("step", {"at": 0.5}, lambda t: float(t < 0.5)),
        ("linear", {"end": 0.8}, lambda t: max(0.0, 1 - t / 0.8)),
        ("linear", {"reverse": True}, lambda t: t),
        ("cosine", {}, lambda t: (1 + math.cos(math.pi * t)) / 2),
        ("exponential", {"half_life": 0.25}, lambda t: 0.5 ** (t / 0.25)),
    ],
)
def test_the_weight_of_each_pace_is_its_formula_in_losses_and_evidence(
    pace: str, settings: dict[str, Any], formula: Callable[[float], float]
) -> None:
    teacher, student = pair()
    made = styled.taught(student, teacher, imitating(teacher, student), pace, **settings)
    teaching: Any = made.networks["generator_lesson"]
    record = evidence.recorder(made, teaching, styled.draw(0, 0), 1, CPU)
    moment = styled.draw(0, 0)
    whole = styled.taught(student, teacher, imitating(teacher, student)).players[0].losses(moment)
    for step in range(moment.steps):
        expected = formula(step / (moment.steps - 1))

        found = made.players[0].losses(replace(moment, step=step))
        for name in ("imitation_image", "imitation_critic_block8"):
            assert found[name].item() == pytest.approx(expected * whole[name].item(), rel=1e-5, abs=1e-12)
        assert record(step)["evidence/weight"] == pytest.approx(expected)


@pytest.mark.parametrize(("sign", "lower"), [(-1.0, True), (1.0, False)])
def test_conflict_lowers_the_weight_where_lesson_and_game_oppose_and_not_where_they_agree(
    sign: float, lower: bool
) -> None:
    """The game's own loss as a lesson: asked for as it is, the gradients are the same; asked against, opposite."""
    teacher, student = pair()
    critic: Any = student["discriminator"]

    class Echo(nn.Module):
        """What the game wants, or its contrary."""

        watches, compares_output = ("image",), True

        def forward(self, student: Seen, teacher: Seen) -> Parts:  # noqa: ARG002 - the contract
            return {"echo": sign * 0.5 * F.softplus(-critic(student["image"])).mean()}

    made = styled.taught(student, teacher, Echo(), "conflict", memory=0.5)
    pace: Any = made.networks["generator_lesson"].pace  # type: ignore[union-attr]
    found = tiny.trained(made, styled.draw, styled.schedule())
    assert float(pace.factor) == pytest.approx(0.98 ** len(found) if lower else 1.0)
    assert float(pace.cosine) == pytest.approx(sign * (1 - 0.5 ** len(found)), rel=1e-6)
