"""No lesson: the same-size control, from the same entry point as every taught row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from stages.learning.contracts import Need, Parts, Seen, Side


class Nothing(nn.Module):
    """Adds no part and asks for no teacher."""

    watches: tuple[str, ...] = ()
    compares_output = False

    def forward(self, student: Seen, teacher: Seen) -> Parts:  # noqa: ARG002 - the contract
        return {}


def objective(teacher: Side, student: Side) -> nn.Module:  # noqa: ARG001 - the contract
    """The empty lesson."""
    return Nothing()


def needs(settings: Mapping[str, Any]) -> list[Need]:  # noqa: ARG001 - the contract
    """The settings name no tap."""
    return []
