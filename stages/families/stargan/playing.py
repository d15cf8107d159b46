"""StarGAN's game: the losses of discriminator and generator, and the order in which they move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from stages.families.stargan.feeding import Play
from stages.families.stargan.networks import Discriminator, Spec
from stages.learning.contracts import AGAIN, Game, Moment, Networks, Parts, Player, Role, Seen
from stages.learning.problems import Domain, Problem
from stages.learning.teaching import Teaching


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Losses:
    """Weights of the terms of the adversarial game."""

    cycle: Annotated[float, Field(ge=0)] = 10.0
    classification: Annotated[float, Field(ge=0)] = 1.0
    gradient_penalty: Annotated[float, Field(ge=0)] = 10.0
    mask: Annotated[float, Field(ge=0)] = 0.0
    """Mean of a gated output's mask, as GANimation asks for; 0 in the paper, which has no mask."""
    identity: Annotated[float, Field(ge=0)] = 0.0
    """L1 to the input where the target labels are its own, as CycleGAN asks for; 0 in the paper."""


def condition(spec: Spec, source: Tensor, target: Tensor) -> Tensor:
    """What the generator is told: the target labels, or how they differ from the source's; the mask stays as it is."""
    if spec.condition == "target":
        return target
    return torch.cat([(target - source)[:, : spec.classes], target[:, spec.classes :]], dim=1)


def translate(networks: Networks, image: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """The images of the target labels: what every metric sees."""
    generator: Any = networks["generator"]
    return generator(image, condition(generator.spec, source, target))  # type: ignore[no-any-return]


def shown(moment: Moment, image: Tensor) -> Tensor:
    """What a critic is shown of an image: all of it, or what the window of the step leaves open."""
    window = moment.get("window")
    return image if window is None else image * window


def classification(logits: Tensor, label: Tensor, domain: Domain) -> Tensor:
    """Binary cross-entropy summed over attributes, or softmax cross-entropy over expressions, of the known columns."""
    logits, label = logits[:, domain.known], label[:, domain.known]
    if domain.kind == "expressions":
        return F.cross_entropy(logits, label.argmax(dim=1))
    return F.binary_cross_entropy_with_logits(logits, label, reduction="sum") / len(label)


def extras(moment: Moment, forth: Seen, back: Seen, losses: Losses) -> Parts:
    """The generator's terms that the paper does not have, where their weight asks for them."""
    parts = {}
    if losses.mask and "mask" in forth:
        parts["mask"] = losses.mask * (forth["mask"].mean() + back["mask"].mean())
    if losses.identity:
        parts["identity"] = losses.identity * unchanged(moment, forth["image"])
    return parts


def unchanged(moment: Moment, fake: Tensor) -> Tensor:
    """L1 between image and translation, where nothing was asked to change."""
    same = (moment["target"] == moment["label"]).all(dim=1)
    return ((moment["real"] - fake).abs().mean(dim=(1, 2, 3)) * same).mean()


def gradient_penalty(critic: Discriminator, real: Tensor, fake: Tensor, mix: Tensor) -> tuple[Tensor, Seen]:
    """E[(‖∇D(x̂)‖₂ − 1)²] on images that mix real and fake, and what the critic saw there."""
    seen = critic.watch(torch.lerp(fake, real, mix))
    return (critic.slope(seen).flatten(1).norm(dim=1) - 1).square().mean(), seen


def again(seen: Seen) -> Seen:
    """The taps of a second pass."""
    return {f"{AGAIN}{tap}": value for tap, value in seen.items()}


def game(
    networks: Networks,
    teacher: Networks | None,
    lessons: Mapping[Role, Teaching],
    losses: Losses,
    play: Play,
    problem: Problem,
) -> Game:
    """The discriminator and the generator, in the order in which they move."""
    generator: Any = networks["generator"]
    critic: Any = networks["discriminator"]

    def criticise(moment: Moment) -> Parts:
        with torch.no_grad():
            told = condition(generator.spec, moment["label"], moment["target"])
            fake = shown(moment, generator(moment["real"], told))
        real = shown(moment, moment["real"])
        # Together, since inner layers are many weights and few pixels.
        both = critic.watch(torch.cat([real, fake]))
        seen = {tap: value[: len(real)] for tap, value in both.items()}
        penalty, mixed = gradient_penalty(critic, real, fake, moment["mix"])
        own = {
            "real": -seen["patch"].mean(),
            "fake": both["patch"][len(real) :].mean(),
            "gradient_penalty": losses.gradient_penalty * penalty,
            "classification": losses.classification
            * classification(seen["class"], moment["label"], problem.at(moment.step)),
        }
        lesson = lessons["discriminator"]
        return lesson.join(own, {**seen, **again(mixed)}, lesson.observe(teacher, "discriminator", real), moment)

    def generate(moment: Moment) -> Parts:
        real, label, target = moment["real"], moment["label"], moment["target"]
        there = condition(generator.spec, label, target)
        forth = generator.watch(real, there)
        patch, logits = critic(shown(moment, forth["image"]))
        back = generator.watch(forth["image"], condition(generator.spec, target, label))
        own = {
            "adversarial": -patch.mean(),
            "classification": losses.classification * classification(logits, target, problem.at(moment.step)),
            "cycle": losses.cycle * (real - back["image"]).abs().mean(),
            **extras(moment, forth, back, losses),
        }
        lesson = lessons["generator"]
        return lesson.join(own, {**forth, **again(back)}, lesson.observe(teacher, "generator", real, there), moment)

    taught: Networks = {f"{role}_lesson": lesson for role, lesson in lessons.items()}
    players = (
        Player(
            "discriminator", ("discriminator", "discriminator_lesson"), criticise, "discriminator", play.critic_steps
        ),
        Player("generator", ("generator", "generator_lesson"), generate, "generator"),
    )
    return Game({**networks, **taught}, players, keeps=("generator",))
