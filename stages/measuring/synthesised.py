"""Images that a network makes of latents, eight bits at the door, and how far they are from real ones in features."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from stages.learning.contracts import Networks
from stages.measuring.contracts import Synthesises
from stages.measuring.features import CPU, extract
from stages.measuring.frechet import Moments, frechet_distance, moments
from stages.storage.prepared import Bytes, to_uint8

Sample = Callable[[Tensor], Tensor]
"""Latents [n, z] -> images [n, 3, h, w] in [-1, 1]."""

Features = Callable[[Tensor], Tensor]
"""Images in [-1, 1] -> their features [n, d]."""


def sampler(family: Synthesises, networks: Networks, truncation: float, device: torch.device = CPU) -> Sample:
    """What trained networks make of latents."""
    for each in networks.values():
        each.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload] # a tenth faster
    return lambda latent: family.sample(networks, latent.to(device), truncation)


def parts(sample: Sample, latents: Float[Tensor, "n z"], batch: int) -> Iterator[Bytes]:
    """8-bit images of latents, batch by batch."""
    with torch.inference_mode():
        for part in latents.split(batch):
            yield to_uint8(sample(part))


def images(sample: Sample, latents: Float[Tensor, "n z"], batch: int) -> Bytes:
    """8-bit images of all latents, in their order."""
    return cast(Bytes, np.concatenate(list(parts(sample, latents, batch))))


def real_moments(real: Bytes, features: Features, *, batch: int, device: torch.device = CPU) -> Moments:
    """The moments of real images' features, which many candidates can be held against."""
    return moments(extract(features, real, batch=batch, device=device))


def fitness(
    sample: Sample,
    latents: Float[Tensor, "n z"],
    real: Moments,
    features: Features,
    *,
    batch: int,
    device: torch.device = CPU,
) -> float:
    """The Fréchet distance of what a network makes of latents to real images; the less, the better."""
    found = [extract(features, part, batch=batch, device=device) for part in parts(sample, latents, batch)]
    return frechet_distance(real, moments(torch.cat(found)))
