"""StyleGAN2's critic: images to scores."""

from __future__ import annotations

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from stages.families.stylegan2.layers import GAIN, TINY, Convolution, Linear, bent, unbent
from stages.families.stylegan2.spec import SMALLEST, Spec, sides
from stages.learning.contracts import Seen


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
