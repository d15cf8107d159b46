"""PatchGAN: a critic that scores overlapping patches of an image (Isola et al., CVPR 2017, arXiv 1611.07004)."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from stages.blocks import initial, norms
from stages.learning.contracts import Seen, Tap

LEAK, SMALLEST, WIDEST = 0.2, 3, 8


def widths(width: int, layers: int) -> list[int]:
    """Channels that leave each layer but the last: doubled from layer to layer, eight times the first at most."""
    return [width * min(2**index, WIDEST) for index in range(layers + 1)]


class PatchGAN(nn.Module):
    """4x4 convolutions: `layers` of stride 2, one of stride 1, and one of stride 1 to a score; no norm at both ends.

    With 1, 2 and 3 layers a score sees 16, 34 and 70 pixels.
    """

    def __init__(self, inputs: int, width: int, layers: int, norm: norms.Kind) -> None:
        super().__init__()
        channels = widths(width, layers)
        self.layers = nn.ModuleList()
        for index, (entry, leaving) in enumerate(zip([inputs, *channels], channels, strict=False)):
            between = index > 0
            bias = norms.biased(norm) if between else True
            convolution = nn.Conv2d(entry, leaving, 4, 2 if index < layers else 1, 1, bias=bias)
            normalised = [norms.layer(norm, leaving)] if between else []
            self.layers.append(nn.Sequential(convolution, *normalised, nn.LeakyReLU(LEAK, inplace=True)))
        self.patch = nn.Conv2d(channels[-1], 1, 4, 1, 1)
        initial.gaussian(self)

    def watch(self, image: Float[Tensor, "n c h w"]) -> Seen:
        """Every tap of one pass, each computed once."""
        seen, h = {}, image
        for index, layer in enumerate(self.layers):
            h = layer(h)
            seen[f"layer{index}"] = h
        return {**seen, "patch": self.patch(h).float()}

    def forward(self, image: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 1 y x"]:
        return self.watch(image)["patch"]


def taps(resolution: int, width: int, layers: int) -> dict[str, Tap]:
    """What may be compared: what leaves each layer, and the scores."""
    sides = [*(resolution // 2 ** (index + 1) for index in range(layers)), resolution // 2**layers - 1]
    found = enumerate(zip(widths(width, layers), sides, strict=True))
    inner = {f"layer{index}": Tap(channels, "map", side) for index, (channels, side) in found}
    return {**inner, "patch": Tap(1, "map", sides[-1] - 1)}


def demand(resolution: int, layers: int) -> None:
    """Refuse a critic with more strided layers than the image has room for."""
    if resolution // 2**layers < SMALLEST:
        raise ValueError(f"critic_layers: an image of {resolution} px is too small for {layers} strided layers")
