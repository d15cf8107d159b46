"""What a training costs in multiply-accumulates by the input rule: a lesson's price is part of what it achieves."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial

import torch
from torch import nn

from stages.learning import training
from stages.learning.contracts import Draw, Game, Player
from stages.learning.counting import Tally
from stages.settings.rows import Schedule

META = torch.device("meta")
PHASES = ("forward", "backward", "teacher")


@dataclass(frozen=True)
class Expense:
    """Of one training: passes through the networks that are trained, back through them, and through the teacher."""

    forward: int
    backward: int
    teacher: int

    @property
    def macs(self) -> int:
        """All of it."""
        return self.forward + self.backward + self.teacher

    def described(self) -> dict[str, int]:
        """As results/costs.json holds it."""
        return {"macs": self.macs, **asdict(self)}


def of_training(game: Game, draw: Draw, schedule: Schedule, teacher: Iterable[nn.Module]) -> Expense:
    """Every player's move without values, times how often it is made; evidence is not counted.

    Networks are moved to the meta device and are of no more use afterwards.
    """
    tally = Tally()
    for network in (*game.networks.values(), game.memory, *teacher):
        network.to(META)
    total: Counter[str] = Counter()
    with apart(teacher, tally):
        for player in game.players if schedule.steps else ():
            of_step = partial(of_move, game, player, draw, tally)
            for macs, count in stretches(of_step, range(0, schedule.steps, player.every)):
                total.update({phase: number * count * player.moves for phase, number in macs.items()})
    return Expense(**{phase: total[phase] for phase in PHASES})


def of_move(game: Game, player: Player, draw: Draw, tally: Tally, step: int) -> dict[str, int]:
    """One move of a player at a step, by phase, after those who move before it: it may use what they left."""
    moment = draw(step, 0).to(META)
    for earlier in game.players[: game.players.index(player)]:
        if step % earlier.every == 0:
            with training.alone(game, earlier):
                earlier.losses(moment)
    tally.counts = {}
    with training.alone(game, player), tally:
        with tally.during("forward"):
            parts = player.losses(moment)
        with tally.during("backward"):
            torch.stack(list(parts.values())).sum().backward()
    return {phase: tally.of(phase)["macs"] for phase in PHASES}


def stretches(cost: Callable[[int], dict[str, int]], steps: range) -> Iterator[tuple[dict[str, int], int]]:
    """What a move costs, and at how many of these steps it does.

    A cost that changes does so once, as when a part that stood still is let go; the place is found by halving.
    """
    first, last = cost(steps[0]), cost(steps[-1])
    change = bisect_left(steps, True, key=lambda step: cost(step) != first) if first != last else len(steps)
    yield first, change
    yield last, len(steps) - change


@contextmanager
def apart(networks: Iterable[nn.Module], tally: Tally) -> Iterator[None]:
    """What layers of these networks do counts as the teacher's."""
    phases: list[str] = []

    def enter(_: nn.Module, __: object) -> None:
        phases.append(tally.phase)
        tally.phase = "teacher"

    def leave(_: nn.Module, __: object, ___: object) -> None:
        tally.phase = phases.pop()

    layers = {module for network in networks for module in network.modules() if not list(module.children())}
    handles = [
        handle
        for each in layers
        for handle in (each.register_forward_pre_hook(enter), each.register_forward_hook(leave))
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
