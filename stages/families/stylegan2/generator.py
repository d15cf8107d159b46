"""StyleGAN2's generator: latents to w, and w to images."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from stages.families.stylegan2.layers import GAIN, TINY, Linear, Modulated, ModulatedUp, bent, enlarged
from stages.families.stylegan2.spec import SMALLEST, Spec, sides
from stages.learning.contracts import AGAIN, Seen


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
