"""CycleGAN's published training procedure, transcribed: what our game is checked and timed against.

Zhu et al., ICCV 2017, arXiv 1703.10593, as released in pytorch-CycleGAN-and-pix2pix. See README.md beside this file.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import torch
from torch import Tensor, nn

CYCLE, IDENTITY, LESSON, POOL = 10.0, 0.5, 10.0, 50
RATE, BETAS = 2e-4, (0.5, 0.999)


class Block(nn.Module):
    """A residual block."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            *(nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels), nn.ReLU(True)),
            *(nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


class Generator(nn.Sequential):
    """Image in, image out."""

    def __init__(self, width: int, blocks: int) -> None:
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7)]
        layers += [nn.InstanceNorm2d(width), nn.ReLU(True)]
        for c in (width, 2 * width):
            layers += [nn.Conv2d(c, 2 * c, 3, 2, 1), nn.InstanceNorm2d(2 * c), nn.ReLU(True)]
        layers += [Block(4 * width) for _ in range(blocks)]
        for c in (4 * width, 2 * width):
            layers += [nn.ConvTranspose2d(c, c // 2, 3, 2, 1, 1), nn.InstanceNorm2d(c // 2), nn.ReLU(True)]
        super().__init__(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())


class Critic(nn.Sequential):
    """Image in, a score of each patch out."""

    def __init__(self, width: int, layers: int) -> None:
        inner: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2, True)]
        entry = width
        for layer in range(1, layers + 1):
            leaving, stride = width * min(2**layer, 8), 2 if layer < layers else 1
            inner += [nn.Conv2d(entry, leaving, 4, stride, 1), nn.InstanceNorm2d(leaving), nn.LeakyReLU(0.2, True)]
            entry = leaving
        super().__init__(*inner, nn.Conv2d(entry, 1, 4, 1, 1))


class Pool:
    """Images of earlier steps."""

    def __init__(self) -> None:
        self.images: list[Tensor] = []

    def query(self, images: Tensor) -> Tensor:
        """What the critic is shown in the place of new images."""
        shown = []
        for image in images.detach():
            image = image.unsqueeze(0)
            if len(self.images) < POOL:
                self.images.append(image)
                shown.append(image)
            elif random.uniform(0, 1) > 0.5:
                place = random.randint(0, POOL - 1)
                shown.append(self.images[place].clone())
                self.images[place] = image
            else:
                shown.append(image)
        return torch.cat(shown, 0)


def judged(scores: Tensor, real: bool) -> Tensor:
    """Least squares against a target of the scores' size."""
    return nn.functional.mse_loss(scores, torch.tensor(1.0 if real else 0.0).expand_as(scores))


class Procedure:
    """Two generators, two critics, their pools and two optimisers; with teachers, the distance of their images."""

    def __init__(self, generators: list[Generator], critics: list[Critic], teachers: list[Generator]) -> None:
        self.forth, self.back = generators
        self.forth_critic, self.back_critic = critics
        self.teachers = teachers
        self.pools = Pool(), Pool()
        both = (itertools.chain(*(network.parameters() for network in each)) for each in (generators, critics))
        self.moves_generators, self.moves_critics = (torch.optim.Adam(each, lr=RATE, betas=BETAS) for each in both)

    def hold(self, held: bool) -> None:
        """Spare the critics' gradients, or not."""
        for critic in (self.forth_critic, self.back_critic):
            for parameter in critic.parameters():
                parameter.requires_grad = not held

    def generators_loss(self, a: Tensor, b: Tensor) -> dict[str, Tensor]:
        """All terms of the generators' move, weighted, from the images that are made already."""
        parts = {
            "identity_forth": CYCLE * IDENTITY * nn.functional.l1_loss(self.forth(b), b),
            "identity_back": CYCLE * IDENTITY * nn.functional.l1_loss(self.back(a), a),
            "adversarial_forth": judged(self.forth_critic(self.fake_b), real=True),
            "adversarial_back": judged(self.back_critic(self.fake_a), real=True),
            "cycle_forth": CYCLE * nn.functional.l1_loss(self.returned_a, a),
            "cycle_back": CYCLE * nn.functional.l1_loss(self.returned_b, b),
        }
        if self.teachers:
            with torch.no_grad():
                shown = self.teachers[0](a), self.teachers[1](b)
            parts["lesson_forth"] = LESSON * nn.functional.mse_loss(self.fake_b, shown[0])
            parts["lesson_back"] = LESSON * nn.functional.mse_loss(self.fake_a, shown[1])
        return parts

    def critic_loss(self, critic: Critic, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Both terms of one critic, which goes back through them at once."""
        terms = judged(critic(real), real=True) * 0.5, judged(critic(fake.detach()), real=False) * 0.5
        (terms[0] + terms[1]).backward()
        return terms

    def step(self, a: Tensor, b: Tensor) -> dict[str, float]:
        """Generators, then critics on images that pools may have held back."""
        self.fake_b = self.forth(a)
        self.returned_a = self.back(self.fake_b)
        self.fake_a = self.back(b)
        self.returned_b = self.forth(self.fake_a)
        self.hold(True)
        self.moves_generators.zero_grad()
        generators = self.generators_loss(a, b)
        torch.stack(list(generators.values())).sum().backward()
        self.moves_generators.step()
        self.hold(False)
        self.moves_critics.zero_grad()
        critics: dict[str, Tensor] = {}
        sides = (("forth", self.forth_critic, b, self.fake_b), ("back", self.back_critic, a, self.fake_a))
        for (name, critic, real, fake), pool in zip(sides, self.pools, strict=True):
            terms = self.critic_loss(critic, real, pool.query(fake))
            critics |= dict(zip((f"real_{name}", f"fake_{name}"), terms, strict=True))
        self.moves_critics.step()
        named = {"generators": generators, "critics": critics}
        return {f"{player}/{name}": part.item() for player, parts in named.items() for name, part in parts.items()}


def like(spec: Any, teacher: Any = None) -> Procedure:  # noqa: ANN401 - a spec by its fields
    """The procedure for networks of the sizes of a spec; with a teacher's spec, its lesson as well."""
    if spec.output != "plain" or spec.convolutions != "standard":
        raise ValueError("the published networks have a plain output and standard convolutions")
    teachers = [Generator(teacher.width, teacher.blocks) for _ in range(2)] if teacher is not None else []
    generators = [Generator(spec.width, spec.blocks) for _ in range(2)]
    return Procedure(generators, [Critic(spec.critic_width, spec.critic_layers) for _ in range(2)], teachers)
