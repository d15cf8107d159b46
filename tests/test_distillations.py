"""What holds for every lesson found in stages/distillations, and the formula of each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError
from torch import Tensor, nn

from stages.blocks import classes
from stages.distillations import attention, channels, critic, euclidean, projection, wavelet
from stages.learning import roles
from stages.learning.contracts import AGAIN, Draw, Family, Game, Networks, Seen, Side, Tap, Unsupported
from stages.settings import members
from tests import styled, tiny
from tests.tiny import PIXELS, frozen, side, translator, translators

GIVEN: dict[str, Any] = {
    "match": {"res0": "res0", "image": "image"},
    "weight": 2.0,
    "levels": 2,
    "layers": ["trunk0", "trunk2"],
    "layer": "trunk1",
    "alpha": 0.5,
    "temperature": 2.0,
    "image_weight": 3.0,
    "perceptual_weight": 3.0,
    "relation_weight": 30.0,
    "verdict": "patch",
    "taps": ["res0", "res1"],
    "image": {"weight": 2.0},
    "intermediate": {"match": {"res1": "res1"}, "weight": 2.0},
    "relation": {"match": {"res0": "res0"}, "weight": 2.0},
}
"""Settings by keyword; a member with a keyword of its own adds a value here."""

OPTIONAL = ("image", "intermediate", "relation", "layers")
"""Those of which a lesson needs one or another."""

STYLED: dict[str, Any] = {
    "match": {"block4": "block4", "image": "image"},
    "layers": styled.LAYERS,
    "layer": "block4",
    "verdict": "score",
    "taps": ["block4", "block16"],
    "intermediate": {"match": {"block8": "block8"}, "weight": 2.0},
    "relation": {"match": {"block4": "block4"}, "weight": 2.0},
}
"""What of them a StyleGAN2 calls otherwise."""


@dataclass(frozen=True)
class World:
    """Networks of one family, small: how they are made, and what they let be seen."""

    family: Family
    make: Callable[..., Networks]
    look: Callable[[Networks], Seen]
    side: Callable[[Networks], Side] = side
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kept(self) -> str:
        """The network that is kept."""
        (name,) = roles.names(self.family, "generator")
        return name

    def lesson(self, name: str, teacher: Networks, student: Networks, **changes: Any) -> Any:  # noqa: ANN401 - a Lesson
        """A member's lesson with its required settings, some of them changed."""
        given = {
            **settings(name),
            **{key: value for key, value in self.given.items() if key in settings(name)},
            **changes,
        }
        return members.load("distillations", name).objective(self.side(teacher), self.side(student), **given)


def painters(seed: int = 0, large: bool = False) -> Networks:
    """Both networks of a StarGAN; gated, so that every part of the generator has something to do."""
    return translators(translator(width=8, output="gated") if large else translator(output="gated"), seed)


def sorters(seed: int = 0, large: bool = False) -> Networks:
    """A classifier with subclasses, so that classes and logits differ."""
    network = "convolutional" if large else "perceptron"
    return tiny.classifiers(tiny.classes(network=network, subclasses=2, dropout=0.0), seed)


def watch(networks: Networks) -> Seen:
    """Translation and reconstruction of one batch."""
    generator: Any = networks["generator"]
    moment = tiny.faces(0, 0)
    forth = generator.watch(moment["real"], moment["target"])
    back = generator.watch(forth["image"], moment["label"])
    return {**forth, **{f"{AGAIN}{tap}": value for tap, value in back.items()}}


def classified(networks: Networks) -> Seen:
    """One pass over one batch, and its loss on the labels."""
    network: Any = networks["classifier"]
    shown = tiny.digits(0)
    seen = network.watch(shown["real"])
    own = classes.cross_entropy(seen["classes"], classes.merged(shown["label"], network.spec.merge))
    return {**seen, "own.cross_entropy": own}


def dreamers(seed: int = 0, large: bool = False) -> Networks:
    """Both networks of a StyleGAN2, which begin with weights of chance everywhere."""
    made = styled.networks(styled.LARGE if large else styled.SPEC, seed)
    with torch.no_grad():
        for name, parameter in (*made["generator"].named_parameters(), *made["discriminator"].named_parameters()):
            if name.endswith("bias"):
                parameter.add_(torch.randn_like(parameter) / 10)
    return made


WORLDS = {
    "stargan": World(tiny.TRANSLATOR, painters, watch),
    "classifier": World(tiny.CLASSIFIER, sorters, classified),
    "stylegan2": World(styled.FAMILY, dreamers, styled.watch, styled.side, STYLED),
}


def parameters(name: str) -> list[inspect.Parameter]:
    """The settings that a lesson has."""
    found = inspect.signature(members.load("distillations", name).objective).parameters.values()
    return [each for each in found if each.kind is each.KEYWORD_ONLY]


def required(name: str) -> set[str]:
    """The settings without which a lesson is refused."""
    return {each.name for each in parameters(name) if each.default is each.empty}


def settings(name: str) -> dict[str, Any]:
    """Settings with which a lesson can be taught."""
    return {p.name: GIVEN[p.name] for p in parameters(name) if p.name in required(name) or p.name in OPTIONAL}


def taken(name: str, world: World) -> bool:
    """Whether networks of a family can take a lesson."""
    names = set(world.side(world.make()).taps)
    asked = {**settings(name), **world.given}
    if "match" in settings(name) and not set(asked["match"]) <= names:
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


def own(seen: Seen) -> set[str]:
    """The parts of the student's own losses among what a lesson is given."""
    return {name.removeprefix("own.") for name in seen if name.startswith("own.")}


@lessons
def test_names_the_taps_that_it_watches_and_its_parts(name: str, world: str) -> None:
    here = WORLDS[world]
    teacher, student = here.make(large=True), here.make(1)
    lesson = here.lesson(name, teacher, student)
    watched = {tap: value for tap, value in here.look(teacher).items() if tap in lesson.watches}
    assert len(watched) == len(lesson.watches)
    parts = lesson(here.look(student), watched)
    # A lesson may give the student's own loss another weight, under its name.
    assert all(name in part or part in own(here.look(student)) for part in parts)
    assert all(value.shape == () and value.item() > 0 for value in parts.values())
    assert bool(parts) == bool(lesson.watches)


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
        said = [value for part, value in lesson(seen, here.look(teacher)).items() if part not in own(seen)]
        if not said:
            return 0.0
        slopes = torch.autograd.grad(torch.stack(said).sum(), list(seen.values()), allow_unused=True)
        return max(slope.abs().max().item() for slope in slopes if slope is not None)

    assert asked() == pytest.approx(0, abs=1e-6)
    with torch.no_grad():
        for parameter in student[here.kept].parameters():
            parameter.mul_(torch.linspace(0.5, 1.5, len(parameter)).reshape(-1, *[1] * (parameter.ndim - 1)))
    assert asked() > 1e-6 or not lesson.watches


@pytest.mark.parametrize("name", [name for name, world in PAIRS if world == "stargan"])
def test_distances_are_zero_when_student_equals_teacher(name: str) -> None:
    teacher = translators()
    lesson = WORLDS["stargan"].lesson(name, teacher, deepcopy(teacher))
    if list(lesson.parameters()):
        pytest.skip("has a map to learn first")
    parts = lesson(watch(teacher), watch(teacher))
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
        found.append(lesson(here.look(student), here.look(teacher)))
    torch.testing.assert_close({key: 3 * value for key, value in found[0].items()}, found[1])


@lessons
def test_gradients_reach_student_and_adapters_and_nothing_of_the_teacher(name: str, world: str) -> None:
    # Both have gradients to spare, so that only the lesson keeps them from the teacher's discriminator.
    here = WORLDS[world]
    teacher, student = here.make(large=True), here.make(1)
    lesson = here.lesson(name, teacher, student)
    with torch.no_grad():
        seen = here.look(teacher)
    parts = lesson(here.look(student), seen)
    if not parts:
        pytest.skip("has no part")
    torch.stack(list(parts.values())).sum().backward()
    others = [network for network in student if network != here.kept]
    reached = {n: p.grad is not None and bool(p.grad.any()) for n, p in student[here.kept].named_parameters()}
    # What lies behind the features that are compared learns from the labels alone.
    assert all(did for parameter, did in reached.items() if name != "penultimate" or not parameter.startswith("head"))
    assert all(p.grad is not None and bool(p.grad.any()) for p in lesson.parameters())
    for network in (*teacher.values(), *(student[other] for other in others)):
        assert all(p.grad is None for p in network.parameters())


def game(world: str, teacher: Networks, student: Networks, lesson: nn.Module) -> tuple[Game, Draw]:
    """The game in which a student is taught, and its moments."""
    if world == "classifier":
        return tiny.supervised(student, teacher, tiny.teaching(lesson)), tiny.digits
    if world == "stylegan2":
        return styled.taught(student, teacher, lesson), styled.draw
    return tiny.adversarial(student, teacher, {"generator": tiny.teaching(lesson)}), tiny.faces


@lessons
def test_a_training_moves_student_and_adapters_and_leaves_the_teacher_bit_identical(name: str, world: str) -> None:
    here = WORLDS[world]
    teacher, student = frozen(here.make(large=True)), here.make(1)
    lesson = here.lesson(name, teacher, student)
    learners = (student[here.kept], lesson)
    before = {network: deepcopy(module.state_dict()) for network, module in teacher.items()}
    start = [deepcopy(module.state_dict()) for module in learners]
    losses = tiny.trained(*game(world, teacher, student, lesson))
    assert len(losses) == tiny.SCHEDULE.steps
    for network, module in teacher.items():
        assert all(torch.equal(value, before[network][key]) for key, value in module.state_dict().items())
        assert all(parameter.grad is None for parameter in module.parameters())
    for module, old in zip(learners, start, strict=True):
        assert not any(torch.equal(value, old[key]) for key, value in module.state_dict().items())


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
    wrong += [{other: value for other, value in given.items() if other != key} for key in required(name)]
    for settings_ in wrong:
        with pytest.raises(ValidationError):
            members.options(objective, settings_)


@pytest.mark.parametrize("name", ["image", "wavelet", "critic", "projection", "imitation", "cagc", "stylekd"])
def test_lessons_on_images_refuse_a_network_without_one(name: str) -> None:
    critics = side(translators(), "discriminator")
    with pytest.raises(Unsupported, match="teach it to the generator"):
        members.load("distillations", name).objective(critics, critics, **settings(name))


FR135 = {"res1": "res0", "res3": "res1", "res5": "res2"}


@pytest.mark.parametrize("adapted", ["student", "teacher"])
def test_euclidean_fr135_has_three_adapters_and_adds_three_errors(adapted: Any) -> None:  # noqa: ANN401 - a literal
    teacher, student = translators(translator(width=4, blocks=6)), translators(translator(width=2, blocks=3), seed=1)
    lesson: Any = euclidean.objective(side(teacher), side(student), match=FR135, weight=10.0, adapter_side=adapted)
    assert len(lesson.adapters) == 3
    sizes = {"student": (8, 16), "teacher": (16, 8)}[adapted]
    assert {(a.in_channels, a.out_channels, a.bias is not None) for a in lesson.adapters.values()} == {(*sizes, True)}
    student_seen, teacher_seen = watch(student), watch(teacher)
    parts = lesson(student_seen, teacher_seen)
    by_hand = 0.0
    for theirs, mine in FR135.items():
        moved, still = student_seen[mine], teacher_seen[theirs]
        if adapted == "teacher":
            moved, still = still, moved
        by_hand += 10 * (lesson.adapters[theirs](moved) - still).square().mean().item()
    assert sum(value.item() for value in parts.values()) == pytest.approx(by_hand, rel=1e-5)


def test_euclidean_needs_no_adapter_where_widths_agree() -> None:
    teacher, student = translators(translator(width=4)), translators(translator(width=2), seed=1)
    lesson = euclidean.objective(side(teacher), side(student), match={"image": "image"}, weight=1.0)
    assert not list(lesson.parameters())


def test_euclidean_published_reading_compares_the_second_pass() -> None:
    teacher, student = translators(), translators(seed=1)
    student_seen, teacher_seen = watch(student), watch(teacher)
    for reading, tap in (("drawn", "res1"), ("published", "again.res1")):
        lesson = euclidean.objective(
            side(teacher),
            side(student),
            match={"res1": "res1"},
            weight=1.0,
            reading=reading,  # type: ignore[arg-type]
        )
        expected = F.mse_loss(student_seen[tap], teacher_seen["res1"])
        torch.testing.assert_close(lesson(student_seen, teacher_seen), {"euclidean_res1": expected})


def least_loss_without_information(adapted: Any) -> float:  # noqa: ANN401 - a literal
    """What is left of the loss after training the adapter and the scale of a student's feature that is pure noise."""
    torch.manual_seed(0)
    fixed, noise = torch.randn(8, 6, 4, 4), torch.randn(8, 3, 4, 4)
    lesson = euclidean.objective(
        Side({}, {"feature": Tap(6, "map")}),
        Side({}, {"feature": Tap(3, "map")}),
        match={"feature": "feature"},
        weight=1.0,
        adapter_side=adapted,
    )
    scale = nn.Parameter(torch.ones(()))
    optimiser = torch.optim.Adam([scale, *lesson.parameters()], 0.03)
    for _ in range(400):
        loss = lesson({"feature": scale * noise}, {"feature": fixed})["euclidean_feature"]
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
    torch.testing.assert_close(lesson({"b": repainted}, {"a": feature})["attention_a"], torch.tensor(0.0))


def test_attention_of_disjoint_places_is_two() -> None:
    left, right = torch.zeros(2, 3, 2, 2), torch.zeros(2, 1, 2, 2)
    left[..., 0], right[..., 1] = 3.0, 0.5
    lesson = attention.objective(Side({}, {}), Side({}, {}), match={"a": "b"}, weight=10.0)
    assert lesson({"b": right}, {"a": left})["attention_a"].item() == pytest.approx(20)


def test_attention_is_the_mean_of_squares_normalised() -> None:
    feature = torch.tensor([[[1.0, 2.0]], [[-1.0, 4.0]]])[None]
    assert attention.attention(feature)[0].tolist() == pytest.approx([1 / 101**0.5, 10 / 101**0.5])


def wavelet_parts(theirs: Tensor, mine: Tensor, levels: int) -> dict[str, float]:
    pictures = Side({}, {"image": Tap(3, "image")})
    lesson = wavelet.objective(pictures, pictures, weight=1.0, levels=levels)
    return {key: value.item() for key, value in lesson({"image": mine}, {"image": theirs}).items()}


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
    teacher, student = frozen(translators(translator(width=8))), translators(seed=1)
    lesson = critic.objective(side(teacher), side(student), layers=["trunk1"], weight=3.0)
    seen, target = watch(student), watch(teacher)
    look: Any = teacher["discriminator"]
    by_hand = (look.watch(seen["image"])["trunk1"] - look.watch(target["image"])["trunk1"]).abs().mean()
    torch.testing.assert_close(lesson(seen, target), {"critic_trunk1": 3 * by_hand})


def test_critic_reaches_the_student_through_its_image_alone() -> None:
    teacher, student = frozen(translators(translator(width=8))), translators(seed=1)
    lesson = critic.objective(side(teacher), side(student), layers=["trunk0"], weight=1.0)
    blind = {"image": torch.rand(2, 3, PIXELS, PIXELS, requires_grad=True)}
    lesson(blind, watch(teacher))["critic_trunk0"].backward()
    assert blind["image"].grad is not None
    assert blind["image"].grad.any()


def test_critic_names_the_layers_there_are() -> None:
    teacher, student = frozen(translators(translator(width=8))), translators(seed=1)
    lesson = critic.objective(side(teacher), side(student), layers=["trunk9"], weight=1.0)
    with pytest.raises(ValueError, match="has no trunk9; it has trunk0, trunk1, trunk2"):
        lesson(watch(student), watch(teacher))


def test_channels_compares_means_behind_a_convolution_norm_and_relu() -> None:
    theirs, mine = torch.randn(3, 5, 4, 4), torch.randn(3, 2, 6, 6)
    both = Side({}, {"a": Tap(5, "map", 4)}), Side({}, {"b": Tap(2, "map", 6)})
    lesson: Any = channels.objective(*both, match={"a": "b"}, weight=2.0)
    convolution, norm, _ = lesson.adapters["a"]
    mapped = torch.einsum("nchw,dc->ndhw", mine, convolution.weight[:, :, 0, 0])
    centred = mapped - mapped.mean(dim=(0, 2, 3), keepdim=True)
    scaled = centred / (centred.square().mean(dim=(0, 2, 3), keepdim=True) + norm.eps).sqrt()
    by_hand = (scaled.relu().mean(dim=(2, 3)) - theirs.mean(dim=(2, 3))).square().mean()
    torch.testing.assert_close(lesson({"b": mine}, {"a": theirs}), {"channels_a": 2 * by_hand})
    # Where a channel is active does not matter.
    moved = {"b": mine.flip(-1)}, {"a": theirs.roll(1, dims=-2)}
    torch.testing.assert_close(lesson(*moved)["channels_a"], 2 * by_hand)


def test_projection_is_what_the_critic_sees_in_features_painted_alike() -> None:
    teacher, student = frozen(translators(translator(width=8))), translators(seed=1)
    given: dict[str, Any] = {"match": {"res1": "res0"}, "weight": 3.0, "layer": "trunk1"}
    lesson: Any = projection.objective(side(teacher), side(student), **given)
    seen, target = watch(student), watch(teacher)
    look: Any = teacher["discriminator"].watch
    judged = []
    for painter, feature in ((lesson.fixed["res1"], target["res1"]), (lesson.adapters["res1"], seen["res0"])):
        painted = painter(feature)
        assert painted.shape == (2, 3, PIXELS // 4, PIXELS // 4)
        judged.append(look(painted.repeat_interleave(4, dim=2).repeat_interleave(4, dim=3))["trunk1"])
    found = lesson(seen, target)
    torch.testing.assert_close(found, {"projection_res1": 3 * (judged[0] - judged[1]).abs().mean()})
    with torch.no_grad():
        lesson(watch(translators(seed=5)), watch(translators(translator(width=8), seed=6)))
    assert torch.equal(lesson(seen, target)["projection_res1"], found["projection_res1"]), "nothing is remembered"
    assert torch.equal(lesson.eval()(seen, target)["projection_res1"], found["projection_res1"])


def test_the_projection_of_the_teacher_follows_its_seed_alone() -> None:
    teacher, student = frozen(translators(translator(width=8))), translators(seed=1)
    drawn = []
    for chance, seed in ((0, 0), (1, 0), (1, 1)):
        torch.manual_seed(chance)
        lesson: Any = projection.objective(
            side(teacher), side(student), match={"res0": "res0", "res1": "res1"}, weight=1.0, layer="trunk0", seed=seed
        )
        drawn.append([fixed.weight for fixed in lesson.fixed.values()])
    assert all(torch.equal(*both) for both in zip(drawn[0], drawn[1], strict=True))
    assert not any(torch.equal(*both) for both in zip(drawn[1], drawn[2], strict=True))
    assert not torch.equal(*drawn[0])


def at_output(name: str, world: str = "stargan", **changes: Any) -> bool:  # noqa: ANN401 - a member's own
    """Whether a lesson says that it looks at the student's output alone."""
    here = WORLDS[world]
    found = here.lesson(name, here.make(), here.make(), **changes).compares_output
    assert isinstance(found, bool)
    return found


@pytest.mark.parametrize(
    ("match", "reading", "output"),
    [
        ({"image": "image"}, "drawn", True),
        ({"res1": "res1"}, "drawn", False),
        ({"res1": "res1", "image": "image"}, "drawn", False),
        ({"image": "image"}, "published", False),
    ],
)
def test_euclidean_compares_outputs_where_it_matches_nothing_else_of_the_first_pass(
    match: dict[str, str], reading: str, output: bool
) -> None:
    assert at_output("euclidean", match=match, reading=reading) == output


def test_euclidean_compares_outputs_where_it_matches_logits() -> None:
    assert at_output("euclidean", "classifier", match={"logits": "logits"})
    assert not at_output("euclidean", "classifier", match={"features": "features"})


@lessons
def test_a_lesson_that_compares_the_output_reaches_the_student_through_it_alone(name: str, world: str) -> None:
    """Cut off behind the output, it reaches no weight; any other lesson does, or says nothing."""
    here = WORLDS[world]
    teacher, student = here.make(large=True), here.make(1)
    lesson = here.lesson(name, teacher, student)
    seen = here.look(student)
    output = {name: seen[name].detach().requires_grad_() for name in here.family.OUTPUT}
    # What follows from the output alone is computed anew behind the cut.
    if "logits" in output:
        output["classes"] = classes.marginal(output["logits"], 2)
    others = {tap: value for tap, value in seen.items() if tap not in output}
    said = [
        part
        for part_name, part in lesson({**others, **output}, here.look(teacher)).items()
        if part_name not in own(seen)
    ]
    if not said:
        pytest.skip("has no part")
    weights = list(student[here.kept].parameters())
    slopes = (
        torch.autograd.grad(torch.stack(said).sum(), weights, retain_graph=True, allow_unused=True)
        if any(part.requires_grad for part in said)
        else []
    )
    assert all(slope is None for slope in slopes) == lesson.compares_output
    if lesson.compares_output:
        places = [output[tap] for tap in here.family.OUTPUT]
        assert all(slope.any() for slope in torch.autograd.grad(torch.stack(said).sum(), places))


@lessons
def test_the_second_pass_is_looked_at_only_where_it_is_asked_for(name: str, world: str) -> None:
    here = WORLDS[world]
    teacher, student = here.make(large=True), here.make(1)
    seen, theirs = here.look(student), here.look(teacher)
    first = {tap: value for tap, value in seen.items() if not tap.startswith(AGAIN)}
    lesson = here.lesson(name, teacher, student)
    if any(tap.startswith(AGAIN) for tap in lesson.watches):
        pytest.skip("watches it")
    # The teacher is seen once: a lesson that asked for its second pass would fail here.
    once = {tap: value for tap, value in theirs.items() if not tap.startswith(AGAIN)}
    torch.testing.assert_close(lesson(first, once), lesson(seen, theirs))


def test_what_the_settings_need_is_named_with_its_place() -> None:
    found = {
        name: [(need.where, need.whose, need.tap) for need in members.load("distillations", name).needs(settings(name))]
        for name in members.names("distillations")
    }
    pairs = [(f"match.{tap}", whose, tap) for tap in ("res0", "image") for whose in ("teacher", "student")]
    layers = [("layers[0]", "critic", "trunk0"), ("layers[1]", "critic", "trunk2")]
    expected: dict[str, list[tuple[str, str, str]]] = {name: [] for name in found} | {
        "euclidean": pairs,
        "attention": pairs,
        "semantic_relation": pairs,
        "alignment": pairs,
        "channels": pairs,
        "projection": [*pairs, ("layer", "critic", "trunk1")],
        "combined": [
            (f"{term}.match.{tap}", whose, tap)
            for term, tap in (("intermediate", "res1"), ("relation", "res0"))
            for whose in ("teacher", "student")
        ],
        "critic": layers,
        "imitation": layers,
        "cagc": [*layers, ("verdict", "critic", "patch")],
        "stylekd": [
            *layers,
            *((f"taps[{place}]", whose, f"res{place}") for place in range(2) for whose in ("teacher", "student")),
        ],
    }
    assert found == expected
