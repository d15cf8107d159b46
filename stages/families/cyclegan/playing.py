"""CycleGAN's game: the losses of both generators and both critics, and the order in which they move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from stages.blocks import adversarial, passing, two_domains
from stages.families.cyclegan.networks import ROLES
from stages.families.cyclegan.remembering import Memory
from stages.learning.contracts import AGAIN, Draw, Game, Moment, Networks, Parts, Player, Role, Seen
from stages.learning.problems import Problem
from stages.learning.teaching import Teaching
from stages.settings.rows import Schedule

OUTPUT, RIVALS = ("forth.image", "back.image"), ("adversarial_forth", "adversarial_back")
DIRECTIONS: tuple[tuple[int, int], ...] = ((0, 1), (1, 0))
"""What is translated into what, as places in the row's labels: `forth`, then `back`."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Losses:
    """Weights of the terms, and the kind of the adversarial one."""

    cycle: Annotated[float, Field(ge=0)] = 10.0
    identity: Annotated[float, Field(ge=0)] = 5.0
    """L1 to the input where it is of the wanted kind already; published as half of the cycle's weight."""
    mask: Annotated[float, Field(ge=0)] = 0.0
    """Mean of a gated output's mask; 0 in the paper, which has no mask."""
    game: adversarial.Kind = "lsgan"


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Play:
    """How a training plays; published are a pool of 50, generators first, and jitter."""

    pool: Annotated[int, Field(ge=0, le=1000)] = 50
    """Images that are held for each critic."""
    first: Literal["generator", "discriminator"] = "generator"
    """Who moves first in a step; critics that move second see the images that the generators made in it."""
    jitter: bool = False
    """Whether images are enlarged by 286/256 and cut at random."""


def feed(problem: Problem, schedule: Schedule, play: Play, seed: int) -> Draw:
    """Images of both kinds, drawn apart."""
    return two_domains.feed(problem, schedule, play.jitter, seed, paired=False)


def translate(networks: Networks, image: Tensor, source: Tensor, target: Tensor) -> Tensor:  # noqa: ARG001 - the contract
    """The images of the wanted label, which all of a batch share: the second label by `forth`, the first by `back`."""
    wanted = two_domains.wanted(target)
    return networks["forth" if wanted else "back"](image)  # type: ignore[no-any-return]


def named(network: str, seen: Seen, count: int) -> Seen:
    """Taps as lessons of several networks know them, of the first `count` images of a pass."""
    return {f"{network}.{tap}": value[:count] for tap, value in seen.items()}


def again(network: str, seen: Seen, count: int) -> Seen:
    """The same of a second pass, which are the last `count` images."""
    return {f"{AGAIN}{network}.{tap}": value[-count:] for tap, value in seen.items()}


class Playing:
    """The moves of both kinds of players.

    Instance statistics are each image's own, so what goes through a network in one move goes through it together.
    """

    def __init__(self, networks: Networks, teacher: Networks | None, losses: Losses, memory: Memory) -> None:
        self.forth: Any = networks["forth"]
        self.back: Any = networks["back"]
        self.critics: tuple[Any, Any] = (networks["forth_critic"], networks["back_critic"])
        self.teacher, self.losses, self.memory = teacher, losses, memory
        self.made = passing.Made[dict[str, Tensor]]()

    def pass_through(self, a: Tensor, b: Tensor) -> tuple[Seen, Seen, Seen]:
        """`forth` of a, `back` of b and of what `forth` made, `forth` of what `back` made; identities between them."""
        same = bool(self.losses.identity)
        there = self.forth.watch(torch.cat([a, b]) if same else a)
        here = self.back.watch(torch.cat([b, *([a] if same else []), there["image"][: len(a)]]))
        return there, here, self.forth.watch(here["image"][: len(b)])

    def generate(self, lesson: Teaching, moment: Moment) -> Parts:
        """The move of both generators."""
        a, b = moment["a"], moment["b"]
        m, n = len(a), len(b)
        there, here, repeated = self.pass_through(a, b)
        fakes = {"forth": there["image"][:m], "back": here["image"][:n]}
        self.made.leave(moment, {name: fake.detach() for name, fake in fakes.items()})
        own = {
            f"adversarial_{name}": adversarial.loss(self.losses.game, critic(fake), real=True)
            for critic, (name, fake) in zip(self.critics, fakes.items(), strict=True)
        }
        own["cycle_forth"] = self.losses.cycle * F.l1_loss(here["image"][-m:], a)
        own["cycle_back"] = self.losses.cycle * F.l1_loss(repeated["image"], b)
        if self.losses.identity:
            own["identity_forth"] = self.losses.identity * F.l1_loss(there["image"][m:], b)
            own["identity_back"] = self.losses.identity * F.l1_loss(here["image"][n : n + m], a)
        if self.losses.mask and "mask" in there:
            own["mask"] = self.losses.mask * (there["mask"][:m].mean() + here["mask"][:n].mean())
        seen = named("forth", there, m) | named("back", here, n) | again("forth", repeated, n) | again("back", here, m)
        theirs = named("forth", lesson.observe(self.teacher, "forth", a), m)
        theirs |= named("back", lesson.observe(self.teacher, "back", b), n)
        return lesson.join(own, seen, theirs, moment)

    def fakes(self, moment: Moment) -> dict[str, Tensor]:
        """What the generators made in this step, or what they make of its images now."""
        left = self.made.take(moment)
        if left is not None:
            return left
        with torch.no_grad():
            return {"forth": self.forth(moment["a"]), "back": self.back(moment["b"])}

    def criticise(self, lesson: Teaching, moment: Moment) -> Parts:
        """The move of both critics."""
        own: Parts = {}
        seen: Seen = {}
        theirs: Seen = {}
        reals = (moment["b"], moment["a"])
        fakes = self.fakes(moment)
        for name, critic, (side, fake), real in zip(
            ROLES["discriminator"], self.critics, fakes.items(), reals, strict=True
        ):
            shown = self.memory.show(side, fake, moment.seed, moment.step)
            both = critic.watch(torch.cat([real, shown]))
            real_scores, fake_scores = both["patch"].split([len(real), len(shown)])
            own[f"real_{side}"] = adversarial.loss(self.losses.game, real_scores, real=True) / 2
            own[f"fake_{side}"] = adversarial.loss(self.losses.game, fake_scores, real=False) / 2
            seen |= named(name, both, len(real))
            theirs |= named(name, lesson.observe(self.teacher, name, real), len(real))
        return lesson.join(own, seen, theirs, moment)


def game(
    networks: Networks,
    teacher: Networks | None,
    lessons: Mapping[Role, Teaching],
    losses: Losses,
    play: Play,
    problem: Problem,
) -> Game:
    """Both generators as one player, both critics as another."""
    resolution = problem.domains[0].split.images.shape[1]
    memory = Memory(ROLES["generator"], play.pool, resolution)
    playing = Playing(networks, teacher, losses, memory)

    def generate(moment: Moment) -> Parts:
        return playing.generate(lessons["generator"], moment)

    def criticise(moment: Moment) -> Parts:
        return playing.criticise(lessons["discriminator"], moment)

    taught: Networks = {f"{role}_lesson": lesson for role, lesson in lessons.items()}
    players = (
        Player("generators", (*ROLES["generator"], "generator_lesson"), generate, "generator"),
        Player("critics", (*ROLES["discriminator"], "discriminator_lesson"), criticise, "discriminator"),
    )
    ordered = players if play.first == "generator" else players[::-1]
    return Game({**networks, **taught}, ordered, keeps=ROLES["generator"], memory=memory)
