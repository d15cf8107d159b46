"""A family that only the tests have, unlike all others: copied to stages/families/exotic/__init__.py, it is a member.

Two translators in opposite directions share an optimiser (CycleGAN: Zhu et al., ICCV 2017, arXiv 1703.10593), two
critics judge an image pool's answers (Shrivastava et al., CVPR 2017), R1 is taken lazily (Mescheder et al., ICML 2018;
Karras et al., CVPR 2020), norms keep running statistics, and no loss looks at a label.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

import numpy as np
import torch
from jaxtyping import Float
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from stages.blocks.surgery import Coupled
from stages.learning import batches
from stages.learning.contracts import AGAIN, Draw, Game, Moment, Networks, Parts, Player, Role, Seen, Tap
from stages.learning.problems import Problem
from stages.learning.teaching import Teaching
from stages.settings.rows import Schedule

ROLES: dict[Role, tuple[str, ...]] = {
    "generator": ("forth", "back"),
    "discriminator": ("forth_critic", "back_critic"),
}
OUTPUT = ("forth.image", "back.image")
RIVALS = ("forth_adversarial", "back_adversarial")
PAPER = {"resolution": 32, "width": 8, "blocks": 3, "critic_width": 8}
EVERY = 4
"""Steps from one R1 to the next."""
APART = batches.MOST_TURNS // 2
"""Turns between the draws of a move's two batches."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Spec:
    """The architecture as data."""

    resolution: Annotated[int, Field(ge=8, le=512, multiple_of=4)]
    width: Annotated[int, Field(ge=1, le=512)]
    blocks: Annotated[int, Field(ge=1, le=32)]
    critic_width: Annotated[int, Field(ge=1, le=512)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Losses:
    """Weights of the terms."""

    cycle: Annotated[float, Field(ge=0)] = 10.0
    r1: Annotated[float, Field(ge=0)] = 1.0


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Play:
    """How a training plays."""

    pool: Annotated[int, Field(ge=1, le=1000)] = 8
    """Images that each critic's pool holds."""


class Residual(nn.Module):
    """x + [conv, norm, ReLU, conv, norm]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.first_norm = nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
        self.last, self.last_norm = nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.last_norm(self.last(torch.relu(self.first_norm(self.first(x)))))


class Translator(nn.Module):
    """Image in, image out."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.enter, self.norm = nn.Conv2d(3, spec.width, 3, padding=1, bias=False), nn.BatchNorm2d(spec.width)
        self.residual = nn.ModuleList(Residual(spec.width) for _ in range(spec.blocks))
        self.paint = nn.Conv2d(spec.width, 3, 3, padding=1)

    def watch(self, image: Float[Tensor, "n 3 h w"]) -> Seen:
        """Every tap of one pass."""
        h = torch.relu(self.norm(self.enter(image)))
        seen = {}
        for index, block in enumerate(self.residual):
            h = block(h)
            seen[f"res{index}"] = h
        return {**seen, "image": torch.tanh(self.paint(h).float())}

    def forward(self, image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        return self.watch(image)["image"]


class Critic(nn.Module):
    """Image in, a score of each patch out."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        c = spec.critic_width
        self.trunk = nn.Sequential(
            *(nn.Conv2d(3, c, 4, 2, 1), nn.LeakyReLU(0.2)), *(nn.Conv2d(c, 2 * c, 4, 2, 1), nn.LeakyReLU(0.2))
        )
        self.patch = nn.Conv2d(2 * c, 1, 3, padding=1)

    def watch(self, image: Float[Tensor, "n 3 h w"]) -> Seen:
        """Every tap of one pass."""
        trunk = self.trunk(image)
        return {"trunk": trunk, "patch": self.patch(trunk).float()}

    def forward(self, image: Float[Tensor, "n 3 h w"]) -> Tensor:
        return self.watch(image)["patch"]


class Pool(nn.Module):
    """Translations of earlier moves: half the time a critic is shown one of them, whose place the new one takes."""

    images: Tensor
    filled: Tensor

    def __init__(self, size: int, resolution: int) -> None:
        super().__init__()
        self.register_buffer("images", torch.zeros(size, 3, resolution, resolution))
        self.register_buffer("filled", torch.zeros(size, dtype=torch.bool))

    def exchange(self, fresh: Float[Tensor, "n 3 h w"], random: np.random.Generator) -> Float[Tensor, "n 3 h w"]:
        """As many images as come in. Without a branch on what the pool holds, so that it can be counted on `meta`."""
        count = len(fresh)
        if count > len(self.filled):
            raise ValueError(f"play.pool holds {len(self.filled)} images, a batch {count}: make the pool larger")
        place = torch.from_numpy(random.permutation(len(self.filled))[:count]).to(fresh.device)
        chosen = torch.from_numpy(random.random(count) < 0.5).to(fresh.device)
        held, old = self.filled[place], self.images[place]
        self.images[place] = torch.where((chosen | ~held)[:, None, None, None], fresh.to(old), old)
        self.filled[place] = True
        return torch.where((chosen & held)[:, None, None, None], old, fresh)


def repeated_blocks(network: Translator) -> nn.ModuleList:
    """The equal blocks."""
    return network.residual


def coupled_channels(network: Translator) -> list[Coupled]:
    """The residual stream, and the inside of each block."""
    blocks = [cast(Residual, block) for block in network.residual]
    ends = [(network.enter, network.norm), *((block.last, block.last_norm) for block in blocks)]
    stream = Coupled(ends, [*(block.first for block in blocks), network.paint])
    return [stream, *(Coupled([(block.first, block.first_norm)], [block.last]) for block in blocks)]


def make_spec(row: Mapping[str, Any], labels: int, domains: int, resolution: int) -> Spec:  # noqa: ARG001 - the contract
    """The spec of a row."""
    return Spec(resolution=resolution, **row)


def build(spec: Spec) -> Networks:
    """All four networks with fresh weights."""
    translators = {name: Translator(spec) for name in ROLES["generator"]}
    return {**translators, **{name: Critic(spec) for name in ROLES["discriminator"]}}


def taps(spec: Spec, network: str) -> dict[str, Tap]:
    """What may be compared."""
    if network in ROLES["discriminator"]:
        side = spec.resolution // 4
        return {"trunk": Tap(2 * spec.critic_width, "map", side), "patch": Tap(1, "map", side)}
    side = spec.resolution
    blocks = {f"res{index}": Tap(spec.width, "map", side) for index in range(spec.blocks)}
    return {**blocks, "image": Tap(3, "image", side)}


def example(settings: Mapping[str, Any]) -> tuple[Networks, dict[str, tuple[Tensor, ...]]]:
    """The networks of a spec and an image for each."""
    spec = Spec(**settings)
    networks = build(spec)
    return networks, {name: (torch.zeros(1, 3, spec.resolution, spec.resolution),) for name in networks}


def feed(problem: Problem, schedule: Schedule, play: Play, seed: int) -> Draw:  # noqa: ARG001 - the contract
    """Two batches at a time, of the first and of the last data set; labels stay behind."""
    first, last = problem.domains[0], problem.domains[-1]

    def draw(step: int, turn: int) -> Moment:
        a, _ = batches.images(first, schedule, seed, step, turn)
        b, _ = batches.images(last, schedule, seed, step, turn + APART)
        own = int(batches.chance(seed, step, turn).integers(1 << 31))
        return Moment({"a": a, "b": b}, own, step, schedule.steps)

    return draw


def named(network: str, seen: Seen) -> Seen:
    """Taps as lessons of several networks know them."""
    return {f"{network}.{tap}": value for tap, value in seen.items()}


def again(network: str, seen: Seen) -> Seen:
    """The same of a second pass."""
    return {f"{AGAIN}{name}": value for name, value in named(network, seen).items()}


def r1(critic: nn.Module, real: Tensor) -> Tensor:
    """E ‖∇D(x)‖²."""
    image = real.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(image).sum(), image, create_graph=True)
    return slope.square().sum(dim=(1, 2, 3)).mean()


def game(
    networks: Networks,
    teacher: Networks | None,
    lessons: Mapping[Role, Teaching],
    losses: Losses,
    play: Play,
    problem: Problem,
) -> Game:
    """Both critics, their lazy R1, then both translators."""
    forth, back = (cast(Translator, networks[name]) for name in ROLES["generator"])
    forth_critic, back_critic = (cast(Critic, networks[name]) for name in ROLES["discriminator"])
    resolution = problem.domains[0].split.images.shape[1]
    memory = nn.ModuleDict({name: Pool(play.pool, resolution) for name in ROLES["generator"]})
    kept, critics = lessons["generator"], lessons["discriminator"]

    def shown(name: str, fake: Tensor, random: np.random.Generator) -> Tensor:
        return cast(Pool, memory[name]).exchange(fake, random)

    def criticise(moment: Moment) -> Parts:
        a, b, random = moment["a"], moment["b"], np.random.default_rng(moment.seed)
        with torch.no_grad():
            fakes = shown("forth", forth(a), random), shown("back", back(b), random)
        seen = named("forth_critic", forth_critic.watch(b)) | named("back_critic", back_critic.watch(a))
        own = {
            "forth_real": (seen["forth_critic.patch"] - 1).square().mean(),
            "forth_fake": forth_critic(fakes[0]).square().mean(),
            "back_real": (seen["back_critic.patch"] - 1).square().mean(),
            "back_fake": back_critic(fakes[1]).square().mean(),
        }
        theirs = named("forth_critic", critics.observe(teacher, "forth_critic", b))
        theirs |= named("back_critic", critics.observe(teacher, "back_critic", a))
        return critics.join(own, seen, theirs, moment)

    def regularise(moment: Moment) -> Parts:
        weight = EVERY * losses.r1 / 2
        return {"forth_r1": weight * r1(forth_critic, moment["b"]), "back_r1": weight * r1(back_critic, moment["a"])}

    def generate(moment: Moment) -> Parts:
        a, b = moment["a"], moment["b"]
        there, here = forth.watch(a), back.watch(b)
        returned, repeated = back.watch(there["image"]), forth.watch(here["image"])
        own = {
            "forth_adversarial": (forth_critic(there["image"]) - 1).square().mean(),
            "back_adversarial": (back_critic(here["image"]) - 1).square().mean(),
            "cycle": losses.cycle * ((a - returned["image"]).abs().mean() + (b - repeated["image"]).abs().mean()),
        }
        seen = named("forth", there) | named("back", here) | again("forth", repeated) | again("back", returned)
        theirs = named("forth", kept.observe(teacher, "forth", a)) | named("back", kept.observe(teacher, "back", b))
        return kept.join(own, seen, theirs, moment)

    taught: Networks = {f"{role}_lesson": lesson for role, lesson in lessons.items()}
    judging = (*ROLES["discriminator"], "discriminator_lesson")
    players = (
        Player("critics", judging, criticise, "discriminator"),
        Player("penalty", judging, regularise, "discriminator", every=EVERY),
        Player("translators", (*ROLES["generator"], "generator_lesson"), generate, "generator"),
    )
    return Game({**networks, **taught}, players, keeps=ROLES["generator"], memory=memory)


def translate(networks: Networks, image: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """`forth` where a label is to be set, `back` where it is to be taken away, the image where all are to stay."""
    more = (target - source).sum(dim=1)[:, None, None, None]
    moved = torch.where(more > 0, networks["forth"](image), networks["back"](image))
    return torch.where((target == source).all(dim=1)[:, None, None, None], image, moved)
