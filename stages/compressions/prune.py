"""The strongest channels and evenly spaced blocks of the teacher, with their weights: one-shot filter pruning.

Filters are ranked by magnitude (Li et al., ICLR 2017, arXiv 1608.08710) times the scale of their norm (Liu et al., ICCV
2017, arXiv 1708.06519). The channels of a residual stream add up, so one choice holds for all that write to it; inside
a block each choice is its own. Image and label inputs and the painted image stay whole. A discriminator of the
teacher's shape starts as a copy of the teacher's (Yu & Pool, NeurIPS 2020), any other one afresh.
"""

from __future__ import annotations

from copy import deepcopy

from torch import nn

from stages.blocks import surgery
from stages.learning import roles
from stages.learning.contracts import Family, Networks, Unsupported
from stages.settings.specs import Spec

FRESH = False


def make_student(family: Family, teacher: Networks, large: Spec, small: Spec) -> Networks:
    """Networks of the smaller spec, with what the teacher has of them."""
    surgery.demand(family, "repeated_blocks", "coupled_channels")
    refuse(large, small)
    student = family.build(small)
    for name, network in student.items():
        if name in roles.names(family, "generator"):
            network.load_state_dict(pruned(family, teacher[name], network).state_dict())
        else:
            surgery.copy_if_equal(teacher[name], network)
    return student


def pruned(family: Family, teacher: nn.Module, student: nn.Module) -> nn.Module:
    """A copy of the teacher's network, cut down to the sizes of the student's."""
    donor = deepcopy(teacher)
    blocks = family.repeated_blocks(donor)  # type: ignore[attr-defined] # demanded above
    count = len(family.repeated_blocks(student))  # type: ignore[attr-defined]
    surgery.keep_blocks(blocks, surgery.evenly_spaced(count, len(blocks)))
    groups, smaller = (family.coupled_channels(network) for network in (donor, student))  # type: ignore[attr-defined]
    # All choices come before the first cut: a filter is weighed with all of its inputs.
    choices = [surgery.strongest(group, surgery.channels(mine)) for group, mine in zip(groups, smaller, strict=True)]
    for group, kept in zip(groups, choices, strict=True):
        surgery.cut(group, kept)
    return donor


def refuse(large: Spec, small: Spec) -> None:
    """Channels and blocks may become fewer; nothing else may change."""
    for name, (theirs, mine) in surgery.differences(large, small).items():
        if not isinstance(mine, int):
            raise Unsupported(
                f"compression prune keeps the teacher's layers, but {name} is {theirs} in the teacher and {mine} in "
                f"the student: leave {name} out of `student`, or use compression resize"
            )
        if mine > theirs:
            raise Unsupported(f"compression prune cannot add to the teacher: {name} {mine} is larger than {theirs}")
