"""Layers of StyleGAN2: weights scaled as they are used, modulated activations, and the binomial filter.

The released code modulates weights, one kernel per image, and needs a grouped convolution for it. Here activations are
multiplied by the style before a convolution and by the demodulation behind it: the same function, with one kernel.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

LEAK, GAIN = 0.2, math.sqrt(2)
TINY = 1e-8
BINOMIAL = (1.0, 3.0, 3.0, 1.0)


def bent(x: Tensor) -> Tensor:
    """LeakyReLU; what it leads into or comes from is told to keep the variance by √2, which it lets pass."""
    return F.leaky_relu(x, LEAK)


def kernel() -> Float[Tensor, "4 4"]:
    """[1, 3, 3, 1] in both directions, with a sum of 1."""
    line = torch.tensor(BINOMIAL) / sum(BINOMIAL)
    return line[:, None] * line


def smooth(x: Tensor, kernel: Float[Tensor, "4 4"], padding: int, stride: int = 1) -> Tensor:
    """The binomial filter, one for all channels."""
    channels = x.shape[1]
    return F.conv2d(x, kernel.expand(channels, 1, 4, 4), stride=stride, padding=padding, groups=channels)


def unbent(slope: Tensor, bent: Tensor) -> Tensor:
    """The derivative by what was bent, of the derivative by what came of it; kinks lie where they lie."""
    return torch.ops.aten.leaky_relu_backward(slope, bent.detach(), LEAK, True)  # type: ignore[no-any-return]


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
    """Weights from N(0, 1) / rate, used times rate / √inputs, so that all layers learn equally fast; then a gain."""

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0, rate: float = 1.0, gain: float = 1.0) -> None:
        super().__init__(inputs, outputs)
        self.rate, self.gain = rate, gain
        nn.init.normal_(self.weight, 0.0, 1 / rate)
        nn.init.constant_(self.bias, bias / rate)

    def forward(self, x: Tensor) -> Tensor:
        scale = self.rate * self.gain
        return F.linear(x, self.weight * (scale / math.sqrt(self.weight.shape[1])), times(self.bias, scale))


def times(bias: Tensor | None, scale: float) -> Tensor | None:
    """A bias as it is used."""
    return bias if bias is None or scale == 1 else bias * scale


class Convolution(nn.Conv2d):
    """Weights from N(0, 1), used divided by the root of their inputs; then a gain."""

    kernel: Tensor | None

    def __init__(
        self, inputs: int, outputs: int, side: int, *, bias: bool = True, down: bool = False, gain: float = GAIN
    ) -> None:
        super().__init__(inputs, outputs, side, bias=bias)
        self.gain = gain
        self.register_buffer("kernel", kernel() if down else None, persistent=False)
        begin(self)

    def forward(self, x: Tensor) -> Tensor:
        side = self.weight.shape[2]
        weight, bias = self.used(), times(self.bias, self.gain)
        if self.kernel is None:
            return F.conv2d(x, weight, bias, padding=side // 2)
        if side == 1:
            return F.conv2d(smooth(x, self.kernel, 1, stride=2), weight, bias)
        return F.conv2d(smooth(x, self.kernel, 2), weight, bias, stride=2)

    def back(self, slope: Tensor) -> Tensor:
        """The derivative by the input, of the derivative by the output."""
        weight, side = self.used(), self.weight.shape[2]
        if self.kernel is None:
            return F.conv_transpose2d(slope, weight, padding=side // 2)
        if side == 1:
            wide, stride, padding = F.conv_transpose2d(slope, weight), 2, 1
        else:
            wide, stride, padding = F.conv_transpose2d(slope, weight, stride=2), 1, 2
        channels = wide.shape[1]
        filters = self.kernel.expand(channels, 1, 4, 4)
        return F.conv_transpose2d(wide, filters, stride=stride, padding=padding, groups=channels)

    def used(self) -> Tensor:
        """The weights as they are used."""
        return self.weight * (self.gain / math.sqrt(self.weight[0].numel()))


def demodulation(style: Float[Tensor, "n i"], squares: Float[Tensor, "i o"]) -> Float[Tensor, "n o 1 1"]:
    """√2, which LeakyReLU takes, over the root of Σ (weight · style)², given squared weights summed over positions."""
    return (style.square() @ squares + TINY).rsqrt()[:, :, None, None] * GAIN


class Modulated(nn.Conv2d):
    """A convolution of x · style, and a bias; outputs that are `demodulated` have variance 2 where inputs have 1."""

    def __init__(self, inputs: int, outputs: int, side: int, *, demodulated: bool = True) -> None:
        super().__init__(inputs, outputs, side)
        self.demodulated = demodulated
        begin(self)

    def forward(  # type: ignore[override] # a style besides
        self, x: Float[Tensor, "n i h w"], style: Float[Tensor, "n i"]
    ) -> Float[Tensor, "n o h w"]:
        style = style / math.sqrt(self.weight[0].numel())
        x, padding = x * style[:, :, None, None], self.weight.shape[2] // 2
        if not self.demodulated:
            return F.conv2d(x, self.weight, self.bias, padding=padding)
        answer = F.conv2d(x, self.weight, padding=padding)
        return shifted(answer, self.bias, demodulation(style, self.weight.square().sum(dim=(2, 3)).T))


class ModulatedUp(nn.ConvTranspose2d):
    """The same to twice the side: a transposed convolution, then the binomial filter."""

    kernel: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, stride=2)
        self.register_buffer("kernel", 4 * kernel(), persistent=False)
        begin(self)

    def forward(  # type: ignore[override] # a style besides
        self, x: Float[Tensor, "n i h w"], style: Float[Tensor, "n i"]
    ) -> Float[Tensor, "n o 2h 2w"]:
        style = style / math.sqrt(self.weight[:, 0].numel())
        wide = F.conv_transpose2d(x * style[:, :, None, None], self.weight, stride=2)
        scale = demodulation(style, self.weight.square().sum(dim=(2, 3)))
        return shifted(smooth(wide, self.kernel, 1), self.bias, scale)


def shifted(x: Tensor, bias: Tensor | None, scale: Float[Tensor, "n o 1 1"]) -> Tensor:
    """x · scale, and the bias times √2."""
    assert bias is not None
    return torch.addcmul((bias * GAIN)[:, None, None], x, scale)
