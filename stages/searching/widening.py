"""The training of a network that shares its weights with all narrower ones of a space.

Sandwich rule (Yu and Huang, ICCV 2019, arXiv 1903.05134) in the shares of Anycost GAN (Lin et al., CVPR 2021, arXiv
2103.03243): a step trains the largest network with chance 1/4, the smallest with 1/4, any one with 1/2. Differences:
the critic is not told the architecture, and starts as the teacher's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from torch import nn

from stages.learning import roles, students
from stages.learning.contracts import Family, Game, Moment, Networks, Parts, Player
from stages.learning.problems import Problem
from stages.learning.students import Student
from stages.searching import slicing, spaces
from stages.searching.spaces import Space, Widths
from stages.settings import members
from stages.settings.rows import TeacherRow, WideRow
from stages.settings.specs import Spec

LARGEST, SMALLEST = 0.25, 0.5

Choose = Callable[[int], Widths]
"""Step -> what it trains."""


def configuration(space: Space, seed: int, step: int) -> Widths:
    """What a step trains, from (seed, step) alone."""
    random = spaces.chance(seed, step)
    drawn = random.random()
    if drawn < LARGEST:
        return space.largest
    return space.smallest if drawn < SMALLEST else space.draw(random)


def unshared(networks: Networks) -> Networks:
    """The networks that shared ones hold."""
    return {name: cast(nn.Module, network.network) for name, network in networks.items()}


def shared(row: WideRow, family: Family, teacher: Networks, large: Spec) -> Networks:
    """The networks of a weight-shared training before it begins."""
    return wrapped(row, family, slicing.begun(family, teacher, large, roles.names(family, "generator")), large)


def wrapped(row: WideRow, family: Family, networks: Networks, large: Spec) -> Networks:
    """Networks of which those that are kept can be run at any widths."""
    kept = roles.names(family, "generator")
    return {
        name: slicing.Shared(row.family, name, network, large) if name in kept else network
        for name, network in networks.items()
    }


def prepare(
    row: WideRow,
    teacher_row: TeacherRow,
    networks: Networks,
    teacher: Networks,
    large: Spec,
    problem: Problem,
    choose: Choose | None = None,
) -> Student:
    """The training of a row: its family's game, each step of it at a configuration of its own, or as is told."""
    family = cast(Family, members.load("families", row.family))
    losses = {**teacher_row.losses, **family.SHARED}  # type: ignore[attr-defined] # demanded
    plain = teacher_row.model_copy(update={"losses": losses})
    student = students.prepare(row, plain, networks, teacher, (large, large), problem)
    space = spaces.of(large, row.space.widths)

    def sandwich(step: int) -> Widths:
        return configuration(space, row.seed, step)

    return replace(student, game=at(student.game, networks, choose or sandwich))


def at(game: Game, networks: Networks, choose: Choose) -> Game:
    """The same game, before each of whose moves the shared networks take the widths of its step."""
    mine = [network for network in networks.values() if isinstance(network, slicing.Shared)]

    def told(player: Player) -> Player:
        def losses(moment: Moment) -> Parts:
            for network in mine:
                network.widths = choose(moment.step)
            return player.losses(moment)

        return replace(player, losses=losses)

    return replace(game, players=tuple(map(told, game.players)))
