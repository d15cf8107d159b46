"""Classifiers: published sizes, formulas by hand, and the slips of the course notebooks, each with its test."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from stages.blocks import classes
from stages.distillations import penultimate, soft_labels, subclass
from stages.families import classifier
from stages.learning import counting, training
from stages.learning.contracts import Game, Networks, Player, Side, Tap, Unsupported
from stages.settings.rows import Schedule
from tests import tiny
from tests.tiny import CPU, frozen, side

SCHEDULE = Schedule(
    steps=6,
    batch=12,
    learning_rate=0.01,
    critic_learning_rate=0.01,
    betas=[0.9, 0.999],
    decay_from=0.5,
    decay="linear",
    average=0.0,
    flip=False,
)
spec, build, batch = tiny.classes, tiny.classifiers, tiny.digits


def game(networks: Networks, teacher: Networks | None = None, lesson: nn.Module | None = None, **losses: float) -> Game:
    return tiny.supervised(networks, teacher, tiny.teaching(lesson), **losses)


def only(game: Game) -> Player:
    (player,) = game.players
    return player


def trained(networks: Networks, teacher: Networks | None, lesson: nn.Module | None) -> dict[str, Tensor]:
    tiny.trained(game(networks, teacher, lesson), batch, SCHEDULE)
    return networks["classifier"].state_dict()


def answering(**channels: int) -> Side:
    """A side of which taps have so many channels."""
    return Side({}, {name: Tap(count, "logits") for name, count in channels.items()})


def features(channels: int) -> Side:
    """A side that lets its last features be seen."""
    return Side({}, {"features": Tap(channels, "vector")})


PUBLISHED = {"labels": 10, "classes": 10, "resolution": 28}


@pytest.mark.parametrize(
    ("changes", "parameters"),
    [
        ({"network": "convolutional", "padding": "same"}, 1_404_682),
        ({"network": "convolutional", "padding": "valid"}, 1_011_466),
        ({"network": "perceptron"}, 1_238_730),
    ],
)
def test_published_parameter_counts(changes: dict[str, Any], parameters: int) -> None:
    networks, inputs = classifier.example({**PUBLISHED, **changes})
    assert sum(p.numel() for p in networks["classifier"].parameters()) == parameters
    assert networks["classifier"](*inputs["classifier"]).shape == (1, 10)


def test_the_student_multiplies_less_though_it_has_more_parameters() -> None:
    found = {}
    for network in ("convolutional", "perceptron"):
        networks, inputs = classifier.example({**PUBLISHED, "network": network})
        found[network] = counting.of_pass(networks["classifier"], inputs["classifier"])["macs"]
    by_hand = 28 * 28 * 9 * 32 + 27 * 27 * 9 * 32 * 64 + 64 * 13 * 13 * 128 + 128 * 10
    assert found["convolutional"] == by_hand
    assert found["perceptron"] == 784 * 784 * 2 + 784 * 10
    assert found["convolutional"] / found["perceptron"] > 9


def test_inputs_are_grey_levels_from_zero_to_one() -> None:
    network: Any = build(spec(network="perceptron"))["classifier"].eval()
    seen: list[Tensor] = []
    network.body[0].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    network(torch.linspace(-1, 1, 64).view(1, 1, 8, 8).expand(-1, 3, -1, -1))
    assert seen[0].shape == (1, 1, 8, 8)
    assert (seen[0].min().item(), seen[0].max().item()) == (0, 1)


def test_taps_have_the_channels_they_say() -> None:
    for given in (spec(), spec(network="perceptron"), spec(subclasses=3, merge=2, classes=2)):
        network: Any = build(given)["classifier"]
        seen = network.watch(batch(0)["real"])
        taps = classifier.taps(given, "classifier")
        assert {name: value.shape[1] for name, value in seen.items()} == {n: tap.channels for n, tap in taps.items()}


def test_labels_are_merged_evenly_or_not_at_all() -> None:
    row = {"network": "perceptron", "merge": 5, "subclasses": 5}
    assert classifier.make_spec(row, 10, 1, 8).classes == 2
    with pytest.raises(TypeError, match="10 labels cannot be merged by 3"):
        classifier.make_spec({**row, "merge": 3}, 10, 1, 8)
    with pytest.raises(TypeError, match="learns from one data set"):
        classifier.make_spec(row, 10, 2, 8)
    for said in ({"labels": 7}, {"classes": 3}, {"resolution": 16}):
        with pytest.raises(TypeError, match="multiple values"):
            classifier.make_spec({**row, **said}, 10, 1, 8)
    label = torch.eye(10)
    assert classes.merged(label, 5).tolist() == [0] * 5 + [1] * 5


# Formulas.


def test_soft_labels_of_a_case_computed_by_hand() -> None:
    # Teacher logits 2·ln 3, 0 at T = 2: probabilities 3/4 and 1/4. Student logits 0, 0: −log ½ each.
    theirs, mine = torch.tensor([[2 * math.log(3), 0.0]]), torch.tensor([[0.0, 0.0]])
    sides = answering(classes=2)
    lesson = soft_labels.objective(sides, sides, alpha=0.25, temperature=2.0)
    parts = lesson({"classes": mine, "own.cross_entropy": torch.tensor(0.6)}, {"classes": theirs})
    assert parts["soft_labels"].item() == pytest.approx(0.25 * 4 * math.log(2))
    assert parts["cross_entropy"].item() == pytest.approx(0.75 * 0.6)
    # Student logits 2·ln 2, 0 at T = 2: probabilities 2/3 and 1/3.
    parts = lesson(
        {"classes": torch.tensor([[2 * math.log(2), 0.0]]), "own.cross_entropy": torch.tensor(0.0)},
        {"classes": theirs},
    )
    assert parts["soft_labels"].item() == pytest.approx(-0.75 * math.log(2 / 3) - 0.25 * math.log(1 / 3))


def slope(temperature: float, member: Any, tap: str) -> Tensor:  # noqa: ANN401 - a module
    torch.manual_seed(0)
    theirs, mine = torch.randn(5, 8), torch.randn(5, 8, requires_grad=True)
    sides = answering(classes=8 if tap == "classes" else 4, logits=8)
    lesson = member.objective(sides, sides, alpha=1.0, temperature=temperature)
    parts = lesson({tap: mine, "own.cross_entropy": mine.sum() * 0}, {tap: theirs})
    (found,) = torch.autograd.grad(torch.stack(list(parts.values())).sum(), mine)
    return found


@pytest.mark.parametrize(("member", "tap"), [(soft_labels, "classes"), (subclass, "logits")])
def test_the_gradient_keeps_its_size_when_the_temperature_rises(member: Any, tap: str) -> None:  # noqa: ANN401
    """Towards high T it becomes (z_S − z_T, both centred) / classes, whatever T: Hinton et al., section 2.1."""
    torch.manual_seed(0)
    theirs, mine = torch.randn(5, 8), torch.randn(5, 8)
    limit = ((mine - mine.mean(1, keepdim=True)) - (theirs - theirs.mean(1, keepdim=True))) / 8 / 5
    for temperature in (200.0, 400.0):
        torch.testing.assert_close(slope(temperature, member, tap), limit, rtol=0.05, atol=2e-3)
    assert slope(64.0, member, tap).norm() / slope(16.0, member, tap).norm() == pytest.approx(1, abs=0.1)


def test_probabilities_of_classes_sum_to_one_and_are_sums_of_subclasses() -> None:
    logits = torch.randn(7, 12, dtype=torch.float64) * 5
    shares = classes.marginal(logits, 3).softmax(dim=1)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(7, dtype=torch.float64))
    torch.testing.assert_close(shares, logits.softmax(dim=1).view(7, 4, 3).sum(dim=2))
    truth = torch.randint(4, (7,))
    by_hand = -logits.softmax(dim=1).view(7, 4, 3).sum(dim=2)[torch.arange(7), truth].log().mean()
    torch.testing.assert_close(classes.cross_entropy(classes.marginal(logits, 3), truth), by_hand)


@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_l_aux_against_a_double_loop(temperature: float) -> None:
    logits = torch.randn(6, 10, dtype=torch.float64) * 3 + 1
    rows = []
    for row in logits.tolist():
        mean = sum(row) / 10
        deviation = math.sqrt(sum((z - mean) ** 2 for z in row) / 10)
        rows.append([(z - mean) / deviation / math.sqrt(10) for z in row])
    total = 0.0
    for one in rows:
        total += math.log(
            sum(math.exp(sum(a * b for a, b in zip(one, other, strict=True)) / temperature) for other in rows)
        )
    expected = total / 6 - 1 / temperature - math.log(6)
    assert classes.apart(logits, temperature).item() == pytest.approx(expected)


def test_l_aux_is_zero_for_equal_logits_and_lower_for_others() -> None:
    same = torch.tensor([[3.0, 1.0, 0.0, -1.0]]).expand(5, 4)
    assert classes.apart(same, 1.0).item() == pytest.approx(0, abs=1e-6)
    assert classes.apart(5 * torch.eye(4), 1.0).item() < -0.5


@pytest.mark.parametrize("member", [soft_labels, subclass])
def test_alpha_zero_is_plain_training_bit_for_bit(member: Any) -> None:  # noqa: ANN401 - a module
    given = spec(subclasses=2)
    teacher, plain, taught = frozen(build(given)), build(given, 1), build(given, 1)
    lesson = member.objective(side(teacher), side(taught), alpha=0.0, temperature=4.0)
    alone = trained(plain, teacher, None)
    mine = trained(taught, teacher, lesson)
    assert all(torch.equal(value, mine[name]) for name, value in alone.items())


def test_alpha_one_never_sees_the_labels() -> None:
    given = spec(network="perceptron")
    teacher, networks = frozen(build(given)), build(given, 1)
    lesson = soft_labels.objective(side(teacher), side(networks), alpha=1.0, temperature=2.0)
    player = only(game(networks, teacher, lesson))
    slopes = []
    for turn in (0, 1):
        first = batch(0)
        shown = replace(first, tensors={**first.tensors, "label": first["label"].roll(turn, 1)})
        total = torch.stack(list(player.losses(shown).values())).sum()
        slopes.append(torch.autograd.grad(total, list(networks["classifier"].parameters())))
    assert all(torch.equal(a, b) for a, b in zip(*slopes, strict=True))


def test_penultimate_is_relative_to_the_teachers_features() -> None:
    lesson: Any = penultimate.objective(features(3), features(2), weight=2.0)
    theirs, mine = torch.randn(4, 3), torch.randn(4, 2)
    expected = 2 * (lesson.map(mine) - theirs).square().mean() / theirs.square().mean()
    found = lesson({"features": mine}, {"features": theirs})["penultimate"]
    torch.testing.assert_close(found, expected)
    # A student that says nothing is left with the teacher's own spread: shrinking does not help.
    with torch.no_grad():
        lesson.map.weight.zero_()
        lesson.map.bias.zero_()
    assert lesson({"features": mine}, {"features": 100 * theirs})["penultimate"].item() == pytest.approx(2)


def test_lessons_refuse_networks_they_cannot_compare() -> None:
    with pytest.raises(Unsupported, match="the teacher has 4 and the student 2"):
        soft_labels.objective(answering(classes=4), answering(classes=2), alpha=0.5, temperature=1.0)
    whole = answering(classes=4, logits=4)
    with pytest.raises(Unsupported, match="without them use soft_labels"):
        subclass.objective(whole, whole, alpha=0.5, temperature=1.0)
    parts = answering(classes=2, logits=4)
    with pytest.raises(Unsupported, match="4 logits of 2 classes and 4 logits of 4 classes"):
        subclass.objective(parts, whole, alpha=0.5, temperature=1.0)
    image = Side({}, {"image": Tap(3, "image")})
    with pytest.raises(Unsupported, match="has none"):
        penultimate.objective(image, image, weight=1.0)


# Slips of the course notebooks.


def test_the_temperature_that_is_set_is_the_one_that_is_used() -> None:
    given = spec(network="perceptron")
    teacher = frozen(build(given))
    ends = []
    for temperature in (1.0, 8.0):
        networks = build(given, 1)
        lesson = soft_labels.objective(side(teacher), side(networks), alpha=0.5, temperature=temperature)
        ends.append(trained(networks, teacher, lesson))
    assert any(not torch.equal(value, ends[1][name]) for name, value in ends[0].items())


def test_subclasses_are_summed_before_the_label_is_asked_for() -> None:
    """The label is about classes: which subclass of the true class has the logit must not matter."""
    given = spec(classes=2, merge=2, subclasses=3)
    network: Any = build(given)["classifier"].eval()
    seen = network.watch(batch(0)["real"])
    truth = torch.zeros(12, dtype=torch.int64)
    mixed = seen["logits"][:, [2, 0, 1, 4, 5, 3]]
    torch.testing.assert_close(
        classes.cross_entropy(classes.marginal(mixed, 3), truth), classes.cross_entropy(seen["classes"], truth)
    )
    assert seen["classes"].shape == (12, 2)


def test_l_aux_has_a_gradient_that_reaches_the_network() -> None:
    networks = build(spec(subclasses=3))
    player = only(game(networks, apart=2.0))
    parts = player.losses(batch(0))
    assert set(parts) == {"cross_entropy", "apart"}
    parts["apart"].backward()
    reached = {n: p.grad is not None and bool(p.grad.any()) for n, p in networks["classifier"].named_parameters()}
    assert all(reached.values()), reached


def test_training_with_l_aux_moves_examples_apart() -> None:
    ends = {}
    for weight in (0.0, 2.0):
        networks = build(spec(subclasses=3, dropout=0.0))
        tiny.trained(game(networks, apart=weight), batch, SCHEDULE.model_copy(update={"steps": 40}))
        network: Any = networks["classifier"].eval()
        with torch.no_grad():
            ends[weight] = classes.apart(network.watch(batch(99, count=64)["real"])["logits"], 1.0).item()
    assert ends[2.0] < ends[0.0] - 0.05


def test_l_aux_is_for_the_teacher_alone() -> None:
    given = spec(subclasses=2)
    teacher, networks = frozen(build(given)), build(given, 1)
    player = only(game(networks, teacher, apart=2.0))
    assert set(player.losses(batch(0))) == {"cross_entropy"}


# Traps of distillation.


def test_the_teacher_stays_as_it_is_and_gets_no_gradient() -> None:
    teacher = frozen(build(spec(subclasses=2)))
    before = deepcopy(teacher["classifier"].state_dict())
    networks = build(spec(subclasses=2, network="perceptron"), 1)
    lesson = subclass.objective(side(teacher), side(networks), alpha=0.5, temperature=2.0)
    trained(networks, teacher, lesson)
    assert all(torch.equal(value, before[name]) for name, value in teacher["classifier"].state_dict().items())
    assert all(p.grad is None for p in teacher["classifier"].parameters())
    assert networks["classifier"].training


def test_six_steps_give_these_losses_stopped_or_not() -> None:
    """With dropout, whose masks must be those of an uninterrupted training."""
    given = spec(subclasses=2)
    teacher = frozen(build(given, 1))

    def begin(seed: int) -> training.Run:
        networks = build(given, seed)
        lesson = subclass.objective(side(teacher), side(networks), alpha=0.5, temperature=2.0)
        return training.prepare(game(networks, teacher, lesson), SCHEDULE)

    def go_on(run: training.Run) -> Iterator[dict[str, float]]:
        return (losses for _, losses in training.steps(run, batch, SCHEDULE, CPU))

    whole = list(go_on(begin(0)))
    stopped = begin(0)
    halves = list(islice(go_on(stopped), 3))
    torch.rand(3)
    resumed = begin(7)
    resumed.restore(deepcopy(stopped.state()))
    assert [*halves, *go_on(resumed)] == whole
    found = [each["classifier/cross_entropy"] + each["classifier/subclass"] for each in whole]
    assert found == pytest.approx(GOLDEN, rel=1e-4)


GOLDEN = [4.851182, 4.867199, 4.86342, 4.853, 4.871553, 4.857703]
