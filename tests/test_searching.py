"""Searches of widths: slices, sorted channels, the sandwich rule, evolution, budgets, whether rankings are trusted."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, cast

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau

from stages.blocks import slimming
from stages.families import stylegan2
from stages.learning import students, training
from stages.learning.contracts import Family, Moment, Networks, Unsupported
from stages.searching import choosing, evolving, expenses, ranking, slicing, spaces, widening
from stages.searching.choosing import Unchoosable
from stages.searching.spaces import Costs, Space, Widths
from stages.settings.rows import Evolution, Params, Schedule, WideRow
from tests import tiny
from tests.searched import params

FAMILY = cast(Family, stylegan2)
LARGE = stylegan2.Spec(
    resolution=16, widths=(8, 6, 4), critic_widths=(4, 4, 4), latent=8, mapping_layers=1, noise=False
)
SHARES = (0.25, 0.5, 0.75, 1.0)
SPACE = spaces.of(LARGE, SHARES)
COSTS = Costs(FAMILY, LARGE, SPACE)
EVOLUTION = Evolution(population=12, generations=8, parents=0.25, mutated=0.5, chance=0.4)


def networks(seed: int = 0) -> Networks:
    """Both networks, their styles unlike 1."""
    torch.manual_seed(seed)
    made = FAMILY.build(LARGE)
    generator: Any = made["generator"]
    for block in generator.blocks:
        torch.nn.init.normal_(block.keep.affine.bias)
    return made


def latents(count: int = 4) -> torch.Tensor:
    return torch.randn(count, 8, generator=torch.Generator().manual_seed(1))


def test_a_space_holds_every_choice_of_shares() -> None:
    assert SPACE.choices == ((2, 4, 6, 8), (2, 3, 5, 6), (1, 2, 3, 4))
    assert len(SPACE) == len(list(SPACE)) == len(set(SPACE)) == 64
    assert (SPACE.smallest, SPACE.largest) == ((2, 2, 1), (8, 6, 4))
    assert all(widths in SPACE for widths in SPACE)
    assert (8, 6, 5) not in SPACE
    assert (8, 6) not in SPACE


def test_narrow_sides_offer_each_width_once() -> None:
    assert spaces.of(stylegan2.Spec(resolution=8, widths=(4, 1)), SHARES).choices == ((1, 2, 3, 4), (1,))


def test_costs_by_parts_are_those_of_the_whole() -> None:
    random = np.random.default_rng(0)
    for widths in (SPACE.smallest, SPACE.largest, *(SPACE.draw(random) for _ in range(6))):
        assert COSTS.of(widths) == COSTS.counted(widths)
    assert COSTS.of((7, 6, 4)) == COSTS.counted((7, 6, 4)), "which is not of the space"


def test_families_without_widths_are_refused() -> None:
    with pytest.raises(Unsupported, match=r"offers no SHARED.* so its widths cannot be searched"):
        spaces.demand(tiny.TRANSLATOR, tiny.translator())


@pytest.mark.parametrize("widths", [(8, 6, 4), (2, 2, 1), (8, 2, 3), (3, 5, 4)])
def test_slices_are_the_network_that_has_these_tensors_alone(widths: Widths) -> None:
    large = networks()["generator"]
    shared = slicing.Shared("stylegan2", "generator", large, LARGE)
    shared.widths = widths
    alone: Any = slicing.cut(FAMILY, large, "generator", spaces.spec_of(LARGE, widths))
    assert alone.spec.widths == widths
    mine, theirs = shared.watch(latents()), alone.watch(latents())
    assert mine.keys() == theirs.keys()
    for tap, value in theirs.items():
        torch.testing.assert_close(mine[tap], value, rtol=1e-5, atol=1e-6)
    mine["image"].square().mean().backward()
    alone.requires_grad_(True)
    alone.watch(latents())["image"].square().mean().backward()
    gradients = {name: parameter.grad for name, parameter in large.named_parameters()}
    for name, parameter in alone.named_parameters():
        whole: Any = gradients[name]
        inside = whole[tuple(map(slice, parameter.shape))]
        torch.testing.assert_close(inside, parameter.grad, rtol=1e-4, atol=1e-6)
        assert whole.abs().sum() == pytest.approx(float(inside.abs().sum()), rel=1e-5), "nothing else is touched"


def test_sorted_channels_compute_what_the_teacher_does() -> None:
    teacher = tiny.frozen(networks())
    begun = slicing.begun(FAMILY, teacher, LARGE, ("generator",))
    before, after = ({**each["generator"].watch(latents())} for each in (teacher, begun))  # type: ignore[operator]
    torch.testing.assert_close(after["image"], before["image"], rtol=1e-4, atol=1e-5)
    drawn = stylegan2.latents(begun, slicing.LATENTS, slicing.SEED)
    for readings in stylegan2.readings(cast(Any, begun["generator"]), drawn):
        scores = slimming.importance(readings)
        assert (scores[:-1] >= scores[1:] - 1e-5).all()
    torch.testing.assert_close(begun["discriminator"].state_dict(), teacher["discriminator"].state_dict())


def test_steps_train_the_largest_the_smallest_and_any_other() -> None:
    found = Counter(widening.configuration(SPACE, 3, step) for step in range(8000))
    of_draws = 1 / 2 / len(SPACE)
    assert found[SPACE.largest] / 8000 == pytest.approx(0.25 + of_draws, abs=0.02)
    assert found[SPACE.smallest] / 8000 == pytest.approx(0.25 + of_draws, abs=0.02)
    assert set(found) == set(SPACE)
    again = [widening.configuration(SPACE, 3, step) for step in (5, 900)]
    assert again == [widening.configuration(SPACE, 3, step) for step in (5, 900)]
    assert [widening.configuration(SPACE, 4, step) for step in range(20)] != [
        widening.configuration(SPACE, 3, step) for step in range(20)
    ]


def settings() -> tuple[Params, WideRow, Schedule]:
    found = params()
    return found, found.wides["wide"], found.schedules["short"]


def wide(seed: int = 0) -> training.Run:
    """The training of a weight-shared network, about to begin."""
    found, row, schedule = settings()
    torch.manual_seed(seed)
    teacher = tiny.frozen(networks())
    made = widening.shared(row, FAMILY, teacher, LARGE)
    problem = tiny.problem(labels=2, pixels=16)
    student = widening.prepare(row, found.teachers["large"], made, teacher, LARGE, problem)
    assert "path" not in {player.name for player in student.game.players}
    return training.prepare(student.game, schedule)


def draw(step: int, turn: int) -> Moment:  # noqa: ARG001 - a Draw
    noise = torch.Generator().manual_seed(step)
    tensors = {"real": torch.rand(4, 3, 16, 16, generator=noise) * 2 - 1, "latent": torch.randn(4, 8, generator=noise)}
    return Moment(tensors, step, step, 6)


def test_a_resumed_weight_shared_training_repeats_an_uninterrupted_one() -> None:
    schedule = settings()[2]
    whole, first, second = wide(), wide(), wide(seed=9)
    list(training.steps(whole, draw, schedule, tiny.CPU))
    for step, _ in training.steps(first, draw, schedule, tiny.CPU):
        if step == 3:
            break
    second.restore(first.state())
    list(training.steps(second, draw, schedule, tiny.CPU))
    for name, network in whole.result().items():
        for key, value in network.state_dict().items():
            assert torch.equal(value, second.result()[name].state_dict()[key]), f"{name}.{key}"


def test_a_weight_shared_training_is_counted_as_its_steps_cost() -> None:
    found, row, schedule = settings()
    teacher = found.teachers["large"]
    ends = [expenses.of_fixed(row, teacher, schedule, LARGE, widths) for widths in (SPACE.smallest, SPACE.largest)]
    costs = [COSTS.of(widths) for widths in (SPACE.smallest, SPACE.largest)]
    for widths in ((4, 3, 4), (8, 2, 2)):
        exact = expenses.of_fixed(row, teacher, schedule, LARGE, widths)
        share = (COSTS.of(widths) - costs[0]) / (costs[1] - costs[0])
        assert ends[0] + share * (ends[1] - ends[0]) == pytest.approx(exact, rel=0.02)
    whole = expenses.of_wide(row, teacher, schedule, LARGE, COSTS)
    assert ends[0] < whole < ends[1]


def fitness(widths: Widths) -> float:
    """Two sides that matter, and one that hardly does."""
    return abs(widths[0] - 6) + abs(widths[1] - 3) + 0.1 * (4 - widths[2]) + 0.01 * widths[0]


@pytest.mark.parametrize("share", [0.3, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_evolution_finds_what_enumeration_does(share: float, seed: int) -> None:
    budget = share * COSTS.of(SPACE.largest)
    everything = {widths: fitness(widths) for widths in SPACE}
    evolved = evolving.evolve(SPACE, fitness, lambda widths: COSTS.of(widths) <= budget, EVOLUTION, seed)
    assert all(COSTS.of(widths) <= budget for widths in evolved)
    assert choosing.best(evolved, COSTS, budget) == choosing.best(everything, COSTS, budget)


def test_children_stay_in_the_population() -> None:
    best = [widths for widths in SPACE if widths[2] == 4][:4]
    found = list(evolving.following(SPACE, best, lambda _: True, EVOLUTION, 0, 1))
    assert len(found) == EVOLUTION.population
    assert found[:3] == best[:3]
    for child in found[9:]:
        assert all(width in {parent[side] for parent in best[:3]} for side, width in enumerate(child))


def test_a_budget_that_nothing_keeps_is_told() -> None:
    with pytest.raises(spaces.TooLarge, match="even the narrowest configuration exceeds the budget"):
        evolving.evolve(SPACE, fitness, lambda _: False, EVOLUTION, 0)
    with pytest.raises(Unchoosable, match="no configuration costs at most 10 MACs"):
        choosing.best({widths: fitness(widths) for widths in SPACE}, COSTS, 10)


@pytest.mark.parametrize("share", [0.2, 0.31, 0.5, 0.9])
def test_the_uniform_width_is_the_widest_within_the_budget(share: float) -> None:
    budget = share * COSTS.of(SPACE.largest)
    found = COSTS.uniform(budget)
    assert COSTS.of(found) <= budget
    wider = [SPACE.uniform(step / 1000) for step in range(1001)]
    assert max(COSTS.of(widths) for widths in wider if COSTS.of(widths) <= budget) == COSTS.of(found)


def test_all_of_the_budget_is_the_teacher() -> None:
    assert COSTS.uniform(COSTS.of(SPACE.largest)) == SPACE.largest


def test_controls_cost_what_the_best_does() -> None:
    everything = {widths: fitness(widths) for widths in SPACE}
    budget = 0.5 * COSTS.of(SPACE.largest)
    best = choosing.best(everything, COSTS, budget)
    target = COSTS.of(best)
    drawn = choosing.controls(COSTS, best, 0.2, 3, seed=0)
    assert drawn == choosing.controls(COSTS, best, 0.2, 3, seed=0)
    picks = choosing.picks(everything, best, drawn, COSTS, 4)
    assert list(picks.named) == list(choosing.names(3)) == ["best", "uniform", "random1", "random2", "random3"]
    random = [picks.named[f"random{number}"] for number in (1, 2, 3)]
    assert len({*random, picks.named["best"]}) == 4
    assert all(0.8 * target <= COSTS.of(widths) <= 1.2 * target for widths in random)
    assert COSTS.of(picks.named["uniform"]) <= target
    assert len(set(picks.others)) == 4
    assert not set(picks.others) & set(picks.named.values())
    with pytest.raises(Unchoosable, match="too few for 3 random ones; raise `near` or lower `random`"):
        choosing.controls(COSTS, best, 0.001, 3, seed=0)


def test_rank_correlation_is_that_of_scipy() -> None:
    random = np.random.default_rng(0)
    for ties in (2, 5, 1000):
        one, other = random.integers(ties, size=(2, 12)).astype(float)
        assert ranking.kendall(one, other) == pytest.approx(kendalltau(one, other).statistic)
    assert ranking.kendall([1, 2, 3, 4], [10, 20, 30, 40]) == 1
    assert ranking.kendall([1, 2, 3, 4], [4, 3, 2, 1]) == -1
    assert ranking.kendall([1, 2, 3], [1, 3, 2]) == pytest.approx(1 / 3)
    assert math.isnan(ranking.kendall([1, 1, 1], [1, 2, 3]))


def test_a_ranking_is_trusted_only_where_its_interval_lies_above_zero() -> None:
    order = [float(value) for value in range(10)]
    agreed = ranking.agreement(order, order, seed=0)
    assert (agreed.tau, agreed.low, agreed.high, agreed.trusted) == (1, 1, 1, True)
    noise = [3.0, 9.0, 1.0, 7.0, 0.0, 4.0, 8.0, 2.0, 6.0, 5.0]
    unsure = ranking.agreement(order, noise, seed=0)
    assert unsure.low < 0 < unsure.high
    assert not unsure.trusted
    assert unsure == ranking.agreement(order, noise, seed=0)
    assert not ranking.agreement(order, order[::-1], seed=0).trusted
    with pytest.raises(ValueError, match="needs 3 configurations or more, found 2"):
        ranking.agreement([1, 2], [1, 2], 0)


def test_wide_networks_are_taught_like_any_other() -> None:
    _, row, _ = settings()
    teacher = tiny.frozen(networks())
    lessons = students.teach(row, teacher, widening.shared(row, FAMILY, teacher, LARGE), (LARGE, LARGE))
    assert lessons["generator"].contract.compares_output


def test_spaces_are_drawn_evenly() -> None:
    space = Space(((1, 2), (1, 2, 3)))
    random = np.random.default_rng(0)
    found = Counter(space.draw(random) for _ in range(3000))
    assert set(found) == set(space)
    assert all(abs(count / 3000 - 1 / 6) < 0.03 for count in found.values())
