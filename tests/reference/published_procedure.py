"""The published training procedure, transcribed: what our training loop is checked and timed against.

StarGAN: Choi et al., CVPR 2018, arXiv 1711.09020, as released; the student's lesson: SMartorana,
KD-with-FT-in-ItoI-CGANs, 2022/23. See README.md beside this file for what is kept and what is left out.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CYCLE, CLASSIFICATION, PENALTY, LESSON = 10.0, 1.0, 10.0, 10.0
RATE, BETAS = 1e-4, (0.5, 0.999)


def norm(channels: int) -> nn.Module:
    """With running statistics, which every pass in training moves and nothing ever uses."""
    return nn.InstanceNorm2d(channels, affine=True, track_running_stats=True)


class Block(nn.Module):
    """A residual block."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first_norm = norm(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = norm(channels)

    def forward(self, x: Tensor) -> Tensor:
        inner = F.relu(self.first_norm(self.first(x)), inplace=True)
        return x + self.second_norm(self.second(inner))


class Generator(nn.Module):
    """Image and label planes in, image out; with `tapped` the last block runs a second time for its output."""

    def __init__(self, width: int, blocks: int, labels: int, tapped: bool) -> None:
        super().__init__()
        self.tapped = tapped
        self.tap = torch.empty(0)
        self.entry = nn.Conv2d(3 + labels, width, 7, padding=3, bias=False)
        self.entry_norm = norm(width)
        self.first_down = nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False)
        self.first_down_norm = norm(2 * width)
        self.second_down = nn.Conv2d(2 * width, 4 * width, 4, 2, 1, bias=False)
        self.second_down_norm = norm(4 * width)
        self.blocks = nn.ModuleList(Block(4 * width) for _ in range(blocks))
        self.first_up = nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1, bias=False)
        self.first_up_norm = norm(2 * width)
        self.second_up = nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False)
        self.second_up_norm = norm(width)
        self.paint = nn.Conv2d(width, 3, 7, padding=3, bias=False)

    def forward(self, image: Tensor, label: Tensor) -> Tensor:
        planes = label.view(*label.shape, 1, 1).repeat(1, 1, *image.shape[2:])
        h = F.relu(self.entry_norm(self.entry(torch.cat([image, planes], dim=1))), inplace=True)
        h = F.relu(self.first_down_norm(self.first_down(h)), inplace=True)
        h = F.relu(self.second_down_norm(self.second_down(h)), inplace=True)
        for block in self.blocks:
            before, h = h, block(h)
        if self.tapped:
            self.tap = self.blocks[-1](before)
        h = F.relu(self.first_up_norm(self.first_up(h)), inplace=True)
        h = F.relu(self.second_up_norm(self.second_up(h)), inplace=True)
        return torch.tanh(self.paint(h))


class Discriminator(nn.Module):
    """A patch score and a class score over a trunk of `layers` strided convolutions."""

    def __init__(self, width: int, layers: int, labels: int, resolution: int) -> None:
        super().__init__()
        sides = [3, *(width * 2**layer for layer in range(layers))]
        self.trunk = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise(sides))
        self.patch = nn.Conv2d(sides[-1], 1, 3, padding=1, bias=False)
        self.classify = nn.Conv2d(sides[-1], labels, resolution // 2**layers, bias=False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        h = image
        for layer in self.trunk:
            h = F.leaky_relu(layer(h), 0.01)
        return self.patch(h), self.classify(h).flatten(1)


def classification(logits: Tensor, label: Tensor) -> Tensor:
    """Binary cross-entropy, summed, then divided by the batch."""
    return F.binary_cross_entropy_with_logits(logits, label, reduction="sum") / len(logits)


def gradient_penalty(critic: Discriminator, mixed: Tensor) -> Tensor:
    """How far the slope at the mixed images is from 1."""
    patch, _ = critic(mixed)
    slope = torch.autograd.grad(patch, mixed, torch.ones_like(patch), retain_graph=True, create_graph=True)[0]
    length = slope.view(len(slope), -1).pow(2).sum(dim=1).sqrt()
    return (length - 1).pow(2).mean()


class Procedure:
    """Both networks with their optimisers; with a teacher, its adapter and that one's optimiser."""

    def __init__(
        self, generator: Generator, critic: Discriminator, teacher: Generator | None, adapter: nn.Module | None
    ) -> None:
        self.generator, self.critic, self.teacher, self.adapter = generator, critic, teacher, adapter
        self.moves_critic = torch.optim.Adam(critic.parameters(), RATE, BETAS)
        taught = [generator] if adapter is None else [generator, adapter]
        self.moves_generator = [torch.optim.Adam(network.parameters(), RATE, BETAS) for network in taught]

    def clear(self) -> None:
        """Every gradient but the teacher's, which pile up."""
        for optimiser in (self.moves_critic, *self.moves_generator):
            optimiser.zero_grad()

    def critic_step(self, real: Tensor, label: Tensor, target: Tensor, mix: Tensor) -> dict[str, float]:
        """One move of the discriminator; the fake is made with its graph, which is then thrown away."""
        patch, logits = self.critic(real)
        parts = {"real": -patch.mean(), "classification": classification(logits, label)}
        fake = self.generator(real, target)
        parts["fake"] = self.critic(fake.detach())[0].mean()
        mixed = (mix * real.detach() + (1 - mix) * fake.detach()).requires_grad_()
        parts["gradient_penalty"] = gradient_penalty(self.critic, mixed)
        total = parts["real"] + parts["fake"] + CLASSIFICATION * parts["classification"]
        total = total + PENALTY * parts["gradient_penalty"]
        self.clear()
        total.backward()
        self.moves_critic.step()
        return {name: part.item() for name, part in parts.items()}

    def lesson(self, real: Tensor, target: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """FR5OUT: last blocks and images; the student's block is that of its latest pass, which is the second."""
        assert self.teacher is not None
        assert self.adapter is not None
        painted = self.teacher(real, target)
        return F.mse_loss(self.adapter(self.teacher.tap), self.generator.tap), F.mse_loss(painted, fake)

    def generator_step(self, real: Tensor, label: Tensor, target: Tensor) -> dict[str, float]:
        """One move of the generator; the gradients of the discriminator, and of a teacher, are computed too."""
        fake = self.generator(real, target)
        patch, logits = self.critic(fake)
        parts = {"adversarial": -patch.mean(), "classification": classification(logits, target)}
        back = self.generator(fake, label)
        parts["cycle"] = (real - back).abs().mean()
        total = parts["adversarial"] + CYCLE * parts["cycle"] + CLASSIFICATION * parts["classification"]
        if self.teacher is not None:
            parts["block"], parts["image"] = self.lesson(real, target, fake)
            total = total + LESSON * (parts["block"] + parts["image"])
        self.clear()
        total.backward()
        for optimiser in self.moves_generator:
            optimiser.step()
        return {name: part.item() for name, part in parts.items()}

    def step(self, batches: list[tuple[Tensor, Tensor, Tensor, Tensor]]) -> dict[str, float]:
        """A move of the discriminator per batch, then one of the generator on the last batch."""
        for batch in batches:
            critic = self.critic_step(*batch)
        generator = self.generator_step(*batches[-1][:3])
        losses = {"discriminator": critic, "generator": generator}
        return {f"{player}/{name}": value for player, parts in losses.items() for name, value in parts.items()}


def like(spec: Any, teacher: Any = None) -> Procedure:  # noqa: ANN401 - a spec by its fields
    """The procedure for networks of the sizes of a spec; with a teacher's spec, its lesson as well."""
    if spec.output != "plain" or spec.convolutions != "standard":
        raise ValueError("the published networks have a plain output and standard convolutions")
    layers, remaining = 0, spec.resolution
    while remaining % 2 == 0 and remaining > 2 and layers < 6:
        layers, remaining = layers + 1, remaining // 2
    taught = teacher is not None
    return Procedure(
        Generator(spec.width, spec.blocks, spec.labels, tapped=taught),
        Discriminator(spec.critic_width, layers, spec.classes, spec.resolution),
        Generator(teacher.width, teacher.blocks, teacher.labels, tapped=taught) if taught else None,
        nn.Conv2d(4 * teacher.width, 4 * spec.width, 1) if taught else None,
    )


def copy_weights(into: nn.Module, source: nn.Module) -> None:
    """Give a network of this file the weights of one of ours, which holds them in the same order."""
    with torch.no_grad():
        for mine, theirs in zip(into.parameters(), source.parameters(), strict=True):
            mine.copy_(theirs)
