"""What the first player of a step leaves for the second, as what the generators made of the step's images."""

from __future__ import annotations

from typing import Generic, TypeVar

from stages.learning.contracts import Moment

T = TypeVar("T")


class Made(Generic[T]):
    """Left and taken within a step, so it is never saved; of another step's it knows nothing."""

    def __init__(self) -> None:
        self.left: tuple[tuple[int, int], T] | None = None

    def leave(self, moment: Moment, what: T) -> None:
        """For whoever moves next in this step."""
        self.left = ((moment.seed, moment.step), what)

    def take(self, moment: Moment) -> T | None:
        """What was left in this step, once."""
        left, self.left = self.left, None
        return left[1] if left is not None and left[0] == (moment.seed, moment.step) else None
