"""What the training loop, families, lessons, paces and compressions agree on, argument by argument.

A family offers the networks and the game that trains them; a lesson says what a student is taught, a pace how much of
it counts at a moment, a compression how a student is made. Each is a file of its axis (a family a folder), held to the
Protocol below by the contract tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from stages.learning.problems import Problem
    from stages.learning.teaching import Teaching
    from stages.settings import specs
    from stages.settings.rows import Schedule

Role = Literal["generator", "discriminator"]
"""Which networks a lesson or a rate is for: `generator` those that are kept, `discriminator` their critics."""

ROLES: tuple[Role, ...] = ("generator", "discriminator")

Networks = dict[str, nn.Module]

Seen = dict[str, Tensor]
"""Tap name -> tensor, of one pass through one network; a second pass is called `again.<tap>`."""

Parts = dict[str, Tensor]
"""The named, weighted parts of a loss."""

AGAIN = "again."
"""What precedes the taps of a second pass: the generator's reconstruction, the critic's gradient-penalty image."""


class Unsupported(ValueError):  # noqa: N818 - a reason, not a failure
    """A pair of teacher and student that a compression cannot make or a lesson cannot teach; says why."""


@dataclass(frozen=True)
class Tap:
    """A place in a network that lessons may compare: its channels, and what kind of tensor leaves it.

    `shown` is what a critic is shown where it is more than an image: input and image on each other's channels. `side`
    is the height and width of what has some; vectors and logits have none.
    """

    channels: int
    kind: Literal["image", "shown", "map", "vector", "logits"]
    side: int = 0


@dataclass(frozen=True)
class Moment:
    """What one move is given.

    `tensors` are named by the family (`real`, `label`, `target`, …), images first in their first axis. `seed` is this
    move's own, for dropout and image pools; `step` of `steps` tells paces where training stands.
    """

    tensors: Mapping[str, Tensor]
    seed: int
    step: int
    steps: int

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[name]

    def get(self, name: str) -> Tensor | None:
        """A tensor that not every move has."""
        return self.tensors.get(name)

    def each(self, change: Callable[[Tensor], Tensor]) -> Moment:
        """The moment with every tensor changed."""
        return replace(self, tensors={name: change(value) for name, value in self.tensors.items()})

    def shard(self, rank: int, world: int) -> Moment:
        """The part of one process of a data-parallel run; equal parts, so that means of parts are the mean."""
        if world == 1:
            return self
        uneven = [f"{name} of {len(value)}" for name, value in self.tensors.items() if len(value) % world]
        if uneven:
            raise ValueError(f"a batch cannot be shared equally by {world} processes: {', '.join(uneven)}")
        return replace(self.each(lambda tensor: tensor[rank::world]), seed=self.seed + rank)

    def to(self, device: torch.device) -> Moment:
        """The moment on a device."""
        return self.each(lambda tensor: tensor.to(device))


Draw = Callable[[int, int], Moment]
"""(step, turn) -> what that move is given; the same arguments always give the same moment."""


@dataclass(frozen=True)
class Player:
    """One kind of move of the game.

    `networks` names what it trains; players with the same networks share one optimiser, all others stand still
    meanwhile. `losses` returns the named, weighted parts of its loss. `role` says whose rate it has. It moves `moves`
    times in a row, in every `every`-th step: lazy terms weigh themselves by `every`.
    """

    name: str
    networks: tuple[str, ...]
    losses: Callable[[Moment], Parts]
    role: Role
    moves: int = 1
    every: int = 1


@dataclass(frozen=True)
class Game:
    """What the loop trains.

    `networks` holds all that is trained, lessons with their adapters among it; `players` move in their order; `keeps`
    names the networks that are averaged, with their buffers, and written. `memory` holds what else changes (an image
    pool, a running mean, steps taken): saved for resuming, never published.
    """

    networks: Networks
    players: tuple[Player, ...]
    keeps: tuple[str, ...]
    memory: nn.Module = field(default_factory=nn.Module)


@dataclass(frozen=True)
class Side:
    """One side of a lesson: the networks of the role that is taught, their taps, and the critics of this side."""

    networks: Mapping[str, nn.Module]
    taps: Mapping[str, Tap]
    critics: Mapping[str, nn.Module] = field(default_factory=dict)


class Lesson(Protocol):
    """What a student is taught: a module, whose adapters are trained with the student.

    `watches` names the teacher's taps that it looks at: networks without one are not run. `compares_output` says
    whether the student's output is all that it looks at. Called with what both let be seen of the same input
    (`again.<tap>` of the student's second pass, `own.<part>` of the player's own losses), it returns its parts; one
    that is called as a part of the player's own takes that part's place.
    """

    watches: tuple[str, ...]
    compares_output: bool

    def __call__(self, student: Seen, teacher: Seen) -> Parts: ...


@dataclass(frozen=True)
class Need:
    """A tap that a lesson's settings name: where they do (`match.res5`), whose it must be, and its name."""

    where: str
    whose: Literal["teacher", "student", "critic"]
    tap: str


class Distillation(Protocol):
    """A file of `stages/distillations`."""

    def objective(self, teacher: Side, student: Side, **settings: object) -> nn.Module:
        """The lesson, a `Lesson`; raises `Unsupported("why")` where the pair cannot be taught so."""
        ...

    def needs(self, settings: Mapping[str, Any]) -> list[Need]:
        """The taps that sound settings name, so that params are checked before anything runs."""
        ...


class Pace(Protocol):
    """A file of `stages/paces`: how the weight of a lesson moves during training."""

    FEEDBACK: bool
    """Whether the weight follows from measured gradients: then `module(**settings)` is offered in place of `weight`."""

    def weight(self, step: int, steps: int, **settings: object) -> float:
        """The factor on the lesson's parts at a step, from 0 to the last but one."""
        ...


class Compression(Protocol):
    """A file of `stages/compressions`."""

    FRESH: bool
    """Whether the kept networks start from chance, so that a family may `begin` them with published weights."""

    def make_student(
        self,
        family: Family,
        teacher: Networks,
        large: specs.Spec,
        small: specs.Spec,
        **settings: object,
    ) -> Networks:
        """The networks of a student before training; raises `Unsupported("why")` where it cannot make them.

        `teacher` is left as it is; `large` and `small` are the specs of both; `family.ROLES` says which networks are
        kept, and only those are made of the teacher's.
        """
        ...


class Family(Protocol):
    """A folder of `stages/families`: one kind of network, and the game that trains it.

    A family that translates offers `translate`, and where it knows some directions alone `DIRECTIONS`, pairs of places
    in the row's labels (from, to); one that classifies lets `classes` and `logits` be seen; what a kind of examination
    asks for stands in the examination's file. Where networks may begin with published weights a family
    offers `begin(networks)` and `published_weights(spec)`; where weights can be inherited, `repeated_blocks(network)`
    and `coupled_channels(network)` say where a kept network may be cut.
    """

    __name__: str
    ROLES: Mapping[Role, tuple[str, ...]]
    """The networks of each role, as `build` names them; the i-th critic judges the images of the i-th kept network."""
    OUTPUT: tuple[str, ...]
    """The taps that leave the kept networks, where the gradients of lesson and game are compared."""
    RIVALS: tuple[str, ...]
    """The parts of the kept networks' own losses that a lesson may pull against: the adversarial ones."""
    Spec: type[specs.Spec]
    """The architecture as data: a frozen dataclass, closed to unknown fields, with `resolution` among them."""
    Losses: type
    """The weights of the game's terms, which a student shares with its teacher."""
    Play: type
    """What only this family understands of how it is trained: `play` of a row."""
    PAPER: Mapping[str, Any]
    """The published sizes, at which costs are compared with the literature."""

    def make_spec(self, row: Mapping[str, Any], labels: int, domains: int, resolution: int) -> specs.Spec:
        """The spec of a teacher's row: its settings, and what its labels, data sets and resolution say."""
        ...

    def build(self, spec: specs.Spec) -> Networks:
        """All networks with fresh weights; each has `watch(*inputs) -> Seen`, every tap computed once."""
        ...

    def taps(self, spec: specs.Spec, network: str) -> dict[str, Tap]:
        """What may be compared in one of the networks, by names, never by index."""
        ...

    def feed(self, problem: Problem, schedule: Schedule, play: object, seed: int) -> Draw:
        """The batches of a training, each drawn from (seed, step, turn) alone."""
        ...

    def game(
        self,
        networks: Networks,
        teacher: Networks | None,
        lessons: Mapping[Role, Teaching],
        losses: object,
        play: object,
        problem: Problem,
    ) -> Game:
        """The game of a training; without a teacher it is the teacher's own, and no lesson watches one.

        Losses and memory also run on the meta device, where trainings are counted: nothing branches on a tensor's
        value.
        """
        ...

    def example(self, settings: Mapping[str, Any]) -> tuple[Networks, dict[str, tuple[Tensor, ...]]]:
        """The networks of a spec given as settings, and inputs of one image to count and time each with."""
        ...
