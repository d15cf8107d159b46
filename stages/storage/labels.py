"""What asking for a label means: it is set and its rivals are cleared, or, where it has none, it is flipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from torch import Tensor

Rows = TypeVar("Rows", Tensor, np.ndarray)


def rivals(name: str, labels: Sequence[str], kind: str, exclusive: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The labels of which one alone can be set, `name` among them; none where it stands by itself."""
    if kind != "attributes":
        return tuple(labels)
    return tuple(next((group for group in exclusive if name in group), ()))


def ask(rows: Rows, column: int, columns_of_rivals: Sequence[int]) -> None:
    """Change label vectors, along their last axis and in place, so that they ask for a column."""
    if not columns_of_rivals:
        rows[..., column] = 1 - rows[..., column]
        return
    rows[..., list(columns_of_rivals)] = 0
    rows[..., column] = 1
