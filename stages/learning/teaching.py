"""A lesson at its pace: the one place where what a lesson says is joined to a player's own losses and weighed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from stages.learning import roles, sharing
from stages.learning.contracts import Lesson, Moment, Networks, Parts, Seen
from stages.learning.opposition import Opposition, oppose
from stages.learning.pacing import Following, Paced

Watcher = Callable[[Opposition], None]


class Teaching(nn.Module):
    """What one role is taught.

    `output` names the taps that leave the kept networks, `rivals` those of the player's own parts that the lesson may
    pull against; both are the family's.
    """

    def __init__(
        self, lesson: nn.Module, pace: Paced | Following, output: Sequence[str] = (), rivals: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.lesson, self.pace = lesson, pace
        self.output, self.rivals = tuple(output), tuple(rivals)
        self.watcher: Watcher | None = None
        self.weights: tuple[nn.Parameter, ...] = ()

    @property
    def contract(self) -> Lesson:
        """The lesson, as its Protocol has it."""
        return cast(Lesson, self.lesson)

    def observe(self, teacher: Networks | None, network: str, *given: Tensor) -> Seen:
        """What the teacher's network lets be seen, without gradient; nothing where the lesson does not watch it."""
        if teacher is None or not roles.among(self.contract.watches, network):
            return {}
        with torch.no_grad():
            return cast(Seen, teacher[network].watch(*given))  # type: ignore[operator] # every family's networks have it

    def join(self, own: Parts, student: Seen, teacher: Seen, moment: Moment) -> Parts:
        """The player's own parts and the lesson's at this moment's weight.

        A lesson's part that is called as one of the player's own takes its place; at less than full weight it takes as
        much of it. At weight 1 nothing is multiplied.
        """
        parts = self.contract({**student, **{f"own.{name}": part for name, part in own.items()}}, teacher)
        if not parts:
            return own
        self.feel(own, parts, student)
        weight = self.pace.weight(moment.step, moment.steps)
        if isinstance(weight, float) and weight == 1:
            return {**own, **parts}
        return {**own, **{name: weighed(own.get(name), part, weight) for name, part in parts.items()}}

    def feel(self, own: Parts, parts: Parts, student: Seen) -> None:
        """Measure how lesson and game pull, for whoever watches, or for a pace that follows it at every step."""
        at_output = self.contract.compares_output
        follows = isinstance(self.pace, Following) and at_output and self.training
        if self.watcher is None and not follows:
            return
        places = [student[name] for name in self.output] if at_output else list(self.weights)
        rival = torch.stack([own[name] for name in self.rivals]).sum()
        said = torch.stack([part for name, part in parts.items() if name not in own]).sum()
        found = oppose(said, rival, places)
        if self.watcher is not None:
            self.watcher(found)
        elif isinstance(self.pace, Following):
            self.pace.feel(sharing.mean(found.cosine))


def weighed(own: Tensor | None, part: Tensor, weight: float | Tensor) -> Tensor:
    """A lesson's part at a weight, with what it leaves of the player's own part."""
    return weight * part if own is None else torch.lerp(own, part, torch.as_tensor(weight).to(part))
