"""The game of a backbone, and the published weights it may begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from stages.blocks import classes
from stages.families.backbone.networks import Spec
from stages.learning.contracts import Game, Moment, Networks, Role, Seen
from stages.learning.problems import Problem
from stages.learning.teaching import Teaching
from stages.storage import weights


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Losses:
    """Weights of the terms besides cross-entropy, which a teacher alone is trained with."""

    apart: Annotated[float, Field(ge=0)] = 0.0
    """β of L_aux, which keeps subclasses apart."""
    temperature: Annotated[float, Field(gt=0)] = 1.0
    """T of L_aux."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Play:
    """How a training plays."""

    frozen_steps: Annotated[int, Field(ge=0)] = 0
    """Steps in which the base stands still and the head learns."""


def published_weights(spec: Spec) -> tuple[str, ...]:
    """The entries of stages/storage/weights.py that training begins with."""
    return (spec.network,) if spec.pretrained == "imagenet" else ()


def begin(networks: Networks) -> None:
    """Published weights into the base of a network of chance."""
    network: Any = networks["classifier"]
    for name in published_weights(network.spec):
        prefix = "features." if network.spec.network == "mobilenet_v2" else ""
        heads = ("fc.", "classifier.")
        state = {key: value for key, value in weights.load(name, None).items() if not key.startswith(heads)}
        network.base.load_state_dict({key.removeprefix(prefix): value for key, value in state.items()})


def game(
    networks: Networks,
    teacher: Networks | None,
    lessons: Mapping[Role, Teaching],
    losses: Losses,
    play: Play,
    problem: Problem,  # noqa: ARG001 - the contract
) -> Game:
    """The classifier alone, its base frozen at first."""
    network: Any = networks["classifier"]

    def watch(moment: Moment) -> Seen:
        return network.watch(moment["real"], frozen=moment.step < play.frozen_steps)  # type: ignore[no-any-return]

    return classes.alone(networks, teacher, lessons, losses, watch)
