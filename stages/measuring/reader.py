"""The network that reads the factors of drawn images: every category and every trait, wherever in the image they are.

It learns from fresh draws, which no network that it judges is trained on, and keeps where things are, since positions
are factors: its last map is not averaged. It is no part of what rows are taught by.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from stages.measuring import readings
from stages.measuring.judge import SMALLEST_MAP, WIDEST, layer
from stages.measuring.readings import Mistakes, Readings
from stages.storage.factors import Factors
from stages.storage.prepared import Bytes, Split, to_tensor

HIDDEN = 256
BLURRED, NOISY = 0.5, 0.1
"""How far images are blurred at most, and the deviation of their noise; colours and places are left alone."""


class Reader(nn.Module):
    """Convolutions halved down to a few pixels, a hidden layer, then logits of every value and an answer per trait."""

    def __init__(self, categories: Sequence[int], traits: int, width: int, resolution: int) -> None:
        super().__init__()
        self.categories, self.traits = tuple(categories), traits
        layers, channels, remaining = [layer(3, width, 1)], width, resolution
        while remaining > SMALLEST_MAP:
            wider = min(2 * channels, WIDEST * width)
            layers.append(layer(channels, wider, 2))
            channels, remaining = wider, (remaining + 1) // 2
        self.layers = nn.Sequential(*layers)
        self.hidden = nn.Linear(channels * remaining**2, HIDDEN)
        self.answer = nn.Linear(HIDDEN, sum(self.categories) + traits)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> tuple[tuple[Tensor, ...], Float[Tensor, "n t"]]:
        """Logits of each category, and traits, from -1 to 1 where they are what was drawn."""
        answers = self.answer(F.relu(self.hidden(self.layers(images).flatten(1))))
        *logits, traits = answers.split([*self.categories, self.traits], dim=1)
        return tuple(logits), traits

    @torch.inference_mode()
    def read(self, images: Bytes) -> Readings:
        """What it sees in images."""
        logits, traits = self(to_tensor(images).to(self.answer.weight.device))
        values = torch.stack([each.argmax(dim=1) for each in logits], dim=1)
        return Readings(values.cpu(), ((traits.double() + 1) / 2).clamp(0, 1).cpu())

    def read_all(self, images: Bytes, batch: int) -> Readings:
        """What it sees in many images."""
        return readings.joined([self.read(images[start : start + batch]) for start in range(0, len(images), batch)])


def of_law(law: Factors, width: int, resolution: int) -> Reader:
    """A reader of the factors of a data set, which knows nothing yet."""
    return Reader([len(values) for values in law.categories.values()], len(law.traits), width, resolution)


def learnt_from(fresh: int) -> int:
    """How many of the fresh draws, from the first on, a reader learns from; it is held to the others."""
    return fresh // 2


def lesson(split: Split, law: Factors, count: int, seed: int, step: int) -> tuple[Tensor, Readings]:
    """Some of the fresh draws a reader learns from, a little blurred and noisy, and their factors."""
    random = np.random.Generator(np.random.Philox(key=np.array([seed, step], dtype=np.uint64)))
    rows = random.integers(learnt_from(len(split)), size=count)
    assert split.factors is not None, "a data set that notes its law has factors in every split"
    noise = torch.Generator().manual_seed((seed << 32) + step)
    return clouded(to_tensor(split.images[rows]), noise), readings.decoded(split.factors[rows], law)


def clouded(images: Float[Tensor, "n 3 h w"], random: torch.Generator) -> Float[Tensor, "n 3 h w"]:
    """The same pictures a little blurred and noisy, each in its own way, as what networks make is."""
    blur, noise = (torch.rand(len(images), 1, 1, 1, generator=random) for _ in range(2))
    soft = F.avg_pool2d(F.pad(images, (1,) * 4, mode="replicate"), 3, 1)
    grains = torch.randn(images.shape, generator=random) * NOISY * noise
    return (torch.lerp(images, soft, BLURRED * blur) + grains).clamp(-1, 1)


def loss(reader: Reader, images: Tensor, truth: Readings) -> Tensor:
    """Cross-entropy of every category and squared error of every trait from -1 to 1, summed, the mean over images."""
    logits, traits = reader(images)
    values = truth.values.to(images.device)
    wrong = torch.stack([F.cross_entropy(each, values[:, place]) for place, each in enumerate(logits)]).sum()
    return wrong + F.mse_loss(traits, 2 * truth.traits.to(traits) - 1, reduction="none").sum(dim=1).mean()


def examined(reader: Reader, split: Split, law: Factors, batch: int) -> Mistakes:
    """How it errs on the fresh draws that it did not learn from."""
    held = slice(learnt_from(len(split)), len(split))
    assert split.factors is not None, "a data set that notes its law has factors in every split"
    truth = readings.decoded(split.factors[held], law)
    return readings.mistakes(reader.read_all(split.images[held], batch), truth, law)
