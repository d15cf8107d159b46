"""StyleGAN2's cases: generator and critic with their lazy penalties, as the authors' code makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from retort.benches import noise
from stages.families import stylegan2
from stages.learning.contracts import Draw
from stages.learning.problems import Problem
from stages.settings import specs

FAMILY, REFERENCE = stylegan2, "published_stylegan2"
RATE, BETAS = 2e-3, [0.0, 0.99]

# Published widths are 512 down to 256 at these sides, and take minutes a step on a CPU.
SIZES = {
    32: {"width": 32, "critic_width": 16, "batch": 16, "rounds": 4},
    64: {"width": 16, "critic_width": 16, "batch": 16, "rounds": 2},
    128: {"width": 16, "critic_width": 16, "batch": 8, "rounds": 1},
}
SMALLEST, WIDEST = 4, 64


@dataclass(frozen=True)
class Case:
    """What is trained on both sides; a student has half of its teacher's widths. Penalties come round in a `cycle`."""

    role: Literal["teacher", "student"]
    resolution: int
    width: int
    critic_width: int
    batch: int
    rounds: int
    cycle: int = 16

    def widths(self, last: int) -> tuple[int, ...]:
        """Half of the channels at each further side, as published; all 64 at most."""
        sides = [SMALLEST << step for step in range((self.resolution // SMALLEST).bit_length())]
        return tuple(min(last * self.resolution // side, WIDEST) for side in sides)

    def large(self) -> stylegan2.Spec:
        """The published networks at these widths and this resolution, with shorter latents."""
        return stylegan2.Spec(self.resolution, self.widths(self.width), self.widths(self.critic_width), latent=WIDEST)

    def trained(self) -> stylegan2.Spec:
        """The networks that are trained."""
        halves = tuple(width // 2 for width in self.widths(self.width))
        return specs.shrink(self.large(), {"widths": halves} if self.role == "student" else {})

    def match(self) -> dict[str, str]:
        """What a student is taught: the images."""
        return {"image": "image"}

    def play(self) -> stylegan2.Play:
        """The published way to play."""
        return stylegan2.Play()

    def problem(self) -> Problem:
        """Images, whose labels nothing looks at."""
        return noise.problem(self.resolution, ("a", "b"), "images")

    def given(self, draw: Draw) -> tuple[Any, ...]:
        """What a step of the published procedure is given: images, and latents for each of three passes.

        A second latent takes over in the whole batch or in no image of it.
        """
        drawn, layers = [draw(0, turn) for turn in range(3)], 2 * len(self.widths(self.width))
        where = [min(1 + int(moment["where"][0] * (layers - 1)), layers) for moment in drawn]
        told = [(moment["latent"], moment["other"], first) for moment, first in zip(drawn, where, strict=True)]
        return drawn[0]["real"], *told
