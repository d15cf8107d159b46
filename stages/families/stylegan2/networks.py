"""StyleGAN2's networks, as their spec says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from stages.families.stylegan2.critic import Critic
from stages.families.stylegan2.generator import Generator
from stages.families.stylegan2.spec import Spec, sides
from stages.learning.contracts import Networks, Role, Tap

ROLES: dict[Role, tuple[str, ...]] = {"generator": ("generator",), "discriminator": ("discriminator",)}


def make_spec(row: Mapping[str, Any], labels: int, domains: int, resolution: int) -> Spec:  # noqa: ARG001 - the contract
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


def example(settings: Mapping[str, Any]) -> tuple[Networks, dict[str, tuple[Tensor, ...]]]:
    """The networks of a spec and inputs to count them with; sides that the settings do not name are fitted."""
    resolution = settings["resolution"]
    known = {name: fitted(settings[name], resolution) for name in ("widths", "critic_widths") if name in settings}
    spec = Spec(**{**settings, **known})
    latent, image = torch.zeros(1, spec.latent), torch.zeros(1, 3, resolution, resolution)
    return build(spec), {"generator": (latent,), "discriminator": (image,)}
