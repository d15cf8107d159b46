"""Same width, fewer blocks, the teacher's encoder and decoder (LIT: Koratana et al., ICML 2019, arXiv 1810.01937).

What is not a repeated block is copied from the teacher, the blocks are fresh; so is a discriminator, unless it has the
teacher's shape: then it is copied too, as in the authors' code. `freeze` holds what was copied in the generator still.
Difference: LIT first regresses the blocks with the rest frozen, then fine-tunes all; here a row is one or the other.
"""

from __future__ import annotations

from torch import Tensor, nn

from stages.blocks import surgery
from stages.learning import roles
from stages.learning.contracts import Family, Networks, Unsupported
from stages.settings.specs import Spec

FRESH = False

MAY_DIFFER = ("blocks", "convolutions", "critic_width")


def make_student(
    family: Family,
    teacher: Networks,
    large: Spec,
    small: Spec,
    *,
    freeze: bool,
) -> Networks:
    """Networks of the smaller spec around the teacher's encoder and decoder."""
    surgery.demand(family, "repeated_blocks")
    refuse(large, small)
    student = family.build(small)
    for name, network in student.items():
        if name not in roles.names(family, "generator"):
            surgery.copy_if_equal(teacher[name], network)
            continue
        theirs = ends(family, teacher[name])
        for key, mine in ends(family, network).items():
            mine.data.copy_(theirs[key])
            if isinstance(mine, nn.Parameter):
                mine.requires_grad_(not freeze)
    return student


def ends(family: Family, network: nn.Module) -> dict[str, Tensor]:
    """The parameters and buffers outside the repeated blocks."""
    blocks: nn.Module = family.repeated_blocks(network)  # type: ignore[attr-defined] # demanded above
    inside = {*blocks.parameters(), *blocks.buffers()}
    own = (*network.named_parameters(), *network.named_buffers())
    return {name: tensor for name, tensor in own if tensor not in inside}


def refuse(large: Spec, small: Spec) -> None:
    """Encoder and decoder must fit, and there must not be more blocks than the teacher has."""
    for name, (theirs, mine) in surgery.differences(large, small).items():
        if name not in MAY_DIFFER:
            raise Unsupported(
                f"compression inherit copies the teacher's encoder and decoder, but {name} is {theirs} in the teacher "
                f"and {mine} in the student: leave {name} out of `student`, or use compression prune or resize"
            )
        if isinstance(mine, int) and mine > theirs:
            raise Unsupported(f"compression inherit cannot add to the teacher: {name} {mine} is larger than {theirs}")
