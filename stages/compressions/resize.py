"""A smaller spec with fresh weights: fewer channels, fewer blocks, cheaper convolutions."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from torch import nn


def make_student(family: ModuleType, teacher: dict[str, nn.Module], large: Any, small: Any) -> dict[str, nn.Module]:  # noqa: ANN401, ARG001 - each family has its own Spec
    """Networks of the smaller spec, freshly initialised."""
    return family.build(small)
