"""Same width, fewer blocks, the teacher's encoder and decoder (LIT: Koratana et al., ICML 2019, arXiv 1810.01937).

What is not a repeated block is copied from the teacher, the blocks are fresh; so is a discriminator, unless it has the
teacher's shape: then it is copied too, as in the authors' code. `freeze` holds what was copied in the generator still.
Difference: LIT first regresses the blocks with the rest frozen, then fine-tunes all; here a row is one or the other.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from torch import nn

from stages.blocks import surgery
from stages.harness.learning.game import Unsupported

MAY_DIFFER = ("blocks", "convolutions", "critic_width")


def make_student(
    family: ModuleType,
    teacher: dict[str, nn.Module],
    large: Any,  # noqa: ANN401 - each family has its own Spec
    small: Any,  # noqa: ANN401 - each family has its own Spec
    *,
    freeze: bool,
) -> dict[str, nn.Module]:
    """Networks of the smaller spec around the teacher's encoder and decoder."""
    surgery.demand(family, "repeated_blocks")
    refuse(large, small)
    student = family.build(small)
    theirs = ends(family, teacher["generator"])
    for name, parameter in ends(family, student["generator"]).items():
        parameter.data.copy_(theirs[name])
        parameter.requires_grad_(not freeze)
    surgery.copy_if_equal(teacher["discriminator"], student["discriminator"])
    return student


def ends(family: ModuleType, generator: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters outside the repeated blocks."""
    inside = set(family.repeated_blocks(generator).parameters())
    return {name: parameter for name, parameter in generator.named_parameters() if parameter not in inside}


def refuse(large: Any, small: Any) -> None:  # noqa: ANN401 - each family has its own Spec
    """Encoder and decoder must fit, and there must not be more blocks than the teacher has."""
    for name, (theirs, mine) in surgery.differences(large, small).items():
        if name not in MAY_DIFFER:
            raise Unsupported(
                f"compression inherit copies the teacher's encoder and decoder, but {name} is {theirs} in the teacher "
                f"and {mine} in the student: leave {name} out of `student`, or use compression prune or resize"
            )
        if isinstance(mine, int) and mine > theirs:
            raise Unsupported(f"compression inherit cannot add to the teacher: {name} {mine} is larger than {theirs}")
