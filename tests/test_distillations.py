"""What holds for every lesson found in stages/distillations, and the formula of each."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError
from torch import Tensor, nn

from stages.blocks import classes
from stages.distillations import attention, critic, euclidean, wavelet
from stages.families import classifier, stargan
from stages.harness.learning.game import Seen, Side, Unsupported
from stages.harness.settings import members
from tests import test_classifier
from tests.test_stargan import PIXELS, build, frozen, random_batch, tiny

GIVEN: dict[str, Any] = {
    "match": {"res0": "res0", "image": "image"},
    "weight": 2.0,
    "levels": 2,
    "layers": ["trunk0", "trunk2"],
    "alpha": 0.5,
    "temperature": 2.0,
}
"""Settings by keyword; a member with a keyword of its own adds a value here."""


@dataclass(frozen=True)
class World:
    """Networks of one family, small: how they are made, and what they let be seen."""

    family: ModuleType
    make: Callable[..., dict[str, nn.Module]]
    look: Callable[[dict[str, nn.Module]], tuple[Seen, Seen]]

    def side(self, networks: dict[str, nn.Module]) -> Side:
        """The networks, and the taps of the one that is kept."""
        kept = self.family.NETWORKS[0]
        network: Any = networks[kept]
        return Side(networks, self.family.taps(network.spec, kept))

    def lesson(self, name: str, teacher: dict[str, nn.Module], student: dict[str, nn.Module], **changes: Any) -> Any:  # noqa: ANN401
        """A member's lesson with its required settings, some of them changed."""
        given = {**settings(name), **changes}
        return members.load("distillations", name).objective(self.side(teacher), self.side(student), **given)


def translators(seed: int = 0, large: bool = False) -> dict[str, nn.Module]:
    """Both networks of a StarGAN; gated, so that every part of the generator has something to do."""
    return build(tiny(width=8, output="gated") if large else tiny(output="gated"), seed=seed)


def classifiers(seed: int = 0, large: bool = False) -> dict[str, nn.Module]:
    """A classifier with subclasses, so that classes and logits differ."""
    network = "convolutional" if large else "perceptron"
    return test_classifier.build(test_classifier.spec(network=network, subclasses=2, dropout=0.0), seed)


def classified(networks: dict[str, nn.Module]) -> tuple[Seen, Seen]:
    """One pass over one batch, and its loss on the labels."""
    network: Any = networks["classifier"]
    shown = test_classifier.batch(0)
    seen = network.watch(shown.real)
    own = classes.cross_entropy(seen["classes"], classes.merged(shown.label, network.spec.merge))
    return {**seen, "cross_entropy": own}, {}


WORLDS = {
    "stargan": World(stargan, translators, lambda networks: watch(networks)),
    "classifier": World(classifier, classifiers, classified),
}


def settings(name: str) -> dict[str, Any]:
    """The required settings of a lesson."""
    parameters = inspect.signature(members.load("distillations", name).objective).parameters.values()
    return {p.name: GIVEN[p.name] for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty}


def taken(name: str, world: World) -> bool:
    """Whether networks of a family can take a lesson."""
    names = set(world.side(world.make()).taps)
    asked = settings(name)
    if not set(asked.get("match", {})) <= names:
        return False
    try:
        world.lesson(name, world.make(), world.make())
    except (Unsupported, KeyError):
        return False
    return True


PAIRS = [(name, world) for name in members.names("distillations") for world in WORLDS if taken(name, WORLDS[world])]
lessons = pytest.mark.parametrize(("name", "world"), PAIRS)


def test_every_lesson_can_be_taken_by_some_family() -> None:
    assert {name for name, _ in PAIRS} == set(members.names("distillations"))


def side(networks: dict[str, nn.Module], player: str = "generator") -> Side:
    """The networks with their own taps."""
    generator: Any = networks["generator"]
    return Side(networks, stargan.taps(generator.spec, player))


def watch(networks: dict[str, nn.Module]) -> tuple[Seen, Seen]:
    """Translation and reconstruction of one batch."""
    generator: Any = networks["generator"]
    batch = random_batch(0, 0)
    forth = generator.watch(batch.real, batch.target)
    return forth, generator.watch(forth["image"], batch.label)


@lessons
def test_says_whether_it_watches_the_teacher_and_names_its_parts(name: str, world: str) -> None:
    here = WORLDS[world]
    teacher, student = here.make(large=True), here.make(1)
    lesson = here.lesson(name, teacher, student)
    assert isinstance(lesson.watches_teacher, bool)
    parts = lesson(here.look(student), here.look(teacher)[0] if lesson.watches_teacher else {})
    # A lesson may give the student's own loss another weight, under its name.
    assert all(name in part or part in here.look(student)[0] for part in parts)
    assert all(value.shape == () and value.item() > 0 for value in parts.values())
    assert bool(parts) == lesson.watches_teacher


@lessons
def test_asks_nothing_of_a_student_that_equals_its_teacher(name: str, world: str) -> None:
    here = WORLDS[world]
    teacher = here.make()
    student = deepcopy(teacher)
    lesson = here.lesson(name, teacher, student)
    if list(lesson.parameters()):
        pytest.skip("has a map to learn first")

    def asked() -> float:
        """The largest slope of the lesson's own parts at what the student let be seen."""
        seen = here.look(student)
        own = [value for part, value in lesson(seen, here.look(teacher)[0]).items() if part not in seen[0]]
        if not own:
            return 0.0
        slopes = torch.autograd.grad(torch.stack(own).sum(), list(seen[0].values()), allow_unused=True)
        return max(slope.abs().max().item() for slope in slopes if slope is not None)

    assert asked() == pytest.approx(0, abs=1e-6)
    with torch.no_grad():
        for parameter in student[here.family.NETWORKS[0]].parameters():
            parameter.mul_(torch.linspace(0.5, 1.5, len(parameter)).reshape(-1, *[1] * (parameter.ndim - 1)))
    assert asked() > 1e-6 or not lesson.watches_teacher


@pytest.mark.parametrize("name", [name for name, world in PAIRS if world == "stargan"])
def test_distances_are_zero_when_student_equals_teacher(name: str) -> None:
    teacher = build(tiny())
    lesson = WORLDS["stargan"].lesson(name, teacher, deepcopy(teacher))
    parts = lesson(watch(teacher), watch(teacher)[0])
    assert all(value.item() == pytest.approx(0, abs=1e-10) for value in parts.values())


@lessons
def test_weight_scales_every_part(name: str, world: str) -> None:
    if "weight" not in settings(name):
        pytest.skip("has no weight")
    here = WORLDS[world]
    teacher, student = here.make(), here.make(1)
    found = []
    for weight in (1.0, 3.0):
        torch.manual_seed(0)
        lesson = here.lesson(name, teacher, student, weight=weight)
        found.append(lesson(here.look(student), here.look(teacher)[0]))
    torch.testing.assert_close({key: 3 * value for key, value in found[0].items()}, found[1])


@lessons
def test_gradients_reach_student_and_adapters_and_nothing_of_the_teacher(name: str, world: str) -> None:
    # Both have gradients to spare, so that only the lesson keeps them from the teacher's discriminator.
    here = WORLDS[world]
    teacher, student = here.make(large=True), here.make(1)
    lesson = here.lesson(name, teacher, student)
    with torch.no_grad():
        seen = here.look(teacher)[0]
    parts = lesson(here.look(student), seen)
    if not parts:
        pytest.skip("has no part")
    torch.stack(list(parts.values())).sum().backward()
    kept, *others = here.family.NETWORKS
    reached = {n: p.grad is not None and bool(p.grad.any()) for n, p in student[kept].named_parameters()}
    # What lies behind the features that are compared learns from the labels alone.
    assert all(did for parameter, did in reached.items() if name != "penultimate" or not parameter.startswith("head"))
    assert all(p.grad is not None and bool(p.grad.any()) for p in lesson.parameters())
    for network in (*teacher.values(), *(student[other] for other in others)):
        assert all(p.grad is None for p in network.parameters())


@lessons
def test_saves_nothing_of_the_networks_it_compares(name: str, world: str) -> None:
    here = WORLDS[world]
    teacher, student = here.make(large=True), here.make(1)
    lesson = here.lesson(name, teacher, student)
    owned = {id(p) for p in lesson.parameters()}
    assert not owned & {id(p) for networks in (teacher, student) for n in networks.values() for p in n.parameters()}
    assert sum(value.numel() for value in lesson.state_dict().values()) == sum(p.numel() for p in lesson.parameters())


@pytest.mark.parametrize("name", members.names("distillations"))
def test_settings_are_closed_and_ranged(name: str) -> None:
    objective, given = members.load("distillations", name).objective, settings(name)
    assert members.options(objective, given).items() >= given.items()
    wrong: list[dict[str, Any]] = [{**given, "unheard_of": 4.0}]
    if given:
        wrong += [{**given, "weight": 0.0}, {**given, "weight": "1"}]
    if "alpha" in given:
        wrong += [{**given, "alpha": 1.5}, {**given, "alpha": -0.5}, {**given, "temperature": 0.0}]
    wrong += [{other: value for other, value in given.items() if other != key} for key in given]
    for settings_ in wrong:
        with pytest.raises(ValidationError):
            members.options(objective, settings_)


@pytest.mark.parametrize("name", ["wavelet", "critic"])
def test_lessons_on_images_refuse_a_network_without_one(name: str) -> None:
    networks = build(tiny())
    with pytest.raises(Unsupported, match="teach it to the generator"):
        members.load("distillations", name).objective(
            side(networks, "discriminator"), side(networks, "discriminator"), **settings(name)
        )


FR135 = {"res1": "res0", "res3": "res1", "res5": "res2"}


@pytest.mark.parametrize("adapted", ["student", "teacher"])
def test_euclidean_fr135_has_three_adapters_and_adds_three_errors(adapted: Any) -> None:  # noqa: ANN401 - a literal
    teacher, student = build(tiny(width=4, blocks=6)), build(tiny(width=2, blocks=3), seed=1)
    lesson: Any = euclidean.objective(side(teacher), side(student), match=FR135, weight=10.0, adapter_side=adapted)
    assert len(lesson.adapters) == 3
    sizes = {"student": (8, 16), "teacher": (16, 8)}[adapted]
    assert {(a.in_channels, a.out_channels, a.bias is not None) for a in lesson.adapters.values()} == {(*sizes, True)}
    student_seen, teacher_seen = watch(student), watch(teacher)[0]
    parts = lesson(student_seen, teacher_seen)
    by_hand = 0.0
    for theirs, mine in FR135.items():
        moved, still = student_seen[0][mine], teacher_seen[theirs]
        if adapted == "teacher":
            moved, still = still, moved
        by_hand += 10 * (lesson.adapters[theirs](moved) - still).square().mean().item()
    assert sum(value.item() for value in parts.values()) == pytest.approx(by_hand, rel=1e-5)


def test_euclidean_needs_no_adapter_where_widths_agree() -> None:
    teacher, student = build(tiny(width=4)), build(tiny(width=2), seed=1)
    lesson = euclidean.objective(side(teacher), side(student), match={"image": "image"}, weight=1.0)
    assert not list(lesson.parameters())


def test_euclidean_published_reading_compares_the_second_pass() -> None:
    teacher, student = build(tiny()), build(tiny(), seed=1)
    student_seen, teacher_seen = watch(student), watch(teacher)[0]
    for reading, seen in (("drawn", student_seen[0]), ("published", student_seen[1])):
        lesson = euclidean.objective(
            side(teacher),
            side(student),
            match={"res1": "res1"},
            weight=1.0,
            reading=reading,  # type: ignore[arg-type]
        )
        expected = F.mse_loss(seen["res1"], teacher_seen["res1"])
        torch.testing.assert_close(lesson(student_seen, teacher_seen), {"euclidean_res1": expected})


def least_loss_without_information(adapted: Any) -> float:  # noqa: ANN401 - a literal
    """What is left of the loss after training the adapter and the scale of a student's feature that is pure noise."""
    torch.manual_seed(0)
    fixed, noise = torch.randn(8, 6, 4, 4), torch.randn(8, 3, 4, 4)
    lesson = euclidean.objective(
        Side({}, {"feature": 6}),
        Side({}, {"feature": 3}),
        match={"feature": "feature"},
        weight=1.0,
        adapter_side=adapted,
    )
    scale = nn.Parameter(torch.ones(()))
    optimiser = torch.optim.Adam([scale, *lesson.parameters()], 0.03)
    for _ in range(400):
        loss = lesson(({"feature": scale * noise}, {}), {"feature": fixed})["euclidean_feature"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return loss.item()


def test_shrinking_cannot_satisfy_a_lesson_adapted_on_the_students_side() -> None:
    # The target is fixed: a student that knows nothing is left with its variance, 1, less what chance explains.
    assert least_loss_without_information("student") > 0.9


def test_shrinking_satisfies_a_lesson_adapted_on_the_teachers_side() -> None:
    assert least_loss_without_information("teacher") < 1e-3


def test_attention_sees_where_not_how() -> None:
    feature = torch.randn(2, 3, 4, 4)
    lesson = attention.objective(Side({}, {}), Side({}, {}), match={"a": "b"}, weight=1.0)
    repainted = torch.cat([-5 * feature, 5 * feature], dim=1)
    torch.testing.assert_close(lesson(({"b": repainted}, {}), {"a": feature})["attention_a"], torch.tensor(0.0))


def test_attention_of_disjoint_places_is_two() -> None:
    left, right = torch.zeros(2, 3, 2, 2), torch.zeros(2, 1, 2, 2)
    left[..., 0], right[..., 1] = 3.0, 0.5
    lesson = attention.objective(Side({}, {}), Side({}, {}), match={"a": "b"}, weight=10.0)
    assert lesson(({"b": right}, {}), {"a": left})["attention_a"].item() == pytest.approx(20)


def test_attention_is_the_mean_of_squares_normalised() -> None:
    feature = torch.tensor([[[1.0, 2.0]], [[-1.0, 4.0]]])[None]
    assert attention.attention(feature)[0].tolist() == pytest.approx([1 / 101**0.5, 10 / 101**0.5])


def wavelet_parts(theirs: Tensor, mine: Tensor, levels: int) -> dict[str, float]:
    pictures = Side({}, {"image": 3})
    lesson = wavelet.objective(pictures, pictures, weight=1.0, levels=levels)
    return {key: value.item() for key, value in lesson(({"image": mine}, {}), {"image": theirs}).items()}


def test_wavelet_ignores_the_low_band() -> None:
    image = torch.rand(2, 3, 8, 8)
    coarse = F.interpolate(torch.rand(2, 3, 4, 4), scale_factor=2.0)
    assert wavelet_parts(image, image + 0.3, 3) == pytest.approx(
        dict.fromkeys(("wavelet_1", "wavelet_2", "wavelet_3"), 0), abs=1e-6
    )
    parts = wavelet_parts(image, image + coarse, 2)
    assert parts["wavelet_1"] == pytest.approx(0, abs=1e-6)
    assert parts["wavelet_2"] > 0.01


@pytest.mark.parametrize(
    ("band", "pattern"),
    [(0, [[1.0, -1.0], [1.0, -1.0]]), (1, [[1.0, 1.0], [-1.0, -1.0]]), (2, [[1.0, -1.0], [-1.0, 1.0]])],
)
def test_wavelet_band_answers_to_its_pattern_alone(band: int, pattern: list[list[float]]) -> None:
    image = torch.tensor(pattern).repeat(4, 4).expand(1, 3, 8, 8)
    low, high = wavelet.haar(image)
    assert not low.any()
    assert high.reshape(3, 3, 4, 4).abs().amax(dim=(1, 2, 3)).tolist() == [2.0 * (i == band) for i in range(3)]
    # One band of three differs, by 2 everywhere.
    assert wavelet_parts(image, torch.zeros_like(image), 1)["wavelet_1"] == pytest.approx(2 / 3)


def test_wavelet_bands_keep_the_energy() -> None:
    image = torch.rand(2, 3, 8, 8)
    low, high = wavelet.haar(image)
    assert (low.square().sum() + high.square().sum()).item() == pytest.approx(image.square().sum().item(), rel=1e-5)


def test_wavelet_says_when_the_image_cannot_be_halved_so_often() -> None:
    with pytest.raises(ValueError, match="fewer `levels`"):
        wavelet_parts(torch.zeros(1, 3, 12, 12), torch.zeros(1, 3, 12, 12), 3)


def test_critic_is_the_difference_of_its_features() -> None:
    teacher, student = frozen(build(tiny(width=8))), build(tiny(), seed=1)
    lesson = critic.objective(side(teacher), side(student), layers=["trunk1"], weight=3.0)
    seen, target = watch(student), watch(teacher)[0]
    look: Any = teacher["discriminator"]
    by_hand = (look.watch(seen[0]["image"])["trunk1"] - look.watch(target["image"])["trunk1"]).abs().mean()
    torch.testing.assert_close(lesson(seen, target), {"critic_trunk1": 3 * by_hand})


def test_critic_reaches_the_student_through_its_image_alone() -> None:
    teacher, student = frozen(build(tiny(width=8))), build(tiny(), seed=1)
    lesson = critic.objective(side(teacher), side(student), layers=["trunk0"], weight=1.0)
    blind = {"image": torch.rand(2, 3, PIXELS, PIXELS, requires_grad=True)}
    lesson((blind, {}), watch(teacher)[0])["critic_trunk0"].backward()
    assert blind["image"].grad is not None
    assert blind["image"].grad.any()


def test_critic_names_the_layers_there_are() -> None:
    teacher, student = frozen(build(tiny(width=8))), build(tiny(), seed=1)
    lesson = critic.objective(side(teacher), side(student), layers=["trunk9"], weight=1.0)
    with pytest.raises(ValueError, match="has no trunk9; it has trunk0, trunk1, trunk2"):
        lesson(watch(student), watch(teacher)[0])
