"""StyleGAN2's published training procedure, transcribed: what our game is checked and timed against.

Karras et al., CVPR 2020, arXiv 1912.04958, as released in stylegan2-ada-pytorch, in its form without compiled
operators. See README.md beside this file.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

RATE, BETAS, EPSILON = 2e-3, (0.0, 0.99), 1e-8
R1, R1_EVERY, PATH, PATH_EVERY, PATH_DECAY = 10.0, 16, 2.0, 4, 0.01
MEAN_DECAY, GROUP, LESSON = 0.995, 4, 10.0
FILTER = torch.tensor([1.0, 3.0, 3.0, 1.0])


def filtered(x: Tensor, up: int, down: int, before: int, after: int, gain: float) -> Tensor:
    """Zeros put between pixels, padding, the binomial filter on each channel, and every `down`-th pixel kept."""
    n, c, h, w = x.shape
    if up > 1:
        x = x.reshape(n, c, h, 1, w, 1)
        x = nn.functional.pad(x, [0, up - 1, 0, 0, 0, up - 1]).reshape(n, c, h * up, w * up)
    x = nn.functional.pad(x, [before, after, before, after])
    kernel = torch.outer(FILTER, FILTER) / FILTER.sum() ** 2 * gain
    x = nn.functional.conv2d(x, kernel[None, None].repeat(c, 1, 1, 1), groups=c)
    return x[:, :, ::down, ::down]


def activated(x: Tensor, bias: Tensor) -> Tensor:
    """A bias, LeakyReLU, √2."""
    shape = [1, -1, *[1] * (x.dim() - 2)]
    return nn.functional.leaky_relu(x + bias.reshape(shape), 0.2) * math.sqrt(2)


class Dense(nn.Module):
    """A linear layer with an equalised rate."""

    def __init__(self, inputs: int, outputs: int, active: bool, rate: float = 1.0, begin: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), begin / rate))
        self.active, self.rate = active, rate

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight * (self.rate / math.sqrt(self.weight.shape[1]))
        bias = self.bias * self.rate
        return activated(x @ weight.t(), bias) if self.active else torch.addmm(bias, x, weight.t())


class Mapping(nn.Module):
    """z to w."""

    def __init__(self, latent: int, layers: int, rate: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(Dense(latent, latent, True, rate) for _ in range(layers)))

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z * (z.square().mean(1, keepdim=True) + EPSILON).rsqrt())  # type: ignore[no-any-return]


def modulated(x: Tensor, weight: Tensor, style: Tensor, up: bool, demodulate: bool) -> Tensor:
    """A kernel for each image, and one grouped convolution with all of them."""
    n, side = len(x), weight.shape[2]
    kernels = weight[None] * style[:, None, :, None, None]
    if demodulate:
        kernels = kernels * (kernels.square().sum([2, 3, 4], keepdim=True) + EPSILON).rsqrt()
    x = x.reshape(1, -1, *x.shape[2:])
    if up:
        turned = kernels.transpose(1, 2).reshape(-1, weight.shape[0], side, side)
        x = nn.functional.conv_transpose2d(x, turned, stride=2, groups=n)
    else:
        x = nn.functional.conv2d(x, kernels.reshape(-1, *weight.shape[1:]), padding=side // 2, groups=n)
    x = x.reshape(n, -1, *x.shape[2:])
    return filtered(x, 1, 1, 1, 1, 4.0) if up else x


class Layer(nn.Module):
    """A styled convolution with noise."""

    def __init__(self, inputs: int, outputs: int, latent: int, up: bool, noise: bool) -> None:
        super().__init__()
        self.affine = Dense(latent, inputs, False, begin=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.strength = nn.Parameter(torch.zeros([])) if noise else None
        self.up = up

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        weight = self.weight / math.sqrt(self.weight[0].numel())
        x = modulated(x, weight, self.affine(w), self.up, demodulate=True)
        if self.strength is not None:
            x = x + torch.randn(len(x), 1, *x.shape[2:]) * self.strength
        return activated(x, self.bias)


class Colour(nn.Module):
    """What a side adds to the image."""

    def __init__(self, inputs: int, latent: int) -> None:
        super().__init__()
        self.affine = Dense(latent, inputs, False, begin=1.0)
        self.weight = nn.Parameter(torch.randn(3, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        style = self.affine(w) / math.sqrt(self.weight.shape[1])
        return modulated(x, self.weight, style, False, demodulate=False) + self.bias[:, None, None]


class Generator(nn.Module):
    """Mapping and synthesis."""

    mean: Tensor

    def __init__(self, widths: tuple[int, ...], latent: int, layers: int, rate: float, noise: bool) -> None:
        super().__init__()
        self.latent, self.count = latent, 2 * len(widths)
        self.mapping = Mapping(latent, layers, rate)
        self.constant = nn.Parameter(torch.randn(widths[0], 4, 4))
        entries = pairwise(widths)
        self.ups = nn.ModuleList(Layer(entry, width, latent, True, noise) for entry, width in entries)
        self.keeps = nn.ModuleList(Layer(width, width, latent, False, noise) for width in widths)
        self.colours = nn.ModuleList(Colour(width, latent) for width in widths)
        self.register_buffer("mean", torch.zeros(latent))

    def synthesis(self, ws: Tensor) -> Tensor:
        """The image of a w for each layer."""
        x = self.keeps[0](self.constant.repeat(len(ws), 1, 1, 1), ws[:, 0])
        image = self.colours[0](x, ws[:, 1])
        for place in range(1, len(self.keeps)):
            x = self.ups[place - 1](x, ws[:, 2 * place - 1])
            x = self.keeps[place](x, ws[:, 2 * place])
            image = filtered(image, 2, 1, 2, 1, 4.0) + self.colours[place](x, ws[:, 2 * place + 1])
        return image


class Convolution(nn.Module):
    """A convolution of the critic, to half the side if asked to."""

    def __init__(self, inputs: int, outputs: int, side: int, down: bool = False, active: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, side, side))
        self.bias = nn.Parameter(torch.zeros(outputs)) if active else None
        self.down = down

    def forward(self, x: Tensor) -> Tensor:
        weight, side = self.weight / math.sqrt(self.weight[0].numel()), self.weight.shape[2]
        if not self.down:
            x = nn.functional.conv2d(x, weight, padding=side // 2)
        elif side == 1:
            x = nn.functional.conv2d(filtered(x, 1, 2, 1, 1, 1.0), weight)
        else:
            x = nn.functional.conv2d(filtered(x, 1, 1, 2, 2, 1.0), weight, stride=2)
        return x if self.bias is None else activated(x, self.bias)


class Critic(nn.Module):
    """The residual critic."""

    def __init__(self, widths: tuple[int, ...], group: int) -> None:
        super().__init__()
        wide = widths[::-1]
        self.group = group
        self.entry = Convolution(3, wide[0], 1)
        pairs = list(pairwise(wide))
        self.keeps = nn.ModuleList(Convolution(entry, entry, 3) for entry, _ in pairs)
        self.downs = nn.ModuleList(Convolution(entry, width, 3, down=True) for entry, width in pairs)
        self.skips = nn.ModuleList(Convolution(entry, width, 1, True, False) for entry, width in pairs)
        self.end = Convolution(wide[-1] + 1, wide[-1], 3)
        self.hidden = Dense(wide[-1] * 16, wide[-1], True)
        self.score = Dense(wide[-1], 1, False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.entry(x)
        for keep, down, skip in zip(self.keeps, self.downs, self.skips, strict=True):
            x = down(keep(x)) * math.sqrt(0.5) + skip(x) * math.sqrt(0.5)
        x = self.end(torch.cat([x, self.spread(x)], 1))
        return self.score(self.hidden(x.flatten(1)))  # type: ignore[no-any-return]

    def spread(self, x: Tensor) -> Tensor:
        """The deviation over groups of images, as a map."""
        n, c, h, w = x.shape
        y = x.reshape(min(self.group, n), -1, 1, c, h, w)
        y = y - y.mean(0)
        y = (y.square().mean(0) + EPSILON).sqrt().mean([2, 3, 4])
        return y.reshape(-1, 1, 1, 1).repeat(min(self.group, n), 1, h, w)


class Told(NamedTuple):
    """Latents of a pass, others to mix in, and from which layer on."""

    latent: Tensor
    other: Tensor
    first: int


class Procedure:
    """The four phases, each of which has a backward pass and an update of its own."""

    def __init__(self, generator: Generator, critic: Critic, teacher: Generator | None) -> None:
        self.generator, self.critic, self.teacher = generator, critic, teacher
        self.path_mean = torch.zeros([])
        self.done = 0
        self.moves_generator, self.moves_critic = (
            torch.optim.Adam(network.parameters(), lr=RATE * c, betas=tuple(beta**c for beta in BETAS))  # type: ignore[arg-type]
            for network, every in ((generator, PATH_EVERY), (critic, R1_EVERY))
            for c in [every / (every + 1)]
        )

    def styles(self, generator: Generator, told: Told) -> Tensor:
        """A w for each layer, of two latents."""
        ws = generator.mapping(told.latent[:, : generator.latent])[:, None].repeat(1, generator.count, 1)
        if told.first < generator.count:
            other = generator.mapping(told.other[:, : generator.latent])[:, None].repeat(1, generator.count, 1)
            ws = torch.cat([ws[:, : told.first], other[:, told.first :]], 1)
        return ws

    def generator_loss(self, told: Told) -> dict[str, Tensor]:
        """The critic's word, and for a student the distance to the teacher's image."""
        ws = self.styles(self.generator, told)
        self.generator.mean.copy_(ws[:, 0].detach().mean(0).lerp(self.generator.mean, MEAN_DECAY))
        image = self.generator.synthesis(ws)
        parts = {"adversarial": nn.functional.softplus(-self.critic(image)).mean()}
        if self.teacher is not None:
            with torch.no_grad():
                shown = self.teacher.synthesis(self.styles(self.teacher, told))
            parts["lesson"] = LESSON * nn.functional.mse_loss(image, shown)
        return parts

    def path_loss(self, told: Told, noise: Tensor | None = None) -> dict[str, Tensor]:
        """How much images change where w does, on half of the batch."""
        half = max(1, len(told.latent) // 2)
        ws = self.styles(self.generator, Told(told.latent[:half], told.other[:half], told.first))
        image = self.generator.synthesis(ws)
        noise = torch.randn_like(image) if noise is None else noise
        (slope,) = torch.autograd.grad(
            [(image * noise / math.sqrt(image.shape[2] * image.shape[3])).sum()], [ws], create_graph=True
        )
        lengths = slope.square().sum(2).mean(1).sqrt()
        self.path_mean = self.path_mean.lerp(lengths.mean(), PATH_DECAY).detach()
        return {"path_length": (lengths - self.path_mean).square().mean() * PATH * PATH_EVERY}

    def fake_loss(self, told: Told) -> dict[str, Tensor]:
        """What the critic says of images."""
        image = self.generator.synthesis(self.styles(self.generator, told))
        return {"fake": nn.functional.softplus(self.critic(image)).mean()}

    def real_loss(self, real: Tensor) -> dict[str, Tensor]:
        """What it says of photographs."""
        return {"real": nn.functional.softplus(-self.critic(real)).mean()}

    def slope_loss(self, real: Tensor) -> dict[str, Tensor]:
        """R1."""
        shown = real.detach().requires_grad_(True)
        (slope,) = torch.autograd.grad([self.critic(shown).sum()], [shown], create_graph=True)
        return {"r1": slope.square().sum([1, 2, 3]).mean() * (R1 / 2) * R1_EVERY}

    def move(self, moved: nn.Module, optimiser: torch.optim.Optimizer, *losses: Any) -> dict[str, Tensor]:  # noqa: ANN401 - (loss, given)
        """One phase: the backward pass of each loss in turn, then the update."""
        other = self.critic if moved is self.generator else self.generator
        other.requires_grad_(False)
        moved.requires_grad_(True)
        optimiser.zero_grad(set_to_none=True)
        parts: dict[str, Tensor] = {}
        for loss, given in losses:
            found = loss(given)
            torch.stack(list(found.values())).sum().backward()
            parts |= found
        optimiser.step()
        return parts

    def step(self, real: Tensor, *given: tuple[Tensor, Tensor, int]) -> dict[str, float]:
        """All phases that are due; generator, path lengths and critic have latents of their own."""
        generating, lengthening, criticising = (Told(*each) for each in given)
        parts = self.move(self.generator, self.moves_generator, (self.generator_loss, generating))
        if self.done % PATH_EVERY == 0:
            parts |= self.move(self.generator, self.moves_generator, (self.path_loss, lengthening))
        pair = (self.fake_loss, criticising), (self.real_loss, real)
        parts |= self.move(self.critic, self.moves_critic, *pair)
        if self.done % R1_EVERY == 0:
            parts |= self.move(self.critic, self.moves_critic, (self.slope_loss, real))
        self.done += 1
        return {name: part.item() for name, part in parts.items()}


def built(spec: Any) -> Generator:  # noqa: ANN401 - a spec by its fields
    """A generator of a spec's sizes."""
    return Generator(spec.channels(), spec.latent, spec.mapping_layers, spec.mapping_rate, spec.noise)


def like(spec: Any, teacher: Any = None) -> Procedure:  # noqa: ANN401 - a spec by its fields
    """The procedure for networks of the sizes of a spec; with a teacher's spec, its lesson as well."""
    shown = built(teacher).eval().requires_grad_(False) if teacher is not None else None
    return Procedure(built(spec), Critic(spec.critic_channels(), spec.group), shown)


def copy_weights(into: nn.Module, source: Any) -> None:  # noqa: ANN401 - a family's own
    """Give a network of this file the weights of one of ours."""
    mine = generator_weights(into) if isinstance(into, Generator) else critic_weights(into)
    theirs = our_generator_weights(source) if isinstance(into, Generator) else list(source.parameters())
    with torch.no_grad():
        for weight, other in zip(mine, theirs, strict=True):
            weight.copy_(other)


def generator_weights(network: Any) -> list[Tensor]:  # noqa: ANN401 - by its fields
    """In the order of `our_generator_weights`."""
    layers = [each for keep, up in zip(network.keeps, [None, *network.ups], strict=True) for each in (up, keep) if each]
    inner = [
        weight
        for layer in layers
        for weight in (layer.affine.weight, layer.affine.bias, layer.weight, layer.bias, layer.strength)
        if weight is not None
    ]
    return [*network.mapping.parameters(), network.constant, *inner, *network.colours.parameters()]


def our_generator_weights(network: Any) -> list[Tensor]:  # noqa: ANN401 - a family's own
    """Weights of ours, transposed ones turned."""
    inner = []
    for layer in (each for block in network.blocks for each in (block.up, block.keep) if each is not None):
        weight = layer.convolution.weight
        weight = weight.transpose(0, 1) if isinstance(layer.convolution, nn.ConvTranspose2d) else weight
        inner += [layer.affine.weight, layer.affine.bias, weight, layer.convolution.bias]
        inner += [] if layer.share is None else [layer.share]
    # A colour holds its own weights before those of its affine.
    painted = [layer for block in network.blocks for layer in (block.paint.convolution, block.paint.affine)]
    colours = [weight for layer in painted for weight in (layer.weight, layer.bias)]
    return [*network.mapping.parameters(), network.constant.weight, *inner, *colours]


def critic_weights(network: Any) -> list[Tensor]:  # noqa: ANN401 - by its fields
    """In the order in which ours holds them."""
    blocks = [
        weight
        for layers in zip(network.keeps, network.downs, network.skips, strict=True)
        for layer in layers
        for weight in (layer.weight, layer.bias)
        if weight is not None
    ]
    ends = [weight for layer in (network.end, network.hidden, network.score) for weight in layer.parameters()]
    return [*network.entry.parameters(), *blocks, *ends]
