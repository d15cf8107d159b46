"""The strongest channels and evenly spaced blocks of the teacher, with their weights: one-shot filter pruning.

Filters are ranked by magnitude (Li et al., ICLR 2017, arXiv 1608.08710) times the scale of their norm (Liu et al., ICCV
2017, arXiv 1708.06519). The channels of a residual stream add up, so one choice holds for all that write to it; inside
a block each choice is its own. Image and label inputs and the painted image stay whole. A discriminator of the
teacher's shape starts as a copy of the teacher's (Yu & Pool, NeurIPS 2020), any other one afresh.
"""

from __future__ import annotations

from copy import deepcopy
from types import ModuleType
from typing import Any

from torch import nn

from stages.blocks import surgery
from stages.harness.learning.game import Unsupported


def make_student(family: ModuleType, teacher: dict[str, nn.Module], large: Any, small: Any) -> dict[str, nn.Module]:  # noqa: ANN401 - each family has its own Spec
    """Networks of the smaller spec, with what the teacher has of them."""
    surgery.demand(family, "repeated_blocks", "coupled_channels")
    refuse(large, small)
    student = family.build(small)
    donor = deepcopy(teacher["generator"])
    blocks = family.repeated_blocks(donor)
    surgery.keep_blocks(blocks, surgery.evenly_spaced(len(family.repeated_blocks(student["generator"])), len(blocks)))
    groups = family.coupled_channels(donor)
    widths = [surgery.channels(group) for group in family.coupled_channels(student["generator"])]
    # All choices come before the first cut: a filter is weighed with all of its inputs.
    choices = [surgery.strongest(group, width) for group, width in zip(groups, widths, strict=True)]
    for group, kept in zip(groups, choices, strict=True):
        surgery.cut(group, kept)
    student["generator"].load_state_dict(donor.state_dict())
    surgery.copy_if_equal(teacher["discriminator"], student["discriminator"])
    return student


def refuse(large: Any, small: Any) -> None:  # noqa: ANN401 - each family has its own Spec
    """Channels and blocks may become fewer; nothing else may change."""
    for name, (theirs, mine) in surgery.differences(large, small).items():
        if not isinstance(mine, int):
            raise Unsupported(
                f"compression prune keeps the teacher's layers, but {name} is {theirs} in the teacher and {mine} in "
                f"the student: leave {name} out of `student`, or use compression resize"
            )
        if mine > theirs:
            raise Unsupported(f"compression prune cannot add to the teacher: {name} {mine} is larger than {theirs}")
