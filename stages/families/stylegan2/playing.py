"""StyleGAN2's game: the non-saturating loss, its two lazy penalties, and what its moves are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from stages.blocks import passing
from stages.families.stylegan2 import steering
from stages.families.stylegan2.networks import ROLES
from stages.families.stylegan2.spec import LONGEST
from stages.learning import batches
from stages.learning.contracts import AGAIN, Draw, Game, Moment, Networks, Parts, Player, Role
from stages.learning.problems import Problem
from stages.learning.teaching import Teaching
from stages.settings.rows import Schedule

OUTPUT, RIVALS = ("image",), ("adversarial",)
SHARED: Mapping[str, Any] = {"path_length": 0.0}
"""Losses of networks that share their weights: narrow ones need not change as evenly as wide ones do."""
MEAN_FOLLOWS, PATH_FOLLOWS = 0.005, 0.01
Every = Annotated[int, Field(ge=2, le=1024)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Losses:
    """Weights of the penalties."""

    r1: Annotated[float, Field(ge=0)] = 10.0
    """γ of γ/2 · ‖∇D(real)‖²; what suits a resolution is 0.0002 · side² / batch."""
    path_length: Annotated[float, Field(ge=0)] = 2.0


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Play:
    """How a training plays."""

    mixing: Annotated[float, Field(ge=0, le=1)] = 0.9
    """How often a second latent takes over from some layer on."""
    r1_every: Every = 16
    path_every: Every = 4
    fakes: Literal["fresh", "same"] = "fresh"
    """Whether critics are shown images of latents of their own, or those that the generator was just judged by."""
    offset: Annotated[float, Field(ge=0)] = 5.0
    """How far w is moved where a lesson watches a second synthesis: the deviation along one of the directions."""
    directions: Annotated[int, Field(ge=1, le=64)] = 5
    """The principal directions of the teacher's style affines that w is moved along."""


class Memory(nn.Module):
    """The running mean of path lengths."""

    path: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("path", torch.zeros(()))


def feed(problem: Problem, schedule: Schedule, play: Play, seed: int) -> Draw:
    """Real images of a step, the same in all of its moves, and latents of each move unless critics share them."""
    domain = problem.domains[0]

    def draw(step: int, turn: int) -> Moment:
        real, _ = batches.images(domain, schedule, seed, step, 0)
        count = len(real)
        random = batches.chance(seed, step, 0 if play.fakes == "same" else turn)
        marks = batches.shares(random, count)
        tensors = {"real": real, "latent": normal(random, count, LONGEST)}
        if play.mixing:
            mixed, where = random.random(count) < play.mixing, random.random(count)
            tensors |= {"other": normal(random, count, LONGEST), "where": floats(np.where(mixed, where, 1.0))}
        along = random.integers(play.directions, size=count)
        tensors |= {"along": torch.from_numpy(along), "far": play.offset * normal(random, count, 1)}
        return Moment(tensors, batches.seed_of(marks), step, schedule.steps)

    return draw


def normal(random: np.random.Generator, *shape: int) -> Tensor:
    """Standard normal numbers."""
    return torch.from_numpy(random.standard_normal(shape, dtype=np.float32))


def floats(numbers: np.ndarray) -> Tensor:
    """The same numbers as a tensor."""
    return torch.from_numpy(numbers.astype(np.float32))


def latents(networks: Networks, count: int, seed: int) -> Float[Tensor, "n z"]:
    """Latents of a test, the same for all networks of equal latents."""
    spec = networks["generator"].spec
    return normal(np.random.default_rng(seed), count, LONGEST)[:, : spec.latent]  # type: ignore[misc, index, union-attr]


def sample(networks: Networks, latent: Float[Tensor, "n z"], truncation: float) -> Float[Tensor, "n 3 h w"]:
    """The images of latents: what every metric sees. Truncation moves w towards its mean (Karras et al., CVPR 2019)."""
    generator: Any = networks["generator"]
    w = torch.lerp(generator.mean, generator.mapping(latent), truncation)
    return generator.paint(generator.spread(w))["image"]  # type: ignore[no-any-return]


class Playing:
    """The moves of both networks."""

    def __init__(self, networks: Networks, teacher: Networks | None, losses: Losses, play: Play, moved: bool) -> None:
        self.generator: Any = networks["generator"]
        self.critic: Any = networks["discriminator"]
        self.teacher, self.losses, self.play = teacher, losses, play
        self.made = passing.Made[Tensor]()
        self.memory = Memory()
        self.directions: Tensor | None = None
        if moved and teacher is not None:
            self.directions = steering.directions(teacher["generator"], play.directions)

    def told(self, moment: Moment) -> tuple[Tensor | None, ...]:
        """What the generator hears: a latent, where mixing is played another one and from which layer on."""
        length, layers = self.generator.spec.latent, self.generator.layers
        other, where = moment.get("other"), moment.get("where")
        if other is None or where is None:
            return moment["latent"][:, :length], None, None
        return moment["latent"][:, :length], other[:, :length], 1 + (where * (layers - 1)).floor()

    def generate(self, lesson: Teaching, moment: Moment) -> Parts:
        """The generator's move."""
        told: tuple[Any, ...] = self.told(moment)
        if self.directions is not None:
            along = self.directions.to(moment["far"])[moment["along"]]
            told = (*told, along * moment["far"])
        seen = self.generator.watch(*told)
        self.generator.mean.lerp_(seen["w"].detach().mean(dim=0), MEAN_FOLLOWS)
        if self.play.fakes == "same":
            self.made.leave(moment, seen["image"].detach())
        own = {"adversarial": F.softplus(-self.critic(seen["image"])).mean()}
        return lesson.join(own, seen, lesson.observe(self.teacher, "generator", *told), moment)

    def lengthen(self, moment: Moment) -> Parts:
        """The path length penalty, on half of the batch: images are to change equally much wherever w moves."""
        told = [None if each is None else each[: max(1, len(each) // 2)] for each in self.told(moment)]
        ws = self.generator.heard(*told)[1]
        image = self.generator.paint(ws)["image"]
        noise = torch.randn_like(image) / (image.shape[2] * image.shape[3]) ** 0.5
        (slope,) = torch.autograd.grad((image * noise).sum(), ws, create_graph=True)
        lengths = slope.square().sum(dim=2).mean(dim=1).sqrt()
        self.memory.path.lerp_(lengths.detach().mean(), PATH_FOLLOWS)
        penalty = (lengths - self.memory.path.clone()).square().mean()
        return {"path_length": self.losses.path_length * self.play.path_every * penalty}

    def fakes(self, moment: Moment) -> Tensor:
        """What the critic is shown."""
        left = self.made.take(moment)
        if left is not None:
            return left
        with torch.no_grad():
            return self.generator.watch(*self.told(moment))["image"]  # type: ignore[no-any-return]

    def criticise(self, lesson: Teaching, moment: Moment) -> Parts:
        """The critic's move, in one pass; real and fake images have groups of their own in its last layers."""
        real, fake = moment["real"], self.fakes(moment)
        # Together, since inner layers are many weights and few pixels.
        both = self.critic.watch(torch.cat([real, fake]), parts=2)
        seen = {tap: value[: len(real)] for tap, value in both.items()}
        own = {"real": F.softplus(-seen["score"]).mean(), "fake": F.softplus(both["score"][len(real) :]).mean()}
        return lesson.join(own, seen, lesson.observe(self.teacher, "discriminator", real), moment)

    def penalise(self, moment: Moment) -> Parts:
        """R1: the critic's slope at real images (Mescheder et al., ICML 2018, arXiv 1801.04406)."""
        slope = self.critic.slope(moment["real"])
        weight = self.losses.r1 / 2 * self.play.r1_every
        return {"r1": weight * slope.square().sum(dim=(1, 2, 3)).mean()}


def game(
    networks: Networks,
    teacher: Networks | None,
    lessons: Mapping[Role, Teaching],
    losses: Losses,
    play: Play,
    problem: Problem,  # noqa: ARG001 - the contract
) -> Game:
    """The generator, then the critic, each with its lazy penalty."""
    moved = any(tap.startswith(AGAIN) for tap in lessons["generator"].contract.watches)
    playing = Playing(networks, teacher, losses, play, moved)

    def generate(moment: Moment) -> Parts:
        return playing.generate(lessons["generator"], moment)

    def criticise(moment: Moment) -> Parts:
        return playing.criticise(lessons["discriminator"], moment)

    taught: Networks = {f"{role}_lesson": lesson for role, lesson in lessons.items()}
    makes, judges = ("generator", "generator_lesson"), ("discriminator", "discriminator_lesson")
    players = [Player("generator", makes, generate, "generator")]
    if losses.path_length:
        players.append(Player("path", makes, playing.lengthen, "generator", every=play.path_every))
    players.append(Player("discriminator", judges, criticise, "discriminator"))
    if losses.r1:
        players.append(Player("slope", judges, playing.penalise, "discriminator", every=play.r1_every))
    return Game({**networks, **taught}, tuple(players), keeps=ROLES["generator"], memory=playing.memory)
