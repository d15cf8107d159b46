"""The game of a small classifier: cross-entropy, for a teacher L_aux as well, and the lesson."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from stages.blocks import classes
from stages.learning.contracts import Game, Networks, Role
from stages.learning.problems import Problem
from stages.learning.teaching import Teaching


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Losses:
    """Weights of the terms besides cross-entropy, which a teacher alone is trained with."""

    apart: Annotated[float, Field(ge=0)] = 0.0
    """β of L_aux, which keeps subclasses apart."""
    temperature: Annotated[float, Field(gt=0)] = 1.0
    """T of L_aux."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Play:
    """There is nothing to choose."""


def game(
    networks: Networks,
    teacher: Networks | None,
    lessons: Mapping[Role, Teaching],
    losses: Losses,
    play: Play,  # noqa: ARG001 - the contract
    problem: Problem,  # noqa: ARG001 - the contract
) -> Game:
    """The classifier alone."""
    network: Any = networks["classifier"]
    return classes.alone(networks, teacher, lessons, losses, lambda moment: network.watch(moment["real"]))
