"""StarGAN: published sizes, the three outputs, the losses by hand, and what is computed how often."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from stages.families import stargan
from stages.families.stargan.networks import Discriminator, Generator
from stages.families.stargan.playing import classification, condition, extras, gradient_penalty, shown
from stages.learning import counting
from stages.learning.contracts import Moment, Networks, Player, Role
from stages.learning.problems import Domain, Problem, of_parts
from stages.storage import prepared
from tests import tiny
from tests.tiny import LABELS, PIXELS, SCHEDULE, faces, frozen, translator, translators

JOINT = SCHEDULE.model_copy(update={"batch": 4})
SIGMOID_OF_MINUS_ONE = 0.2689414
ATTRIBUTES = tiny.problem().at(0)


def players(student: Networks, teacher: Networks | None = None, **lessons: nn.Module) -> tuple[Player, ...]:
    """The discriminator and the generator, with lessons."""
    given: dict[Role, Any] = {role: tiny.teaching(lesson) for role, lesson in lessons.items()}  # type: ignore[misc]
    return tiny.adversarial(student, teacher, given).players


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("width", "blocks", "labels", "parameters"),
    [
        (64, 6, 5, 8_430_528),
        (32, 3, 5, 1_231_840),
        (16, 1, 5, 164_848),
        (64, 6, 10, 8_446_208),
        (32, 3, 10, 1_239_680),
        (16, 1, 10, 168_768),
    ],
)
def test_generator_has_the_published_size(width: int, blocks: int, labels: int, parameters: int) -> None:
    with torch.device("meta"):
        spec = translator(width=width, blocks=blocks, labels=labels, classes=labels, resolution=128)
        assert count(Generator(spec)) == parameters


def test_discriminator_has_the_published_size() -> None:
    with torch.device("meta"):
        assert count(Discriminator(translator(labels=5, classes=5, resolution=128, critic_width=64))) == 44_762_048


def test_separable_blocks_cost_less() -> None:
    inputs = (torch.zeros(1, 3, PIXELS, PIXELS), torch.zeros(1, LABELS))
    made = [Generator(translator(convolutions=kind)) for kind in ("standard", "separable")]
    standard, separable = (counting.of_pass(generator, inputs)["macs"] for generator in made)
    parameters = [count(generator) for generator in made]
    channels, positions, convolutions = 16, (PIXELS // 4) ** 2, 4
    saved = convolutions * (9 * channels * channels - (9 * channels + channels * channels))
    assert parameters[0] - parameters[1] == saved
    assert standard - separable == saved * positions


@pytest.mark.parametrize("output", ["plain", "residual", "gated"])
def test_output_follows_its_formula_and_stays_in_range(output: str) -> None:
    generator: Any = translators(translator(output=output))["generator"]
    painted: list[Tensor] = []
    generator.paint.register_forward_hook(lambda _module, _inputs, out: painted.append(torch.tanh(out[:, :3])))
    batch = faces(0, 0)
    with torch.no_grad():
        image = generator(batch["real"], batch["target"])
    expected = {
        "plain": painted[0],
        "residual": (batch["real"] + 2 * painted[0]).clamp(-1, 1),
        "gated": torch.lerp(batch["real"], painted[0], SIGMOID_OF_MINUS_ONE),
    }[output]
    torch.testing.assert_close(image, expected)
    assert image.shape == batch["real"].shape
    assert image.abs().max() <= 1


def test_gated_output_starts_near_its_input() -> None:
    batch = faces(0, 0, count=8)
    with torch.no_grad():
        plain, gated = (
            translators(translator(output=output))["generator"](batch["real"], batch["target"])
            for output in ("plain", "gated")
        )
    change, painted_anew = (gated - batch["real"]).abs().mean().item(), (plain - batch["real"]).abs().mean().item()
    assert change == pytest.approx(SIGMOID_OF_MINUS_ONE * painted_anew, rel=0.1)


def test_label_changes_the_image() -> None:
    generator = translators(translator())["generator"]
    batch = faces(0, 0)
    with torch.no_grad():
        assert not torch.allclose(
            generator(batch["real"], batch["target"]), generator(batch["real"], batch["label"]), atol=1e-3
        )


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_what_a_network_answers_is_among_its_taps(player: str) -> None:
    spec = translator(blocks=3)
    network: Any = translators(spec)[player]
    batch = faces(0, 0)
    seen = network.watch(batch["real"], batch["target"]) if player == "generator" else network.watch(batch["real"])
    assert set(stargan.taps(spec, player)) <= set(seen)
    outputs = network(batch["real"], batch["target"]) if player == "generator" else network(batch["real"])[1]
    torch.testing.assert_close(outputs, seen["image" if player == "generator" else "class"])


def calls_of_each_block(network: Any, counter: Counter[str], name: str) -> None:  # noqa: ANN401 - a family's own
    """Count into `counter` how often each block of a network runs."""
    for index, block in enumerate(network.residual if hasattr(network, "residual") else network.trunk):
        block.register_forward_hook(lambda *_, key=f"{name}{index}": counter.update([key]))


def test_each_tap_is_computed_once_per_pass() -> None:
    teacher, student = (
        frozen(translators(translator(width=8, blocks=3, critic_width=8))),
        translators(translator(), seed=1),
    )
    lessons = {
        "generator": tiny.euclidean_lesson(teacher, student, {"res0": "res0", "res2": "res1", "image": "image"}),
        "discriminator": tiny.euclidean_lesson(
            teacher, student, {"trunk0": "trunk0", "trunk": "trunk"}, "discriminator"
        ),
    }
    discriminator, generator = players(student, teacher, **lessons)
    counter: Counter[str] = Counter()
    for owner, networks in (("teacher", teacher), ("student", student)):
        calls_of_each_block(networks["generator"], counter, f"{owner} block ")
        calls_of_each_block(networks["discriminator"], counter, f"{owner} layer ")
    generator.losses(faces(0, 0))
    # Translation and reconstruction; the critic judges the translation.
    assert counter == {
        **{f"student block {i}": 2 for i in range(2)},
        **{f"teacher block {i}": 1 for i in range(3)},
        **{f"student layer {i}": 1 for i in range(3)},
    }
    counter.clear()
    discriminator.losses(faces(0, 1))
    # Real and fake images together, mixed ones; the fake ones are made once.
    assert counter == {
        **{f"student block {i}": 1 for i in range(2)},
        **{f"student layer {i}": 2 for i in range(3)},
        **{f"teacher layer {i}": 1 for i in range(3)},
    }


def test_teacher_and_student_see_the_same_batch_and_target() -> None:
    teacher, student = frozen(translators(translator(width=8))), translators(translator(), seed=1)
    lessons = {
        "generator": tiny.euclidean_lesson(teacher, student, {"res1": "res1"}),
        "discriminator": tiny.euclidean_lesson(teacher, student, {"trunk": "trunk"}, "discriminator"),
    }
    entered: dict[str, list[Tensor]] = {}
    for owner, networks in (("teacher", teacher), ("student", student)):
        first = {
            "generator": networks["generator"].get_submodule("down"),
            "discriminator": networks["discriminator"].get_submodule("trunk.0"),
        }
        for player, module in first.items():
            seen = entered.setdefault(f"{owner} {player}", [])
            module.register_forward_pre_hook(lambda _module, given, seen=seen: seen.append(given[0]))
    discriminator, generator = players(student, teacher, **lessons)
    batch = faces(0, 0)
    generator.losses(batch)
    planes = batch["target"][:, :, None, None].expand(-1, -1, PIXELS, PIXELS)
    assert torch.equal(entered["teacher generator"][0], torch.cat([batch["real"], planes], dim=1))
    assert torch.equal(entered["teacher generator"][0], entered["student generator"][0])
    entered["student discriminator"].clear()
    discriminator.losses(batch)
    assert torch.equal(entered["teacher discriminator"][0], batch["real"])
    assert torch.equal(entered["teacher discriminator"][0], entered["student discriminator"][0][: len(batch["real"])])


def test_teacher_is_bit_identical_after_training() -> None:
    teacher, student = frozen(translators(translator(width=8))), translators(translator(), seed=1)
    before = {name: deepcopy(network.state_dict()) for name, network in teacher.items()}
    start = deepcopy(student["generator"].state_dict())
    lessons = {
        "generator": tiny.euclidean_lesson(teacher, student, {"res1": "res1", "image": "image"}),
        "discriminator": tiny.euclidean_lesson(teacher, student, {"trunk": "trunk"}, "discriminator"),
    }
    given: dict[Role, Any] = {role: tiny.teaching(lesson) for role, lesson in lessons.items()}  # type: ignore[misc]
    tiny.trained(tiny.adversarial(student, teacher, given), faces)
    for name, network in teacher.items():
        after = network.state_dict()
        assert after.keys() == before[name].keys()
        assert all(torch.equal(after[key], before[name][key]) for key in after)
        assert all(parameter.grad is None for parameter in network.parameters())
    assert not torch.equal(start["paint.weight"], student["generator"].state_dict()["paint.weight"])


def test_a_lesson_that_watches_nobody_leaves_the_teacher_alone() -> None:
    teacher, student = frozen(translators(translator(width=8))), translators(translator(), seed=1)
    counter: Counter[str] = Counter()
    for network in teacher.values():
        calls_of_each_block(network, counter, "")
    for player in players(student, teacher):
        player.losses(faces(0, 0))
    assert not counter


def test_classification_of_attributes_is_summed_and_divided_by_the_batch() -> None:
    batch = faces(0, 0, count=4)
    logits = torch.linspace(-2, 3, 4 * LABELS).reshape(4, LABELS)
    p = 1 / (1 + np.exp(-logits.numpy()))
    y = batch["label"].numpy()
    by_hand = -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum() / 4
    assert classification(logits, batch["label"], ATTRIBUTES).item() == pytest.approx(by_hand, rel=1e-5)


def test_classification_of_expressions_is_softmax_cross_entropy() -> None:
    expressions = tiny.problem(kind="expressions").at(0)
    logits, label = torch.tensor([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]]), torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    e = np.exp(logits.numpy())
    by_hand = -(np.log(e[0, 1] / e[0].sum()) + np.log(e[1, 0] / e[1].sum())) / 2
    assert classification(logits, label, expressions).item() == pytest.approx(by_hand, rel=1e-5)


class Quadratic(nn.Module):
    """D(x) = flat·Σx + curve·‖x‖²/2, whose gradient is flat + curve·x."""

    def __init__(self, flat: float, curve: float) -> None:
        super().__init__()
        self.flat, self.curve = flat, curve

    def watch(self, image: Tensor) -> dict[str, Tensor]:
        return {"image": image}

    def slope(self, seen: dict[str, Tensor]) -> Tensor:
        return self.flat + self.curve * seen["image"]


def penalty(flat: float, curve: float, real: Tensor, fake: Tensor, mix: Tensor) -> float:
    critic: Any = Quadratic(flat, curve)
    return gradient_penalty(critic, real, fake, mix)[0].item()


def test_gradient_penalty_of_a_linear_critic() -> None:
    real, fake, mix = torch.rand(3, 3, 2, 2), torch.rand(3, 3, 2, 2), torch.rand(3, 1, 1, 1)
    assert penalty(0.5, 0.0, real, fake, mix) == pytest.approx((0.5 * 12**0.5 - 1) ** 2, rel=1e-5)
    assert penalty(1 / 12**0.5, 0.0, real, fake, mix) == pytest.approx(0, abs=1e-9)


def test_gradient_penalty_is_taken_where_each_sample_mixes_real_and_fake() -> None:
    real, fake = torch.full((2, 3, 2, 2), 1.0), torch.full((2, 3, 2, 2), -0.5)
    mix = torch.tensor([1.0, 0.75]).reshape(2, 1, 1, 1)
    by_hand = ((12**0.5 - 1) ** 2 + (0.625 * 12**0.5 - 1) ** 2) / 2
    assert penalty(0.0, 1.0, real, fake, mix) == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize("resolution", [16, 20])
def test_the_critics_slope_is_what_autograd_finds_and_so_is_the_penaltys_gradient(resolution: int) -> None:
    critic: Any = translators(translator(resolution=resolution))["discriminator"]
    real, fake = torch.randn(2, 4, 3, resolution, resolution)
    mix = torch.rand(4, 1, 1, 1)
    image = torch.lerp(fake, real, mix).requires_grad_()
    (slope,) = torch.autograd.grad(critic.watch(image)["patch"].sum(), image, create_graph=True)
    torch.testing.assert_close(critic.slope(critic.watch(image.detach())), slope)
    penalties = (
        (slope.flatten(1).norm(dim=1) - 1).square().mean(),
        gradient_penalty(critic, real, fake, mix)[0],
    )
    weights = [
        parameter for parameter in critic.parameters() if parameter.ndim > 1 and parameter is not critic.classify.weight
    ]
    theirs, ours = (torch.autograd.grad(each, weights) for each in penalties)
    assert all(each.abs().max() > 1e-6 for each in theirs)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_losses_of_both_players_are_the_formula() -> None:
    student, batch = translators(translator()), faces(0, 0)
    discriminator, generator = players(student)
    fake = student["generator"](batch["real"], batch["target"])
    real_patch, real_class = student["discriminator"](batch["real"])
    fake_patch, fake_class = student["discriminator"](fake)
    mine, theirs = generator.losses(batch), discriminator.losses(batch)
    cycle = (batch["real"] - student["generator"](fake, batch["label"])).abs().mean()
    gradient = gradient_penalty(student["discriminator"], batch["real"], fake.detach(), batch["mix"])[0]  # type: ignore[arg-type]
    expected = {
        "adversarial": -fake_patch.mean(),
        "classification": classification(fake_class, batch["target"], ATTRIBUTES),
        "cycle": 10 * cycle,
    }
    torch.testing.assert_close(mine, expected)
    expected = {
        "real": -real_patch.mean(),
        "fake": fake_patch.mean(),
        "gradient_penalty": 10 * gradient,
        "classification": classification(real_class, batch["label"], ATTRIBUTES),
    }
    torch.testing.assert_close(theirs, expected)


def data_set(
    name: str,
    kind: Literal["attributes", "expressions"],
    rows: list[list[int]],
    exclusive: tuple[tuple[str, ...], ...] = (),
) -> prepared.Prepared:
    """Black images with given labels."""
    labels = np.array(rows, dtype=np.uint8)
    images = np.zeros((len(rows), PIXELS, PIXELS, 3), dtype=np.uint8)
    header = prepared.Header(
        version=1,
        name=name,
        resolution=PIXELS,
        labels=tuple(f"{name}{i}" for i in range(labels.shape[1])),
        kind=kind,
        exclusive=exclusive,
        targets=(),
        counts={"train": len(rows)},
        notes={},
        provenance={},
        arrays={},
        sha256="",
    )
    return prepared.Prepared(header, {"train": prepared.Split(images, labels, None, None)})


@pytest.fixture
def joint() -> Problem:
    """Three attributes and two expressions learnt together."""
    attributes = data_set("a", "attributes", [[0, 1, 1], [1, 0, 1], [1, 0, 1], [0, 1, 1]], (("a0", "a1"),))
    expressions = data_set("e", "expressions", [[1, 0], [0, 1], [0, 1], [1, 0]])
    return of_parts([(attributes, ("a0", "a1", "a2")), (expressions, ("e0", "e1"))], "train")


def drawn(joint: Problem, step: int, **changes: Any) -> tuple[Moment, Domain]:  # noqa: ANN401 - fields of Play
    """The first moment of a step, and the data set that it is of."""
    return stargan.feed(joint, JOINT, replace(tiny.PLAY, **changes), 0)(step, 0), joint.at(step)


def test_gated_output_pays_for_its_mask_in_both_passes() -> None:
    student, batch = translators(translator(output="gated")), faces(0, 0)
    _, generator = tiny.adversarial(student, losses=stargan.Losses(mask=0.1)).players
    assert generator.losses(batch)["mask"].item() == pytest.approx(0.1 * 2 * SIGMOID_OF_MINUS_ONE, rel=1e-5)


def test_joint_labels_end_in_a_mask_and_targets_stay_in_their_domain(joint: Problem) -> None:
    for step in range(6):
        batch, domain = drawn(joint, step)
        mine, other = (slice(0, 3), slice(3, 5)) if step % 2 == 0 else (slice(3, 5), slice(0, 3))
        assert domain.known == mine
        assert domain.kind == ("attributes" if step % 2 == 0 else "expressions")
        for label in (batch["label"], batch["target"]):
            assert label.shape == (4, 7)
            assert not label[:, other].any()
            assert label[:, 5:].tolist() == [[1.0, 0.0] if step % 2 == 0 else [0.0, 1.0]] * 4
            assert label[:, mine].any()
        assert sorted(batch["target"].tolist()) == sorted(batch["label"].tolist())
    spec = stargan.make_spec({"width": 4, "blocks": 1, "critic_width": 4}, labels=5, domains=2, resolution=PIXELS)
    assert (spec.labels, spec.classes) == (7, 5)


def test_mixed_targets_permute_keep_and_change_one_label(joint: Problem) -> None:
    flipped = set()
    for step in range(20):
        batch, domain = drawn(joint, step, targets="mixed")
        permuted, _ = drawn(joint, step)
        assert torch.equal(batch["real"], permuted["real"])
        assert torch.equal(batch["target"][0], permuted["target"][0])
        assert torch.equal(batch["target"][1], batch["label"][1])
        assert torch.equal(batch["target"][:, 5:], batch["label"][:, 5:])
        changed = batch["target"][2:]
        if domain.kind == "expressions":
            assert changed[:, 3:5].sum(dim=1).tolist() == [1.0] * 2
            assert not changed[:, :3].any()
        else:
            assert changed[:, :2].sum(dim=1).tolist() == [1.0] * 2, "hair colours exclude each other"
            assert not changed[:, 3:5].any()
            flipped |= set((changed[:, 2] != batch["label"][2:, 2]).tolist())
    assert flipped == {True, False}


def test_a_window_leaves_a_square_open_of_every_other_image(joint: Problem) -> None:
    batch, _ = drawn(joint, 0, augment="window")
    window = batch["window"]
    open_share = window.mean(dim=(1, 2, 3))
    assert (open_share[::2] == 1).all()
    assert (open_share[1::2] < 0.4).all()
    assert (open_share[1::2] > 0.05).all()
    whole, _ = drawn(joint, 0)
    assert whole.get("window") is None
    assert torch.equal(shown(whole, whole["real"]), whole["real"])
    seen = shown(batch, batch["real"])
    assert torch.equal(seen * window, seen)
    assert not torch.equal(seen, batch["real"])


@pytest.mark.parametrize("way", ["target", "difference"])
def test_what_the_generator_is_told(way: str) -> None:
    row = {"width": 4, "blocks": 1, "critic_width": 4, "condition": way}
    spec = stargan.make_spec(row, labels=3, domains=2, resolution=PIXELS)
    source, target = torch.tensor([[1.0, 0, 1, 1, 0]]), torch.tensor([[0.0, 1, 1, 1, 0]])
    told = condition(spec, source, target)
    assert told.tolist() == ([[0, 1, 1, 1, 0]] if way == "target" else [[-1, 1, 0, 1, 0]])


def test_the_extra_terms_have_the_weights_of_the_row() -> None:
    tensors = {
        "real": torch.zeros(2, 3, 4, 4),
        "label": torch.tensor([[1.0, 0], [1, 0]]),
        "target": torch.tensor([[1.0, 0], [0, 0]]),
    }
    batch = Moment(tensors, seed=0, step=0, steps=1)
    forth = {"image": torch.ones(2, 3, 4, 4), "mask": torch.full((2, 1, 4, 4), 0.25)}
    back = {"image": batch["real"], "mask": torch.full((2, 1, 4, 4), 0.5)}
    parts = extras(batch, forth, back, stargan.Losses(mask=2.0, identity=3.0))
    assert parts["mask"].item() == 1.5
    assert parts["identity"].item() == 1.5, "the first of two images, whose labels stay, is off by 1"
    assert extras(batch, forth, back, stargan.Losses()) == {}


def test_only_the_known_columns_are_classified(joint: Problem) -> None:
    for step in range(2):
        batch, domain = drawn(joint, step)
        logits = torch.randn(4, 5, generator=torch.Generator().manual_seed(step), requires_grad=True)
        classification(logits, batch["target"], domain).backward()
        assert logits.grad is not None
        reached = logits.grad.abs().sum(dim=0) > 0
        assert reached.tolist() == [step == 0] * 3 + [step == 1] * 2


def test_joint_game_trains_on_both_domains(joint: Problem) -> None:
    spec = stargan.make_spec({"width": 4, "blocks": 1, "critic_width": 4}, labels=5, domains=2, resolution=PIXELS)
    lessons: dict[Role, Any] = {"generator": tiny.teaching(), "discriminator": tiny.teaching()}
    game = stargan.game(translators(spec), None, lessons, stargan.Losses(), tiny.PLAY, joint)
    draw = stargan.feed(joint, JOINT, tiny.PLAY, 0)
    curve = [losses["discriminator/classification"] for losses in tiny.trained(game, draw, JOINT)]
    # An untrained classifier pays log 2 per attribute, or log of the number of expressions.
    assert curve[0] == pytest.approx(3 * np.log(2), rel=0.5)
    assert curve[1] == pytest.approx(np.log(2), rel=0.5)
