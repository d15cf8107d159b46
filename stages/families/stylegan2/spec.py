"""What says how StyleGAN2's networks are built."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

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
