"""Fewer channels with fresh weights, around what does not depend on them (StyleKD: Xu et al., ECCV 2022).

Of StyleGAN2 that is the mapping from z to w: to teacher and student a latent means the same w when training begins, and
the mapping is trained on. The published student's critic is fresh; `critic: inherited` starts from the teacher's (Yu &
Pool, NeurIPS 2020). `mapping: fresh` takes nothing over.
"""

from __future__ import annotations

from typing import Any, Literal

from torch import nn

from stages.blocks import slimming, surgery
from stages.learning import roles
from stages.learning.contracts import Family, Networks, Unsupported
from stages.settings.specs import Spec

FRESH = False

OF_THE_MAPPING = ("latent", "mapping_layers", "mapping_rate")

Begin = Literal["inherited", "fresh"]


def make_student(
    family: Family,
    teacher: Networks,
    large: Spec,
    small: Spec,
    *,
    mapping: Begin = "inherited",
    critic: Begin = "fresh",
) -> Networks:
    """Networks of the smaller spec, fresh but for what is inherited."""
    surgery.demand(family, "inherited", "coupled_channels")
    slimming.refuse("narrow", large, small, (*slimming.WIDTHS, *(OF_THE_MAPPING if mapping == "fresh" else ())))
    student = family.build(small)
    slimming.demand_fewer("narrow", family, teacher, student)
    for name, network in student.items():
        if name in roles.names(family, "generator"):
            if mapping == "inherited":
                inherit(family, teacher[name], network)
        elif critic == "inherited":
            copy(teacher[name], network, name)
    return student


def inherit(family: Any, teacher: nn.Module, student: nn.Module) -> None:  # noqa: ANN401 - demanded above
    """Give the student what the family says is not of its widths."""
    theirs = family.inherited(teacher)
    for name, mine in family.inherited(student).items():
        mine.load_state_dict(theirs[name].state_dict())


def copy(teacher: nn.Module, student: nn.Module, name: str) -> None:
    """The teacher's critic, which must have the student's shape."""
    shapes = [{key: value.shape for key, value in network.state_dict().items()} for network in (teacher, student)]
    if shapes[0] != shapes[1]:
        raise Unsupported(
            f"compression narrow begins with the teacher's {name}, which has other widths than the student's: leave "
            "critic_widths out of `student`, or write `critic: fresh`"
        )
    student.load_state_dict(teacher.state_dict())
