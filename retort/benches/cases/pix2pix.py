"""pix2pix's cases: a move of the critic, then one of the generator, as the authors' code makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from retort.benches import noise
from stages.families import pix2pix
from stages.learning.contracts import Draw
from stages.learning.problems import Problem
from stages.settings import specs

FAMILY, REFERENCE = pix2pix, "published_pix2pix"
RATE, BETAS = 2e-4, [0.5, 0.999]

SIZES = {
    32: {"width": 16, "critic_width": 16, "batch": 1, "rounds": 20},
    64: {"width": 32, "critic_width": 32, "batch": 1, "rounds": 5},
    # The published widths.
    128: {"width": 64, "critic_width": 64, "batch": 1, "rounds": 2},
}


@dataclass(frozen=True)
class Case:
    """What is trained on both sides; a student has a quarter of its teacher's width."""

    role: Literal["teacher", "student"]
    resolution: int
    width: int
    critic_width: int
    batch: int
    rounds: int
    cycle: int = 1
    critic_layers: int = 3

    def large(self) -> pix2pix.Spec:
        """The published networks at this width and resolution."""
        return pix2pix.Spec(self.resolution, self.width, self.critic_width, self.critic_layers)

    def trained(self) -> pix2pix.Spec:
        """The networks that are trained."""
        return specs.shrink(self.large(), {"width": self.width // 4} if self.role == "student" else {})

    def match(self) -> dict[str, str]:
        """What a student is taught: the images."""
        return {"image": "image"}

    def play(self) -> pix2pix.Play:
        """The published way to play, without jitter, which the published side is spared."""
        return pix2pix.Play()

    def problem(self) -> Problem:
        """Images of two kinds, in pairs."""
        return noise.problem(self.resolution, ("a", "b"), "pairs")

    def given(self, draw: Draw) -> tuple[Any, ...]:
        """What a step of the published procedure is given."""
        return draw(0, 0)["a"], draw(0, 0)["b"]
