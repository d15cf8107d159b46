"""Lessons on networks that translate between two kinds of images: two generators, or one whose critic sees pairs."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from retort.checking import lessons as checking
from stages.families import cyclegan, pix2pix
from stages.learning import expense, roles
from stages.learning.contracts import Family, Game, Moment, Need, Networks, Role, Seen, Side, Unsupported
from stages.learning.teaching import Teaching
from stages.settings import members
from tests import tiny
from tests.tiny import PIXELS, frozen

LARGE: dict[str, Any] = {
    "cyclegan": cyclegan.Spec(resolution=PIXELS, width=4, blocks=2, critic_width=2, critic_layers=1),
    "pix2pix": pix2pix.Spec(resolution=PIXELS, width=4, critic_width=2, critic_layers=1),
}
SMALL: dict[str, Any] = {
    "cyclegan": cyclegan.Spec(resolution=PIXELS, width=2, blocks=1, critic_width=2, critic_layers=1),
    "pix2pix": pix2pix.Spec(resolution=PIXELS, width=2, critic_width=2, critic_layers=1),
}
MATCH: dict[str, dict[str, str]] = {
    "cyclegan": {"forth.res1": "forth.res0", "back.down": "back.down"},
    "pix2pix": {"down1": "down1", "up0": "up0"},
}
SETTINGS: dict[str, dict[str, Any]] = {
    "alignment": {"match": MATCH, "weight": 1.0},
    "attention": {"match": MATCH, "weight": 1.0},
    "channels": {"match": MATCH, "weight": 1.0},
    "combined": {
        "image": {"weight": 1.0},
        "intermediate": {"match": MATCH, "weight": 1.0},
        "relation": {"match": MATCH, "weight": 1.0, "rows": 8},
    },
    "critic": {"layers": ["layer0", "patch"], "weight": 1.0},
    "euclidean": {"match": MATCH, "weight": 1.0},
    "image": {"weight": 1.0},
    "projection": {"match": MATCH, "weight": 1.0, "layer": "layer1"},
    "semantic_relation": {"match": MATCH, "weight": 1.0},
    "wavelet": {"levels": 2, "weight": 1.0},
}
families = pytest.mark.parametrize("name", LARGE)


def given(lesson: str, name: str) -> dict[str, Any]:
    """A lesson's settings with the taps of a family."""

    def told(value: Any) -> Any:  # noqa: ANN401 - nested settings
        if value is MATCH:
            return dict(MATCH[name])
        return {key: told(each) for key, each in value.items()} if isinstance(value, dict) else value

    return cast(dict[str, Any], told(SETTINGS[lesson]))


def family_of(name: str) -> Family:
    """A family by its name."""
    return cast(Family, members.load("families", name))


def built(name: str, spec: Any, seed: int) -> Networks:  # noqa: ANN401 - a family's own
    """Networks, the same for the same seed."""
    torch.manual_seed(seed)
    return family_of(name).build(spec)


class World:
    """Teacher and student of a family, and what both let be seen of a batch."""

    def __init__(self, name: str) -> None:
        self.family = family_of(name)
        self.teacher, self.student = frozen(built(name, LARGE[name], 0)), built(name, SMALL[name], 1)
        specs = zip((LARGE[name], SMALL[name]), (self.teacher, self.student), strict=True)
        self.sides: tuple[Side, ...] = tuple(roles.side(self.family, *each, "generator") for each in specs)

    def lesson(self, name: str, **settings: Any) -> Any:  # noqa: ANN401 - a Lesson
        """A lesson for the generators."""
        torch.manual_seed(2)
        return members.load("distillations", name).objective(*self.sides, **settings)

    def game(self, lesson: nn.Module) -> Game:
        """The game in which the generators are taught."""
        lessons: dict[Role, Teaching] = {
            "generator": tiny.teaching(lesson, family=self.family),
            "discriminator": tiny.teaching(),
        }
        losses, play = self.family.Losses(), self.family.Play()
        return self.family.game(self.student, self.teacher, lessons, losses, play, tiny.problem(labels=2))

    def look(self, networks: Networks) -> Seen:
        """The generators' taps as lessons know them, of noise."""
        names = roles.names(self.family, "generator")
        seen: Seen = {}
        for place, name in enumerate(names):
            generator: Any = networks[name]
            prefix = f"{name}." if len(names) > 1 else ""
            seen |= {f"{prefix}{tap}": value for tap, value in generator.watch(images(place)).items()}
        return seen


def images(seed: int) -> Tensor:
    """A batch of noise."""
    return torch.rand(2, 3, PIXELS, PIXELS, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def draw(step: int, turn: int) -> Moment:
    """Two batches of noise."""
    seed = 100 * step + turn
    return Moment({"a": images(seed), "b": images(seed + 50)}, seed, step, tiny.SCHEDULE.steps)


@families
@pytest.mark.parametrize("lesson", SETTINGS)
def test_every_lesson_is_taught(name: str, lesson: str) -> None:
    world = World(name)
    taught = world.lesson(lesson, **given(lesson, name))
    before = deepcopy({network: module.state_dict() for network, module in world.teacher.items()})
    start = deepcopy(taught.state_dict())
    game = world.game(taught)
    curve = tiny.trained(game, draw, tiny.SCHEDULE.model_copy(update={"steps": 2}))
    parts = {part.split("/")[1] for part in curve[-1] if part.split("/")[1].startswith(lesson)}
    seen, theirs = world.look(world.student), world.look(world.teacher)
    assert parts == set(taught(seen, theirs))
    for network, module in world.teacher.items():
        assert all(torch.equal(value, before[network][key]) for key, value in module.state_dict().items())
    assert not any(torch.equal(value, start[key]) for key, value in taught.state_dict().items())


@pytest.mark.parametrize("lesson", ["alignment", "channels", "combined", "critic", "projection"])
def test_what_a_lesson_costs_can_be_counted(lesson: str) -> None:
    world, once = World("pix2pix"), tiny.SCHEDULE.model_copy(update={"steps": 1})
    game = world.game(world.lesson(lesson, **given(lesson, "pix2pix")))
    found = expense.of_training(game, draw, once, list(world.teacher.values()))
    assert min(found.forward, found.backward, found.teacher) > 0


@families
def test_each_critic_judges_its_generator_by_what_it_was_shown(name: str) -> None:
    world = World(name)
    seen, theirs = world.look(world.student), world.look(world.teacher)
    found = world.lesson("critic", layers=["layer1"], weight=2.0)(seen, theirs)
    judged = {
        "cyclegan": {"forth.image": "forth_critic", "back.image": "back_critic"},
        "pix2pix": {"shown": "discriminator"},
    }[name]
    expected: dict[str, Tensor] = {}
    for tap, network in judged.items():
        critic: Any = world.teacher[network]
        apart = critic.watch(seen[tap])["layer1"] - critic.watch(theirs[tap])["layer1"]
        expected["critic_layer1" if len(judged) == 1 else f"critic_{tap}_layer1"] = 2 * apart.abs().mean()
    torch.testing.assert_close(found, expected)


@families
def test_each_generators_features_go_to_its_own_critic(name: str) -> None:
    world = World(name)
    seen, theirs = world.look(world.student), world.look(world.teacher)
    lesson = world.lesson("projection", **given("projection", name))
    before = lesson(seen, theirs)
    changed = {"cyclegan": "back_critic", "pix2pix": "discriminator"}[name]
    with torch.no_grad():
        for parameter in world.teacher[changed].parameters():
            parameter.mul_(2)
    after = lesson(seen, theirs)
    same = {part: torch.equal(value, after[part]) for part, value in before.items()}
    expected = {"projection_forth.res1": True, "projection_back.down": False}
    assert same == (expected if name == "cyclegan" else dict.fromkeys(same, False))


def test_layers_are_named_as_every_critic_has_them() -> None:
    family, large, small = family_of("cyclegan"), LARGE["cyclegan"], SMALL["cyclegan"]
    needs = [Need("layers[0]", "critic", "layer0"), Need("layers[1]", "critic", "forth_critic.layer0")]
    (problem,) = checking.missing_taps("variants.a.generator_lesson", needs, family, large, small, "generator")
    assert str(problem).startswith("variants.a.generator_lesson.layers[1]: 'forth_critic.layer0' is not a tap of")
    assert "(there are: layer0, layer1, patch)" in str(problem)


def test_a_critic_for_each_image_is_asked_for() -> None:
    teacher, student = World("cyclegan").sides
    one = Side(teacher.networks, teacher.taps, dict(list(teacher.critics.items())[:1]))
    for name, settings in (("critic", {"layers": ["layer0"]}), ("projection", {"match": {}, "layer": "layer0"})):
        with pytest.raises(Unsupported, match="there are 2 of images and 1 discriminators"):
            members.load("distillations", name).objective(one, student, weight=1.0, **settings)


@pytest.mark.parametrize("lesson", ["semantic_relation", "channels", "projection"])
def test_the_innermost_map_of_a_u_net_has_one_pixel_and_is_refused(lesson: str) -> None:
    settings = {**given(lesson, "pix2pix"), "match": {"down3": "down3"}}
    with pytest.raises(Unsupported, match=f"{lesson} looks at the pixels of a map together"):
        World("pix2pix").lesson(lesson, **settings)
