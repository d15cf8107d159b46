"""No compression: the teacher itself, as a row like any other."""

from __future__ import annotations

from copy import deepcopy

from stages.learning.contracts import Family, Networks, Unsupported
from stages.settings.specs import Spec

FRESH = False


def make_student(family: Family, teacher: Networks, large: Spec, small: Spec) -> Networks:  # noqa: ARG001 - the contract
    """The teacher's own networks, ready to be trained like any student's, though its schedule has no steps."""
    if small != large:
        raise Unsupported("compression none keeps the teacher as it is: leave `student` empty, or name a compression")
    return {name: network.train().requires_grad_(True) for name, network in deepcopy(teacher).items()}
