"""Layers of StyleGAN2: weights scaled as they are used, modulated activations, and the binomial filter.

The released code modulates weights, one kernel per image, and needs a grouped convolution for it. Here activations are
multiplied by the style before a convolution and by the demodulation behind it: the same function, with one kernel.
"""

from __future__ import annotations

import math

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

LEAK, GAIN = 0.2, math.sqrt(2)
TINY = 1e-8
BINOMIAL = (1.0, 3.0, 3.0, 1.0)


def bent(x: Tensor) -> Tensor:
    """LeakyReLU times √2, which keeps the variance."""
    return F.leaky_relu(x, LEAK) * GAIN


def kernel(x: Tensor, gain: float) -> Float[Tensor, "c 1 4 4"]:
    """[1, 3, 3, 1] in both directions for each channel, with a sum of `gain`."""
    line = x.new_tensor(BINOMIAL)
    square = line[:, None] * line * (gain / sum(BINOMIAL) ** 2)
    return square.expand(x.shape[1], 1, 4, 4)


def smooth(x: Tensor, padding: int, gain: float = 1.0, stride: int = 1) -> Tensor:
    """The binomial filter."""
    return F.conv2d(x, kernel(x, gain), stride=stride, padding=padding, groups=x.shape[1])


def enlarged(image: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c 2h 2w"]:
    """Twice the side by the same filter, which is bilinear interpolation; beyond the edge there is zero."""
    twice = F.interpolate(F.pad(image, (1, 1, 1, 1)), scale_factor=2, mode="bilinear")
    return twice[:, :, 2:-2, 2:-2]


def begin(convolution: nn.Conv2d | nn.ConvTranspose2d) -> None:
    """Weights from N(0, 1), biases 0."""
    nn.init.normal_(convolution.weight)
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)


class Linear(nn.Linear):
    """Weights from N(0, 1) / rate, used times rate / √inputs, so that all layers learn equally fast."""

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__(inputs, outputs)
        self.rate = rate
        nn.init.normal_(self.weight, 0.0, 1 / rate)
        nn.init.constant_(self.bias, bias / rate)

    def forward(self, x: Tensor) -> Tensor:
        scale = self.rate / math.sqrt(self.weight.shape[1])
        return F.linear(x, self.weight * scale, self.bias if self.rate == 1 else self.bias * self.rate)


class Convolution(nn.Conv2d):
    """Weights from N(0, 1), used divided by the root of their inputs."""

    def __init__(self, inputs: int, outputs: int, side: int, *, bias: bool = True, down: bool = False) -> None:
        super().__init__(inputs, outputs, side, bias=bias)
        self.down = down
        begin(self)

    def forward(self, x: Tensor) -> Tensor:
        side = self.weight.shape[2]
        weight = self.weight / math.sqrt(self.weight[0].numel())
        if not self.down:
            return F.conv2d(x, weight, self.bias, padding=side // 2)
        if side == 1:
            return F.conv2d(smooth(x, 1, stride=2), weight, self.bias)
        return F.conv2d(smooth(x, 2), weight, self.bias, stride=2)


def demodulation(style: Float[Tensor, "n i"], squares: Float[Tensor, "i o"]) -> Float[Tensor, "n o 1 1"]:
    """1 over the root of Σ (weight · style)², given squared weights summed over positions."""
    return (style.square() @ squares + TINY).rsqrt()[:, :, None, None]


class Modulated(nn.Conv2d):
    """A convolution of x · style, and a bias; outputs that are `demodulated` have variance 1 where inputs have."""

    def __init__(self, inputs: int, outputs: int, side: int, *, demodulated: bool = True) -> None:
        super().__init__(inputs, outputs, side)
        self.demodulated = demodulated
        begin(self)

    def forward(  # type: ignore[override] # a style besides
        self, x: Float[Tensor, "n i h w"], style: Float[Tensor, "n i"]
    ) -> Float[Tensor, "n o h w"]:
        weight = self.weight / math.sqrt(self.weight[0].numel())
        answer = F.conv2d(x * style[:, :, None, None], weight, padding=weight.shape[2] // 2)
        if self.demodulated:
            answer = answer * demodulation(style, weight.square().sum(dim=(2, 3)).T)
        return answer + self.bias[:, None, None]  # type: ignore[index] # there is one


class ModulatedUp(nn.ConvTranspose2d):
    """The same to twice the side: a transposed convolution, then the binomial filter."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, stride=2)
        begin(self)

    def forward(  # type: ignore[override] # a style besides
        self, x: Float[Tensor, "n i h w"], style: Float[Tensor, "n i"]
    ) -> Float[Tensor, "n o 2h 2w"]:
        weight = self.weight / math.sqrt(self.weight[:, 0].numel())
        wide = F.conv_transpose2d(x * style[:, :, None, None], weight, stride=2)
        answer = smooth(wide, 1, gain=4.0) * demodulation(style, weight.square().sum(dim=(2, 3)))
        return answer + self.bias[:, None, None]  # type: ignore[index] # there is one
