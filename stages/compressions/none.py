"""No compression: the teacher itself, as a row like any other."""

from __future__ import annotations

from copy import deepcopy
from types import ModuleType
from typing import Any

from torch import nn

from stages.harness.learning.game import Unsupported


def make_student(family: ModuleType, teacher: dict[str, nn.Module], large: Any, small: Any) -> dict[str, nn.Module]:  # noqa: ANN401, ARG001 - each family has its own Spec
    """The teacher's own networks, ready to be trained like any student's, though its schedule has no steps."""
    if small != large:
        raise Unsupported("compression none keeps the teacher as it is: leave `student` empty, or name a compression")
    return {name: network.train().requires_grad_(True) for name, network in deepcopy(teacher).items()}
