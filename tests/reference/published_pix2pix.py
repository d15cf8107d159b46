"""pix2pix's published training procedure, transcribed: what our game is checked and timed against.

Isola et al., CVPR 2017, arXiv 1611.07004, as released in pytorch-CycleGAN-and-pix2pix. See README.md beside this file.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

L1, LESSON = 100.0, 10.0
RATE, BETAS = 2e-4, (0.5, 0.999)


class Level(nn.Module):
    """One level of the U-Net: down, what lies inside, up; all but the outermost pass their input on beside it."""

    def __init__(
        self, outer: int, inner: int, inside: Level | None, outermost: bool = False, drop: bool = False
    ) -> None:
        super().__init__()
        self.outermost = outermost
        down: list[nn.Module] = [nn.Conv2d(3 if outermost else outer, inner, 4, 2, 1, bias=False)]
        if not outermost:
            down.insert(0, nn.LeakyReLU(0.2, True))
        if not outermost and inside is not None:
            down.append(nn.BatchNorm2d(inner))
        entry = inner if inside is None else 2 * inner
        up: list[nn.Module] = [nn.ReLU(True), nn.ConvTranspose2d(entry, outer, 4, 2, 1, bias=outermost)]
        up.append(nn.Tanh() if outermost else nn.BatchNorm2d(outer))
        if drop:
            up.append(nn.Dropout(0.5))
        self.model = nn.Sequential(*down, *([] if inside is None else [inside]), *up)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


def unet(width: int, halvings: int) -> Level:
    """Five levels and, for each more, a middle one with dropout."""
    level = Level(8 * width, 8 * width, None)
    for _ in range(halvings - 5):
        level = Level(8 * width, 8 * width, level, drop=True)
    for factor in (4, 2, 1):
        level = Level(factor * width, 2 * factor * width, level)
    return Level(3, width, level, outermost=True)


class Critic(nn.Sequential):
    """Two images on each other's channels in, a score of each patch out."""

    def __init__(self, width: int, layers: int) -> None:
        inner: list[nn.Module] = [nn.Conv2d(6, width, 4, 2, 1), nn.LeakyReLU(0.2, True)]
        entry = width
        for layer in range(1, layers + 1):
            leaving, stride = width * min(2**layer, 8), 2 if layer < layers else 1
            inner += [nn.Conv2d(entry, leaving, 4, stride, 1, bias=False), nn.BatchNorm2d(leaving)]
            inner += [nn.LeakyReLU(0.2, True)]
            entry = leaving
        super().__init__(*inner, nn.Conv2d(entry, 1, 4, 1, 1))


def judged(scores: Tensor, real: bool) -> Tensor:
    """Cross-entropy against a target of the scores' size."""
    target = torch.tensor(1.0 if real else 0.0).expand_as(scores)
    return nn.functional.binary_cross_entropy_with_logits(scores, target)


class Procedure:
    """Generator and critic with their optimisers; with a teacher, the distance of their images."""

    def __init__(self, generator: Level, critic: Critic, teacher: Level | None) -> None:
        self.generator, self.critic, self.teacher = generator, critic, teacher
        self.moves_generator = torch.optim.Adam(generator.parameters(), lr=RATE, betas=BETAS)
        self.moves_critic = torch.optim.Adam(critic.parameters(), lr=RATE, betas=BETAS)

    def hold(self, held: bool) -> None:
        """Spare the critic's gradients, or not."""
        for parameter in self.critic.parameters():
            parameter.requires_grad = not held

    def critic_loss(self, a: Tensor, b: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Both terms, the fake one first."""
        scores = self.critic(torch.cat((a, fake.detach()), 1))
        parts = {"fake": judged(scores, real=False) * 0.5}
        parts["real"] = judged(self.critic(torch.cat((a, b), 1)), real=True) * 0.5
        return parts

    def generator_loss(self, a: Tensor, b: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """The critic's word, the distance to the image that belongs to the input, and to the teacher's."""
        parts = {"adversarial": judged(self.critic(torch.cat((a, fake), 1)), real=True)}
        parts["l1"] = L1 * nn.functional.l1_loss(fake, b)
        if self.teacher is not None:
            with torch.no_grad():
                shown = self.teacher(a)
            parts["lesson"] = LESSON * nn.functional.mse_loss(fake, shown)
        return parts

    def step(self, a: Tensor, b: Tensor) -> dict[str, float]:
        """The critic, then the generator, from one image that is made before either moves."""
        fake = self.generator(a)
        self.hold(False)
        self.moves_critic.zero_grad()
        critic = self.critic_loss(a, b, fake)
        (critic["fake"] + critic["real"]).backward()
        self.moves_critic.step()
        self.hold(True)
        self.moves_generator.zero_grad()
        generator = self.generator_loss(a, b, fake)
        torch.stack(list(generator.values())).sum().backward()
        self.moves_generator.step()
        named = {"discriminator": critic, "generator": generator}
        return {f"{player}/{name}": part.item() for player, parts in named.items() for name, part in parts.items()}


def like(spec: Any, teacher: Any = None) -> Procedure:  # noqa: ANN401 - a spec by its fields
    """The procedure for networks of the sizes of a spec; with a teacher's spec, its lesson as well."""
    halvings = spec.halvings or min(8, (spec.resolution & -spec.resolution).bit_length() - 1)
    if spec.norm != "batch" or halvings < 5:
        raise ValueError("the published networks have batch norms and at least five levels")
    taught = unet(teacher.width, halvings).eval() if teacher is not None else None
    return Procedure(unet(spec.width, halvings), Critic(spec.critic_width, spec.critic_layers), taught)


def walk(level: Level) -> tuple[list[nn.Module], list[nn.Module]]:
    """The layers with weights, down and up, from the outermost level inwards."""
    own = [module for module in level.model if not isinstance(module, Level) and list(module.parameters())]
    inside = [module for module in level.model if isinstance(module, Level)]
    place = next(index for index, module in enumerate(own) if isinstance(module, nn.ConvTranspose2d))
    down, up = own[:place], own[place:]
    further = walk(inside[0]) if inside else ([], [])
    return [*down, *further[0]], [*further[1], *up]


def copy_weights(into: nn.Module, source: nn.Module) -> None:
    """Give a network of this file the weights and statistics of one of ours, which runs its layers in one order."""
    mine = [layer for layers in walk(into) for layer in layers] if isinstance(into, Level) else with_weights(into)
    with torch.no_grad():
        for layer, other in zip(mine, in_order(source), strict=True):
            layer.load_state_dict(other.state_dict())


def with_weights(network: nn.Module) -> list[nn.Module]:
    """Layers that hold weights, in the order in which they are held."""
    return [module for module in network.modules() if list(module.parameters(recurse=False))]


def in_order(network: Any) -> list[nn.Module]:  # noqa: ANN401 - a family's own
    """Layers of one of our networks in the order in which they run."""
    if not hasattr(network, "up"):
        return with_weights(network)
    down = [layer for pair in zip(network.down, network.down_norms, strict=True) for layer in pair]
    up = [layer for pair in zip(network.up, network.up_norms, strict=True) for layer in pair]
    return [layer for layer in (*down, *up, network.paint) if list(layer.parameters())]
