"""Rulers of factors against sets of which it is known what is wrong: each moves for its own fault, and for no other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import binom, wasserstein_distance
from torch import Tensor

from stages.datasets import avatars
from stages.measuring import laws, looking, readings
from stages.measuring.assessing import blurred
from stages.measuring.contracts import Nearest, Read, Redrawn, Twins
from stages.measuring.readings import Mistakes, Readings
from stages.metrics import coverage, fidelity, joint, marginals, memorisation, rendering
from stages.storage.factors import Factors
from stages.storage.prepared import Bytes

N = 4000
PROGRAM = avatars.program(resolution=16, variety=0.3)
LAW = PROGRAM.factors


def seeded(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def mistaken(found: Readings, chance: float, seed: int = 9) -> Readings:
    """What a reader says that takes every value for the one behind it by a chance."""
    sizes = torch.tensor([len(values) for values in LAW.categories.values()])
    wrong = torch.rand(found.values.shape, generator=torch.Generator().manual_seed(seed)) < chance
    return Readings((found.values + wrong) % sizes, found.traits)


def given(codes: Bytes, chance: float = 0.0) -> Read:
    """What metrics are told of images of some factors, read with mistakes that are known."""
    truth, drawn = (readings.decoded(each, LAW) for each in (laws.draws(LAW, 20_000, seeded(8)), codes))
    real = mistaken(truth, chance, seed=10)
    return Read(mistaken(drawn, chance), real, LAW, readings.mistakes(real, truth, LAW))


def scores(codes: Bytes, chance: float = 0.0) -> dict[str, float]:
    told = given(codes, chance)
    return {**marginals.measure(told), **joint.measure(told), **coverage.measure(told)}


RIGHT = laws.draws(LAW, N, seeded(0))


@pytest.mark.parametrize("chance", [0.0, 0.05])
def test_real_draws_score_the_floor(chance: float) -> None:
    found, floor = scores(RIGHT, chance), joint.floor(given(RIGHT))
    assert found["tv_marginal"] < 0.015
    assert found["frequency_gap"] < 0.01
    assert found["w1_traits"] < 0.01
    assert found["coverage"] == pytest.approx(1, abs=0.01)
    assert floor["tv_joint"] == pytest.approx(0.024, abs=0.001)
    assert found["tv_joint"] < 2 * floor["tv_joint"]
    assert found["tv_cells"] < 1.8 * floor["tv_cells"]


def test_shuffled_factors_fail_the_joint_ruler_and_pass_the_marginals() -> None:
    dealt = laws.shuffled(LAW, RIGHT)
    for column, right in zip(dealt.T, RIGHT.T, strict=True):
        assert np.array_equal(np.sort(column), np.sort(right))
    right, found = scores(RIGHT), scores(dealt)
    for alike in ("tv_marginal", "frequency_gap", "w1_traits"):
        assert found[alike] == pytest.approx(right[alike], abs=1e-12)
    assert found["tv_joint"] > 10 * right["tv_joint"]
    assert found["tv_cells"] > 2 * right["tv_cells"]


def test_a_dropped_mode_fails_coverage_the_joint_and_its_own_marginal() -> None:
    found = scores(laws.dropped(LAW, N, seeded(1)))
    assert found["coverage"] == pytest.approx(0.75, abs=0.01)
    assert found["tv_joint"] == pytest.approx(0.28, abs=0.03)
    assert found["w1_traits"] < 0.01
    gaps = {name: marginals.shares(given(laws.dropped(LAW, N, seeded(1))), name)[0] for name in ("Hair", "Young")}
    assert float(gaps["Hair"]) == 0
    assert float(gaps["Young"]) == pytest.approx(0.5, abs=0.03)


def test_traits_that_lean_fail_their_distance_alone() -> None:
    leaning = RIGHT.copy()
    leaning[:, len(LAW.categories) :] //= 2
    right, found = scores(RIGHT), scores(leaning)
    # The law scaled to half its range is a quarter away.
    assert found["w1_traits"] == pytest.approx(0.25, abs=0.01)
    assert {name: found[name] for name in found if name != "w1_traits"} == pytest.approx(
        {name: right[name] for name in found if name != "w1_traits"}
    )


def test_traits_that_nobody_can_read_are_left_out() -> None:
    told = given(RIGHT)
    blind = Mistakes(told.mistakes.confusions, dict.fromkeys(LAW.traits, 0.1))
    assert marginals.measure(replace(told, mistakes=blind)).keys() == {"tv_marginal", "frequency_gap"}
    half = {name: float(index % 2) for index, name in enumerate(LAW.traits)}
    assert Mistakes({}, half).followed == list(range(1, len(LAW.traits), 2))


@pytest.mark.parametrize("chance", [0.1, 0.25])
def test_a_known_confusion_is_taken_back(chance: float) -> None:
    uneven = Factors(
        {**LAW.categories}, {**LAW.chances, "Hair": (0.6, 0.2, 0.1, 0.1)}, LAW.traits, LAW.joint, LAW.cells
    )
    told = given(laws.draws(uneven, N, seeded(2)), chance)
    raw = readings.shares(told.found, LAW, ["Hair"])
    assert readings.variation(raw, readings.known(uneven, ["Hair"])) > 0.5 * chance * 0.4
    assert marginals.shares(told, "Hair").tolist() == pytest.approx([0.6, 0.2, 0.1, 0.1], abs=0.05)
    cells = readings.corrected(readings.shares(told.found, LAW, LAW.joint), told.mistakes.confusions, LAW.joint)
    assert readings.variation(cells, readings.known(uneven, LAW.joint)) < 0.15


def test_a_reader_that_tells_nothing_apart_gives_shares_all_the_same() -> None:
    blind = {"coin": torch.tensor([[50, 50], [50, 50]])}
    assert readings.corrected(torch.tensor([0.5, 0.5]).double(), blind, ["coin"]).tolist() == pytest.approx([0.5, 0.5])
    never = {"coin": torch.tensor([[80, 20], [0, 0]])}
    found = readings.corrected(torch.tensor([0.4, 0.6]).double(), never, ["coin"])
    assert found.tolist() == pytest.approx([0.5, 0.5])


def test_the_simplex_is_projected_on() -> None:
    inside = torch.tensor([0.2, 0.3, 0.5]).double()
    assert torch.allclose(readings.on_simplex(inside), inside)
    assert readings.on_simplex(torch.tensor([1.4, 0.0, -0.4]).double()).tolist() == [1, 0, 0]
    assert readings.on_simplex(torch.tensor([0.7, 0.7, -1.0]).double()).tolist() == pytest.approx([0.5, 0.5, 0])


def test_the_floor_is_the_exact_expectation() -> None:
    chances, count = torch.tensor([0.5, 0.3, 0.15, 0.05]), 37
    ks = np.arange(count + 1)
    exact = sum((binom.pmf(ks, count, p) * abs(ks / count - p)).sum() for p in chances.tolist()) / 2
    assert joint.expected(chances, count) == pytest.approx(exact, rel=1e-6)
    assert joint.expected(torch.tensor([1.0, 0.0]), 10) == 0


def test_the_distance_of_a_trait_is_scipys() -> None:
    values = torch.from_numpy(seeded(3).random(500) ** 2)
    even = (np.arange(500) + 0.5) / 500
    assert marginals.wasserstein(values) == pytest.approx(wasserstein_distance(values.numpy(), even))


def read_of(codes: Bytes) -> Readings:
    return readings.decoded(codes, LAW)


def test_copies_are_nearer_to_train_images_and_others_are_not() -> None:
    train, fresh, others = (read_of(laws.draws(LAW, 1000, seeded(seed))) for seed in (4, 5, 6))
    followed = [0, 3, 5]

    def measured(produced: Readings) -> tuple[Tensor, float]:
        found = memorisation.measure(Nearest(produced, train, fresh, followed))
        assert isinstance(found["copies"], Tensor)
        assert isinstance(found["nearest_ratio"], float)
        return found["copies"], found["nearest_ratio"]

    shares, ratio = measured(train.some(slice(200)))
    assert float(shares.mean()) == 1
    assert ratio == 0
    shares, ratio = measured(others)
    assert float(shares.mean()) == pytest.approx(0.5, abs=0.06)
    assert ratio == pytest.approx(1, abs=0.06)
    with pytest.raises(ValueError, match="as many fresh draws as train images are needed: 999, 1000"):
        memorisation.measure(Nearest(others, train, fresh.some(slice(999)), followed))


def test_the_distance_counts_categories_and_adds_squares_of_traits() -> None:
    one = Readings(torch.tensor([[0, 1]]), torch.tensor([[0.5, 0.0]]))
    other = Readings(torch.tensor([[3, 1]]), torch.tensor([[0.2, 0.9]]))
    told = Nearest(one, other, one, [0])
    distance = memorisation.nearest(memorisation.placed(one, told), memorisation.placed(other, told))
    assert distance.item() == pytest.approx((1 + 0.3**2) ** 0.5)


def test_what_the_program_cannot_draw_is_not_rendered() -> None:
    real, made = (laws.draws(LAW, 200, seeded(seed)) for seed in (7, 8))

    def distances(images: Bytes, codes: Bytes) -> Tensor:
        return looking.redrawn(PROGRAM, images, read_of(codes), 64)

    def shares(images: Bytes, codes: Bytes) -> dict[str, float]:
        # A reader whose traits are a little off.
        near = codes.copy()
        near[:, len(LAW.categories) :] ^= 7
        known = distances(PROGRAM.draw(real), np.concatenate([real[:, :9], real[:, 9:] ^ 7], axis=1))
        found = rendering.measure(Redrawn(distances(images, near), known))
        return {name: float(each.mean()) for name, each in found.items()}

    drawn = PROGRAM.draw(made)
    assert float(distances(drawn, made).max()) == 0
    right, wrong = shares(drawn, made), shares(blurred(drawn), made)
    assert right["rendered"] >= 0.97
    assert wrong["rendered"] < 0.5
    assert wrong["redrawn_error"] > 2 * right["redrawn_error"]


def test_twins_agree_where_they_are_alike() -> None:
    codes = laws.draws(LAW, 20, seeded(11))
    images, found = PROGRAM.draw(codes), read_of(codes)
    same = fidelity.measure(Twins(images, images, found, found))
    assert {name: float(each.mean()) for name, each in same.items()} == {"agreement": 1, "l1_teacher": 0}
    changed = Readings(found.values.clone(), found.traits)
    changed.values[:, 1] ^= 1
    other = fidelity.measure(Twins(images, 255 - images, found, changed))
    assert other["agreement"].tolist() == pytest.approx([1 - 1 / 9] * 20)
    assert fidelity.measure(Twins(images, images, None, None)).keys() == {"l1_teacher"}
    with pytest.raises(ValueError, match="twins must have one shape"):
        fidelity.measure(Twins(images, images[:3], None, None))


def test_readings_are_drawn_again_as_they_were() -> None:
    codes = laws.draws(LAW, 50, seeded(12))
    assert np.array_equal(read_of(codes).codes(), codes)
