"""StyleGAN2's generator and critic, as their spec says."""

from __future__ import annotations

from collections.abc import Mapping as Settings
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any

import torch
from jaxtyping import Float
from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from stages.families.stylegan2.layers import (
    GAIN,
    TINY,
    Convolution,
    Linear,
    Modulated,
    ModulatedUp,
    bent,
    enlarged,
    unbent,
)
from stages.learning.contracts import AGAIN, Networks, Role, Seen, Tap

ROLES: dict[Role, tuple[str, ...]] = {"generator": ("generator",), "discriminator": ("discriminator",)}
SMALLEST, WIDEST, CHANNELS = 4, 512, 32768
LONGEST = 512

Widths = Annotated[
    tuple[Annotated[int, Field(ge=1, le=2048)], ...],
    BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given),
]


def sides(resolution: int) -> tuple[int, ...]:
    """4, 8, … up to the resolution."""
    return tuple(SMALLEST << step for step in range((resolution // SMALLEST).bit_length()))


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Spec:
    """The architecture as data; `resolution` comes from the row's data.

    `widths` are the channels at 4, 8, … pixels, `critic_widths` those of the critic at the same sides; none at all are
    the published ones, 32768 / side and 512 at most. `latent` is the length of z and of w; the mapping between them
    learns at `mapping_rate` times the rate. `noise` adds a learnt share of one random map to each convolution's output.
    Images in a `group` are compared by the critic.
    """

    resolution: Annotated[int, Field(ge=8, le=1024)]
    widths: Widths = ()
    critic_widths: Widths = ()
    latent: Annotated[int, Field(ge=1, le=LONGEST)] = LONGEST
    mapping_layers: Annotated[int, Field(ge=1, le=16)] = 8
    mapping_rate: Annotated[float, Field(gt=0, le=1)] = 0.01
    noise: bool = True
    group: Annotated[int, Field(ge=1, le=256)] = 4

    def __post_init__(self) -> None:
        if self.resolution & (self.resolution - 1):
            raise ValueError(
                f"a StyleGAN2 doubles its side again and again from 4, so it cannot make {self.resolution} px"
            )
        for name in ("widths", "critic_widths"):
            found, wanted = len(getattr(self, name)), len(sides(self.resolution))
            if found not in (0, wanted):
                raise ValueError(f"{name} has {found} numbers; {self.resolution} px need {wanted}, from 4 px up")

    def channels(self) -> tuple[int, ...]:
        """Of the generator at each side."""
        return self.widths or published(self.resolution)

    def critic_channels(self) -> tuple[int, ...]:
        """Of the critic at each side."""
        return self.critic_widths or published(self.resolution)


def published(resolution: int) -> tuple[int, ...]:
    """The published channels at each side."""
    return tuple(min(CHANNELS // side, WIDEST) for side in sides(resolution))


class Mapping(nn.Module):
    """z over its root mean square, then linear layers: w."""

    def __init__(self, latent: int, layers: int, rate: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Linear(latent, latent, rate=rate, gain=GAIN) for _ in range(layers))

    def forward(self, z: Float[Tensor, "n z"]) -> Float[Tensor, "n z"]:
        x = z * (z.square().mean(dim=1, keepdim=True) + TINY).rsqrt()
        for layer in self.layers:
            x = bent(layer(x))
        return x.float()


class Constant(nn.Module):
    """What every image begins with."""

    bias = None

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.out_channels = channels
        self.weight = nn.Parameter(torch.randn(channels, SMALLEST, SMALLEST))

    def forward(self, count: int) -> Float[Tensor, "n c 4 4"]:
        return self.weight.expand(count, -1, -1, -1)


class Styled(nn.Module):
    """A modulated convolution, noise where there is some, LeakyReLU."""

    def __init__(self, convolution: Modulated | ModulatedUp, latent: int, side: int, noise: bool) -> None:
        super().__init__()
        self.affine = Linear(latent, convolution.in_channels, bias=1.0)
        self.convolution = convolution
        self.share = nn.Parameter(torch.zeros(())) if noise else None
        self.register_buffer("still", torch.randn(1, 1, side, side) if noise else None)

    def forward(self, x: Tensor, w: Float[Tensor, "n z"]) -> Tensor:
        x = self.convolution(x, self.affine(w))
        if self.share is not None:
            noise: Any = torch.randn_like(x[:, :1]) if self.training else self.still
            x = x + noise * (self.share * GAIN)
        return bent(x)


class Painted(nn.Module):
    """What a side adds to the image: a modulated 1x1 convolution that is not demodulated."""

    def __init__(self, channels: int, latent: int) -> None:
        super().__init__()
        self.affine = Linear(latent, channels, bias=1.0)
        self.convolution = Modulated(channels, 3, 1, demodulated=False)

    def forward(self, x: Tensor, w: Float[Tensor, "n z"]) -> Float[Tensor, "n 3 h w"]:
        return self.convolution(x, self.affine(w))  # type: ignore[no-any-return]


class Block(nn.Module):
    """The layers of one side: to twice the side unless it is the first, once more, and what is painted."""

    def __init__(self, entry: int | None, channels: int, side: int, spec: Spec) -> None:
        super().__init__()
        latent, noise = spec.latent, spec.noise
        self.up = None if entry is None else Styled(ModulatedUp(entry, channels), latent, side, noise)
        self.keep = Styled(Modulated(channels, channels, 3), latent, side, noise)
        self.paint = Painted(channels, latent)


class Generator(nn.Module):
    """Latents in, images out."""

    mean: Tensor

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        channels = spec.channels()
        self.mapping = Mapping(spec.latent, spec.mapping_layers, spec.mapping_rate)
        self.constant = Constant(channels[0])
        self.blocks = nn.ModuleList(
            Block(entry, width, side, spec)
            for entry, width, side in zip((None, *channels), channels, sides(spec.resolution), strict=False)
        )
        # Where truncated latents come to lie; followed in training.
        self.register_buffer("mean", torch.zeros(spec.latent))

    @property
    def layers(self) -> int:
        """How many layers are told w; what paints a side hears that of the next side's first."""
        return 2 * len(self.blocks)

    def spread(self, w: Float[Tensor, "n z"]) -> Float[Tensor, "n l z"]:
        """The same w for all layers."""
        return w[:, None].expand(-1, self.layers, -1)

    def heard(self, latent: Tensor, other: Tensor | None = None, first: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """w, and what each layer hears; from the `first` on that of another latent, as style mixing wants."""
        w = self.mapping(latent)
        if other is None or first is None:
            return w, self.spread(w)
        later = torch.arange(self.layers, device=w.device)[None, :, None] >= first[:, None, None]
        return w, torch.where(later, self.spread(self.mapping(other)), self.spread(w))

    def paint(self, ws: Float[Tensor, "n l z"]) -> Seen:
        """Every tap of one synthesis, each computed once."""
        seen: Seen = {}
        x, image = self.constant(len(ws)), None
        blocks: list[Any] = list(self.blocks)
        each = ws.unbind(dim=1)
        for index, (block, side) in enumerate(zip(blocks, sides(self.spec.resolution), strict=True)):
            if block.up is not None:
                x = block.up(x, each[2 * index - 1])
            seen[f"block{side}"] = x = block.keep(x, each[2 * index])
            painted = block.paint(x, each[2 * index + 1]).float()
            image = painted if image is None else enlarged(image) + painted
        assert image is not None
        return {**seen, "image": image}

    def watch(
        self,
        latent: Float[Tensor, "n z"],
        other: Float[Tensor, "n z"] | None = None,
        first: Tensor | None = None,
        offset: Float[Tensor, "n z"] | None = None,
    ) -> Seen:
        """Every tap of what the latents make; with an offset of w there is a second synthesis, of w + offset."""
        w, ws = self.heard(latent, other, first)
        seen = {"w": w, **self.paint(ws)}
        if offset is not None:
            moved = self.paint(ws + offset[:, None])
            seen |= {f"{AGAIN}{tap}": value for tap, value in moved.items()}
        return seen

    def forward(self, latent: Float[Tensor, "n z"]) -> Float[Tensor, "n 3 h w"]:
        return self.watch(latent)["image"]


class Residual(nn.Module):
    """Two convolutions to half the side, and a way around them; both over √2."""

    def __init__(self, entry: int, channels: int) -> None:
        super().__init__()
        self.keep = Convolution(entry, entry, 3)
        self.down = Convolution(entry, channels, 3, down=True, gain=1.0)
        self.around = Convolution(entry, channels, 1, bias=False, down=True, gain=1 / GAIN)

    def steps(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What was bent on the way, and what leaves."""
        kept = bent(self.keep(x))
        halved = bent(self.down(kept))
        return kept, halved, halved + self.around(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.steps(x)[-1]

    def back(self, slope: Tensor, kept: Tensor, halved: Tensor) -> Tensor:
        """The derivative by the input, of the derivative by what leaves."""
        inner = self.down.back(unbent(slope, halved))
        return self.keep.back(unbent(inner, kept)) + self.around.back(slope)


def deviation(x: Float[Tensor, "n c h w"], most: int, parts: int = 1) -> Float[Tensor, "n 1 h w"]:
    """How much images of a group differ, as one more map: the deviation over the group, averaged over the rest.

    A batch of several equal `parts` has groups in each.
    """
    count = len(x) // parts
    group = next(each for each in range(min(most, count), 0, -1) if count % each == 0)
    grouped = x.float().unflatten(0, (parts, group, -1))
    variance = (grouped - grouped.mean(dim=1, keepdim=True)).square().mean(dim=1, keepdim=True)
    spread = (variance + TINY).sqrt().mean(dim=(3, 4, 5))
    return spread.expand(-1, group, -1).reshape(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:]).to(x)


class Critic(nn.Module):
    """Residual blocks down to 4 x 4, the deviation over the batch, one score."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        channels = spec.critic_channels()[::-1]
        last = channels[-1]
        self.entry = Convolution(3, channels[0], 1)
        self.blocks = nn.ModuleList(Residual(entry, width) for entry, width in pairwise(channels))
        self.end = Convolution(last + 1, last, 3)
        self.hidden = Linear(last * SMALLEST**2, last, gain=GAIN)
        self.score = Linear(last, 1)

    def watch(self, image: Float[Tensor, "n 3 h w"], parts: int = 1) -> Seen:
        """Every tap of one pass, each computed once; images of different `parts` of the batch have groups apart."""
        x = bent(self.entry(image))
        largest, *smaller = reversed(sides(self.spec.resolution))
        seen = {f"block{largest}": x}
        for block, side in zip(self.blocks, smaller, strict=True):
            seen[f"block{side}"] = x = block(x)
        return {**seen, "score": self.judged(x, parts)}

    def judged(self, x: Float[Tensor, "n c 4 4"], parts: int = 1) -> Float[Tensor, "n 1"]:
        """The score of what the blocks leave."""
        x = bent(self.end(torch.cat([x, deviation(x, self.spec.group, parts)], dim=1)))
        return self.score(bent(self.hidden(x.flatten(1)))).float()  # type: ignore[no-any-return]

    def slope(self, image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """The derivative of the sum of all scores by the image.

        The blocks are piecewise linear: between kinks their derivative is a product of their weights alone. Written as
        that product, it needs no second derivatives of autograd's, which cost more; the deviation does.
        """
        x = entered = bent(self.entry(image))
        steps = []
        for block in self.blocks:
            *inner, x = block.steps(x)  # type: ignore[operator] # a Residual
            steps.append((block, inner))
        (slope,) = torch.autograd.grad(self.judged(x).sum(), x, create_graph=True)
        for block, inner in reversed(steps):
            slope = block.back(slope, *inner)  # type: ignore[operator] # a Residual
        return self.entry.back(unbent(slope, entered)).float()

    def forward(self, image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1"]:
        return self.watch(image)["score"]


def make_spec(row: Settings[str, Any], labels: int, domains: int, resolution: int) -> Spec:  # noqa: ARG001 - the contract
    """The spec of a row; labels are for the rulers alone."""
    return Spec(resolution=resolution, **row)


def build(spec: Spec) -> Networks:
    """Both networks with fresh weights, channels last in memory: a fifth faster on a CPU."""
    layout = torch.channels_last
    networks: Networks = {"generator": Generator(spec), "discriminator": Critic(spec)}
    return {name: network.to(memory_format=layout) for name, network in networks.items()}  # type: ignore[call-overload]


def taps(spec: Spec, network: str) -> dict[str, Tap]:
    """What may be compared."""
    generator = network == "generator"
    channels = spec.channels() if generator else spec.critic_channels()
    maps = {
        f"block{side}": Tap(width, "map", side) for width, side in zip(channels, sides(spec.resolution), strict=True)
    }
    if not generator:
        return {**maps, "score": Tap(1, "vector")}
    return {"w": Tap(spec.latent, "vector"), **maps, "image": Tap(3, "image", spec.resolution)}


PAPER = {"resolution": 256}
"""The published size, at which costs are compared with the literature."""


def fitted(widths: Sequence[int], resolution: int) -> tuple[int, ...]:
    """The channels of a network of another resolution: each further side has half of the last one's."""
    wanted = len(sides(resolution))
    more = (max(1, widths[-1] >> step) for step in range(1, wanted)) if widths else ()
    return (*widths, *more)[:wanted]


def example(settings: Settings[str, Any]) -> tuple[Networks, dict[str, tuple[Tensor, ...]]]:
    """The networks of a spec and inputs to count them with; sides that the settings do not name are fitted."""
    resolution = settings["resolution"]
    known = {name: fitted(settings[name], resolution) for name in ("widths", "critic_widths") if name in settings}
    spec = Spec(**{**settings, **known})
    latent, image = torch.zeros(1, spec.latent), torch.zeros(1, 3, resolution, resolution)
    return build(spec), {"generator": (latent,), "discriminator": (image,)}
