"""The teacher's critics as rulers of what the student makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from stages.learning import matching
from stages.learning.contracts import Parts, Seen, Side, Unsupported

Look = Callable[[Tensor], Seen]
"""What a critic lets be seen of what it is shown. It is no module: the teacher's weights are neither trained, nor
moved, nor saved with a lesson that holds it."""


def judges(teacher: Side, student: Side) -> dict[str, Look]:
    """The tap that each of the teacher's critics judges, with the critic: the i-th judges the i-th."""
    shown = matching.alike(teacher, student, "shown") or matching.images(teacher, student)
    if not shown:
        raise Unsupported("critics judge images, and this network makes none: teach it to the generator")
    if len(shown) != len(teacher.critics):
        raise Unsupported(
            f"each discriminator of the teacher judges one kind of image; there are {len(shown)} of images and "
            f"{len(teacher.critics)} discriminators"
        )
    critics: list[Any] = list(teacher.critics.values())
    return {tap: critic.requires_grad_(False).watch for tap, critic in zip(shown, critics, strict=True)}


def distances(look: Look, layers: Sequence[str], theirs: Tensor, mine: Tensor) -> Parts:
    """The mean absolute difference of what a critic sees in two images, by layer; the first one is a fixed target."""
    with torch.no_grad():
        target = look(theirs)
    found = look(mine)
    missing = [layer for layer in layers if layer not in target]
    if missing:
        raise ValueError(f"the teacher's discriminator has no {', '.join(missing)}; it has {', '.join(target)}")
    return {layer: F.l1_loss(found[layer].float(), target[layer].float()) for layer in layers}
