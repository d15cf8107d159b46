"""pix2pix's game: the losses of critic and generator, and the order in which they move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from stages.blocks import adversarial, passing, two_domains
from stages.learning.contracts import Draw, Game, Moment, Networks, Parts, Player, Role, Seen
from stages.learning.problems import Problem
from stages.learning.teaching import Teaching
from stages.settings.rows import Schedule

OUTPUT, RIVALS = ("image",), ("adversarial",)
DIRECTIONS: tuple[tuple[int, int], ...] = ((0, 1),)
"""What is translated into what, as places in the row's labels."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Losses:
    """Weights of the terms, and the kind of the adversarial one."""

    l1: Annotated[float, Field(ge=0)] = 100.0
    """L1 to the image that belongs to the input."""
    game: adversarial.Kind = "vanilla"


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Play:
    """How a training plays; published are the discriminator first, and jitter."""

    first: Literal["generator", "discriminator"] = "discriminator"
    """Who moves first in a step; a critic that moves second sees the images that the generator made in it."""
    jitter: bool = False
    """Whether both images are enlarged by 286/256 and cut at random, at the same place."""


def feed(problem: Problem, schedule: Schedule, play: Play, seed: int) -> Draw:
    """Pairs of images: the first label's is the input, the second's what it is to become."""
    return two_domains.feed(problem, schedule, play.jitter, seed, paired=True)


def translate(networks: Networks, image: Tensor, source: Tensor, target: Tensor) -> Tensor:  # noqa: ARG001 - the contract
    """The images of the second label, the only one that may be asked for.

    Where dropout is active, as published, its draws are the same in every call.
    """
    if two_domains.wanted(target) != 1:
        raise ValueError("pix2pix translates from the first label to the second alone")
    with torch.random.fork_rng([image.device] if image.is_cuda else []):
        torch.manual_seed(0)
        return networks["generator"](image)  # type: ignore[no-any-return]


def paired(image: Tensor, other: Tensor) -> Tensor:
    """What a critic is shown: an image and what it became."""
    return torch.cat([image, other], dim=1)


def judged(critic: Any, pairs: Tensor, others: Tensor) -> tuple[Seen, Tensor]:  # noqa: ANN401 - a family's own
    """What the critic sees of some pairs, and its scores of others; apart where norms look at the whole batch."""
    if any(isinstance(module, nn.BatchNorm2d) for module in critic.modules()):
        # The published order, in which running statistics move.
        scores = critic(others)
        return critic.watch(pairs), scores
    both = critic.watch(torch.cat([pairs, others]))
    return {tap: value[: len(pairs)] for tap, value in both.items()}, both["patch"][len(pairs) :]


def held_still(network: nn.Module) -> frozenset[str]:
    """The parameters that a compression has frozen, by name."""
    return frozenset(name for name, parameter in network.named_parameters() if not parameter.requires_grad)


@contextmanager
def learning(network: nn.Module, frozen: frozenset[str]) -> Iterator[None]:
    """Passes inside can be followed back to a network's weights, though another player moves."""
    before = {name: parameter.requires_grad for name, parameter in network.named_parameters()}
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name not in frozen)
    try:
        yield
    finally:
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(before[name])


def game(
    networks: Networks,
    teacher: Networks | None,
    lessons: Mapping[Role, Teaching],
    losses: Losses,
    play: Play,
    problem: Problem,  # noqa: ARG001 - the contract
) -> Game:
    """The critic and the generator, in the order in which they move, on one pass of the generator."""
    generator: Any = networks["generator"]
    critic: Any = networks["discriminator"]
    made, frozen = passing.Made[Seen](), held_still(generator)

    def seen_by(role: Role, moment: Moment) -> Seen:
        found = made.take(moment) if role != play.first else None
        if found is None:
            with learning(generator, frozen):
                found = generator.watch(moment["a"])
        if role == play.first:
            made.leave(moment, found)
        return found

    def criticise(moment: Moment) -> Parts:
        a, b = moment["a"], moment["b"]
        fake = seen_by("discriminator", moment)["image"].detach()
        seen, scores = judged(critic, paired(a, b), paired(a, fake))
        own = {
            "real": adversarial.loss(losses.game, seen["patch"], real=True) / 2,
            "fake": adversarial.loss(losses.game, scores, real=False) / 2,
        }
        lesson = lessons["discriminator"]
        return lesson.join(own, seen, lesson.observe(teacher, "discriminator", paired(a, b)), moment)

    def generate(moment: Moment) -> Parts:
        a, b = moment["a"], moment["b"]
        seen = seen_by("generator", moment)
        own = {
            "adversarial": adversarial.loss(losses.game, critic(seen["shown"]), real=True),
            "l1": losses.l1 * F.l1_loss(seen["image"], b),
        }
        lesson = lessons["generator"]
        return lesson.join(own, seen, lesson.observe(teacher, "generator", a), moment)

    taught: Networks = {f"{role}_lesson": lesson for role, lesson in lessons.items()}
    players = (
        Player("discriminator", ("discriminator", "discriminator_lesson"), criticise, "discriminator"),
        Player("generator", ("generator", "generator_lesson"), generate, "generator"),
    )
    ordered = players if play.first == "discriminator" else players[::-1]
    return Game({**networks, **taught}, ordered, keeps=("generator",))
