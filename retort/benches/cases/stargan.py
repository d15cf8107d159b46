"""StarGAN's cases: five moves of the discriminator and one of the generator, as the authors' code makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from retort.benches import noise
from stages.families import stargan
from stages.learning.contracts import Draw
from stages.learning.problems import Problem
from stages.settings import specs

FAMILY, REFERENCE = stargan, "published_procedure"
RATE, BETAS = 1e-4, [0.5, 0.999]
LABELS = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")

SIZES = {
    32: {"width": 32, "critic_width": 32, "batch": 16, "rounds": 5},
    64: {"width": 32, "critic_width": 32, "batch": 16, "rounds": 2},
    # The published widths; an eighth of the published batch, so that the comparison takes a minute and not ten.
    128: {"width": 64, "critic_width": 64, "batch": 2, "rounds": 1},
}


@dataclass(frozen=True)
class Case:
    """What is trained on both sides; a student is taught FR5OUT by a teacher of twice its width and blocks."""

    role: Literal["teacher", "student"]
    resolution: int
    width: int
    critic_width: int
    batch: int
    rounds: int
    cycle: int = 1
    blocks: int = 6
    critic_steps: int = 5

    def large(self) -> stargan.Spec:
        """The published generator at this width and resolution."""
        sizes = {"width": self.width, "blocks": self.blocks, "critic_width": self.critic_width}
        return stargan.make_spec(sizes, len(LABELS), 1, self.resolution)

    def trained(self) -> stargan.Spec:
        """The network that is trained."""
        smaller = {"width": self.width // 2, "blocks": self.blocks // 2}
        return specs.shrink(self.large(), smaller if self.role == "student" else {})

    def match(self) -> dict[str, str]:
        """What a student is taught: FR5OUT."""
        return {f"res{self.blocks - 1}": f"res{self.trained().blocks - 1}", "image": "image"}

    def play(self) -> stargan.Play:
        """The published way to play."""
        return stargan.Play(critic_steps=self.critic_steps, targets="permuted", augment="none")

    def problem(self) -> Problem:
        """Images with random labels."""
        return noise.problem(self.resolution, LABELS, "attributes")

    def given(self, draw: Draw) -> tuple[Any, ...]:
        """What a step of the published procedure is given: a batch for each move of the discriminator."""
        drawn = [draw(0, turn) for turn in range(self.critic_steps)]
        return ([tuple(moment[name] for name in ("real", "label", "target", "mix")) for moment in drawn],)
