"""No lesson: the same-size control, from the same entry point as every taught row."""

from __future__ import annotations

from torch import Tensor, nn

from stages.harness.learning.game import Seen, Side


class Nothing(nn.Module):
    """Adds no part and asks for no teacher."""

    watches_teacher = False

    def forward(self, student: tuple[Seen, Seen], teacher: Seen) -> dict[str, Tensor]:  # noqa: ARG002 - the contract
        return {}


def objective(teacher: Side, student: Side) -> nn.Module:  # noqa: ARG001 - the contract
    """The empty lesson."""
    return Nothing()
