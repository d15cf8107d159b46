"""Lessons that need no adapter because they compare relations, and the image, alone or together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from stages.blocks.relations import relation
from stages.distillations import alignment, combined, euclidean, image, semantic_relation
from stages.learning.contracts import Seen, Side, Tap, Unsupported
from stages.settings import members
from tests.tiny import side, translator, translators

SIDE, PIXELS = 4, 16


def sides(theirs: int, mine: int, pixels: int = SIDE) -> tuple[Side, Side]:
    """Teacher and student that offer one map each, of some channels."""
    large, small = (Side({}, {"map": Tap(channels, "map", pixels)}) for channels in (theirs, mine))
    return large, small


def noise(channels: int, pixels: int = SIDE, seed: int = 0, count: int = 2) -> Tensor:
    """Features of a map."""
    return torch.randn(count, channels, pixels, pixels, generator=torch.Generator().manual_seed(seed))


def rotation(channels: int) -> Tensor:
    """An orthogonal mixing of channels."""
    return torch.linalg.qr(torch.randn(channels, channels, generator=torch.Generator().manual_seed(1))).Q


def mixed(feature: Tensor, matrix: Tensor) -> Tensor:
    """A map whose channels are mixed at each pixel."""
    return torch.einsum("nchw,dc->ndhw", feature, matrix)


def related(theirs: Tensor, mine: Tensor, **settings: Any) -> float:  # noqa: ANN401 - of the lesson
    """What the lesson says of two maps."""
    both = sides(theirs.shape[1], mine.shape[1], theirs.shape[-1])
    lesson = semantic_relation.objective(*both, match={"map": "map"}, weight=1.0, **settings)
    (part,) = lesson({"map": mine}, {"map": theirs}).values()
    return float(part)


WAYS = ("row", "mean")
norms = pytest.mark.parametrize("norm", [1, 2])
reductions = pytest.mark.parametrize("reduction", WAYS)


def by_hand(theirs: Tensor, mine: Tensor, norm: int) -> float:
    """The formula, pixel by pixel."""
    found = []
    for large, small in zip(theirs.double().flatten(2), mine.double().flatten(2), strict=True):
        for row in range(large.shape[1]):
            a, b = (pixels[:, row] @ pixels for pixels in (large, small))
            found.append((a / a.norm() - b / b.norm()).abs().pow(norm).sum())
    return float(torch.stack(found).mean())


@norms
def test_a_relation_is_the_distance_of_rows_of_products_at_unit_norm(norm: int) -> None:
    theirs, mine = noise(6), noise(3, seed=1)
    assert related(theirs, mine, norm=norm) == pytest.approx(by_hand(theirs, mine, norm), rel=1e-5)
    assert related(theirs, mine, norm=norm, reduction="mean") == pytest.approx(
        by_hand(theirs, mine, norm) / PIXELS, rel=1e-5
    )


@norms
@reductions
@pytest.mark.parametrize(
    "change",
    [
        lambda f: torch.cat([f, torch.zeros(2, 5, SIDE, SIDE)], dim=1),
        lambda f: torch.cat([f, f], dim=1),
        lambda f: mixed(f, rotation(6)),
        lambda f: mixed(torch.cat([f, torch.zeros_like(f)], dim=1), rotation(12)),
        lambda f: 1000 * f,
        lambda f: -1e-3 * f,
    ],
)
def test_channels_and_scale_do_not_matter(norm: int, reduction: str, change: Callable[[Tensor], Tensor]) -> None:
    feature, other = noise(6), noise(3, seed=1)
    assert related(feature, change(feature), norm=norm, reduction=reduction) == pytest.approx(0, abs=1e-5)
    expected = related(feature, other, norm=norm, reduction=reduction)
    assert related(change(feature), other, norm=norm, reduction=reduction) == pytest.approx(expected, rel=1e-4)


@norms
@reductions
def test_pixels_do(norm: int, reduction: str) -> None:
    feature = noise(6)
    moved = feature.flatten(2)[..., torch.randperm(PIXELS, generator=torch.Generator().manual_seed(2))]
    assert related(feature, moved.reshape(feature.shape), norm=norm, reduction=reduction) > 0.01
    assert related(feature, feature.roll(1, dims=-1), norm=norm, reduction=reduction) > 0.01
    both = (each.flip(-1) for each in (feature, noise(3, seed=1)))
    assert related(*both, norm=norm) == pytest.approx(related(feature, noise(3, seed=1), norm=norm), rel=1e-5)


@norms
def test_rows_do_not_shrink_with_resolution_and_the_mean_does(norm: int) -> None:
    small = noise(6), noise(3, seed=1)
    # The same picture of four times as many pixels: a row has as many more entries, each half as large.
    large = [each.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3) for each in small]
    grown = {way: related(*large, norm=norm, reduction=way) / related(*small, norm=norm, reduction=way) for way in WAYS}
    assert grown["row"] == pytest.approx(2.0 if norm == 1 else 1.0, rel=1e-4)
    assert grown["mean"] == pytest.approx(grown["row"] / 4, rel=1e-4)


def test_all_rows_are_looked_at_unless_there_are_more() -> None:
    theirs, mine = noise(6), noise(3, seed=1)
    whole = related(theirs, mine)
    assert related(theirs, mine, rows=PIXELS) == whole
    assert related(theirs, mine, rows=PIXELS + 1) == whole
    assert related(theirs, mine, rows=PIXELS - 1) != whole
    few = relation(theirs, rows=4)
    torch.testing.assert_close(few, relation(theirs, rows=PIXELS)[:, [0, 5, 10, 15]])
    assert related(theirs, mine, rows=8) == pytest.approx(whole, rel=0.2)


def test_a_pixel_without_features_has_a_finite_slope() -> None:
    feature = noise(3)
    feature[0, :, 1, 2] = 0
    feature[1] = 0
    feature[0, :, 0, 0] *= 1e-12
    mine = feature.requires_grad_()
    both = sides(6, 3)
    lesson = semantic_relation.objective(*both, match={"map": "map"}, weight=1.0)
    lesson({"map": mine}, {"map": noise(6, seed=1)})["semantic_relation_map"].backward()
    assert mine.grad is not None
    assert mine.grad.isfinite().all()
    assert mine.grad.abs().max() < 1e3
    assert mine.grad[0].any()


def test_a_relation_is_computed_in_full_precision() -> None:
    theirs, mine = noise(6), noise(3, seed=1)
    with torch.autocast("cpu", torch.bfloat16):
        rough = related(theirs, mine)
    assert rough == related(theirs, mine)


@pytest.mark.parametrize(
    ("theirs", "mine", "sentence"),
    [
        (Tap(4, "map", 1), Tap(2, "map", 1), "not both have more than one: match larger maps"),
        (Tap(4, "map", 4), Tap(2, "map", 8), "the teacher's map is 4 x 4, the student's map 8 x 8"),
        (Tap(4, "vector"), Tap(2, "vector"), "not both are: match maps"),
        (Tap(4, "map", 4), Tap(2, "logits"), "not both are: match maps"),
    ],
)
def test_what_has_no_pixels_to_relate_is_refused(theirs: Tap, mine: Tap, sentence: str) -> None:
    both = Side({}, {"map": theirs}), Side({}, {"map": mine})
    with pytest.raises(Unsupported, match=sentence):
        semantic_relation.objective(*both, match={"map": "map"}, weight=1.0)
    with pytest.raises(Unsupported, match=sentence):
        combined.objective(*both, relation={"match": {"map": "map"}, "weight": 1.0})


# Of the images of a batch.


def misaligned(theirs: Tensor, mine: Tensor, weight: float = 1.0) -> float:
    """What the lesson says of two taps."""
    lesson = alignment.objective(*sides(theirs.shape[1], mine.shape[1]), match={"map": "map"}, weight=weight)
    (part,) = lesson({"map": mine}, {"map": theirs}).values()
    return float(part)


def test_alignment_is_what_the_cosine_of_two_kernels_lacks_to_one() -> None:
    theirs, mine = noise(6, count=5).relu(), noise(3, pixels=2, seed=1, count=5).relu()
    kernels = [rows @ rows.T for rows in (theirs.double().flatten(1), mine.double().flatten(1))]
    cosine = (kernels[0] * kernels[1]).sum() / (kernels[0].norm() * kernels[1].norm())
    assert misaligned(theirs, mine, weight=3.0) == pytest.approx(3 * (1 - cosine.item()), rel=1e-5)


def test_alignment_is_complete_for_equal_features_however_they_are_mixed() -> None:
    feature, other = noise(6, count=4), noise(3, seed=1, count=4)
    shuffled = feature.flatten(1)[:, torch.randperm(6 * PIXELS, generator=torch.Generator().manual_seed(2))]
    for change in (5 * feature, mixed(feature, rotation(6)), feature.flip(-1), shuffled.reshape(feature.shape)):
        assert misaligned(feature, change) == pytest.approx(0, abs=1e-6)
        assert misaligned(change, other) == pytest.approx(misaligned(feature, other), rel=1e-4)
    assert misaligned(feature, feature) == 0
    assert misaligned(feature, feature.flip(0)) > 0.01, "which image is which matters"


def test_alignment_of_a_single_image_is_refused() -> None:
    with pytest.raises(Unsupported, match="this one has one: take larger batches"):
        misaligned(noise(6, count=1), noise(3, seed=1, count=1))


# Several networks.

OWN = {"res": Tap(3, "map", SIDE), "image": Tap(3, "image", SIDE)}
BOTH = Side({}, {f"{network}.{name}": tap for network in ("forth", "back") for name, tap in OWN.items()})


def seen(seed: int) -> Seen:
    """What two generators let be seen."""
    return {tap: noise(3, seed=seed + place) for place, tap in enumerate(BOTH.taps)}


def test_each_of_two_generators_has_parts_of_its_own() -> None:
    student, teacher = seen(0), seen(10)
    match = {"forth.res": "forth.res", "back.res": "back.res"}
    found = semantic_relation.objective(BOTH, BOTH, match=match, weight=1.0)(student, teacher)
    assert list(found) == ["semantic_relation_forth.res", "semantic_relation_back.res"]
    one = semantic_relation.objective(BOTH, BOTH, match={"back.res": "back.res"}, weight=1.0)(student, teacher)
    assert one == {"semantic_relation_back.res": found["semantic_relation_back.res"]}


@norms
def test_images_are_all_that_both_sides_make_or_those_that_are_named(norm: Any) -> None:  # noqa: ANN401 - a literal
    student, teacher = seen(0), seen(10)
    apart = {tap: (student[tap] - teacher[tap]).abs().pow(norm).mean() for tap in ("forth.image", "back.image")}
    whole = image.objective(BOTH, BOTH, weight=2.0, norm=norm)(student, teacher)
    torch.testing.assert_close(whole, {f"image_{tap}": 2 * value for tap, value in apart.items()})
    named = image.objective(BOTH, BOTH, weight=2.0, norm=norm, images=["back.image"])(student, teacher)
    torch.testing.assert_close(named, {"image": 2 * apart["back.image"]})


def test_an_image_that_is_none_is_refused() -> None:
    with pytest.raises(Unsupported, match=r"which forth\.res is not; there are: forth\.image, back\.image"):
        image.objective(BOTH, BOTH, weight=1.0, images=["forth.res", "back.image"])


# Together.

TERMS: dict[str, dict[str, Any]] = {
    "image": {"weight": 3.0, "norm": 2},
    "intermediate": {"match": {"res1": "res1", "down": "down"}, "weight": 0.5},
    "relation": {"match": {"down": "down"}, "weight": 7.0, "norm": 2, "reduction": "mean", "rows": 8},
}
SINGLE: dict[str, Any] = {"image": image, "intermediate": euclidean, "relation": semantic_relation}


def looked(seed: int, width: int) -> Seen:
    """What a small StarGAN lets be seen of noise."""
    generator: Any = translators(translator(width=width), seed)["generator"]
    return dict(generator.watch(noise(3, 16).tanh(), torch.ones(2, 3)))


@pytest.mark.parametrize("terms", [["image"], ["intermediate", "relation"], ["image", "relation"], [*TERMS]])
def test_combined_is_the_sum_of_the_lessons_that_it_joins(terms: list[str]) -> None:
    large, small = (side(translators(translator(width=width), seed)) for seed, width in ((0, 8), (1, 4)))
    teacher, student = looked(0, 8), looked(1, 4)
    torch.manual_seed(5)
    whole: Any = combined.objective(large, small, **{name: TERMS[name] for name in terms})
    torch.manual_seed(5)
    single = {name: SINGLE[name].objective(large, small, **TERMS[name]) for name in terms}
    expected: dict[str, Tensor] = {}
    for lesson in single.values():
        expected |= {f"combined_{name}": part for name, part in lesson(student, teacher).items()}
    found = whole(student, teacher)
    assert found == expected
    assert whole.compares_output == (terms == ["image"])
    adapters = [parameter for lesson in single.values() for parameter in lesson.parameters()]
    assert [p.shape for p in whole.parameters()] == [p.shape for p in adapters]
    torch.stack(list(found.values())).sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in whole.parameters())


def test_combined_asks_for_one_term_at_least() -> None:
    one = side(translators())
    with pytest.raises(Unsupported, match="none of them is asked for: write at least one"):
        combined.objective(one, one)


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": {}},
        {"image": {"weight": 0.0}},
        {"image": {"weight": 1.0, "norm": 3}},
        {"relation": {"match": {"down": "down"}}},
        {"relation": {"match": {"down": "down"}, "weight": 1.0, "rows": 0}},
        {"intermediate": {"match": {}, "weight": 1.0}},
        {"intermediate": {"match": {"down": "down"}, "weight": 1.0, "norm": 1}},
    ],
)
def test_each_term_has_the_settings_of_its_lesson(wrong: dict[str, Any]) -> None:
    assert members.options(combined.objective, TERMS) == TERMS
    with pytest.raises(ValidationError):
        members.options(combined.objective, {**TERMS, **wrong})
