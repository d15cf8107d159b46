"""The one training loop: players move in turn, each step drawn from (seed, step), so a resumed run repeats itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from stages.learning import sharing
from stages.learning.contracts import Draw, Game, Moment, Parts, Player
from stages.learning.devices import Place
from stages.learning.finite import finite
from stages.learning.rates import decay, full_rate, lazy
from stages.settings.rows import Schedule

Optimisers = dict[frozenset[str], torch.optim.Optimizer]
"""One per set of networks, which the players that train this set share."""


@dataclass
class Run:
    """Everything that changes during training, and therefore everything that is saved."""

    game: Game
    optimisers: Optimisers
    averages: dict[str, nn.Module]
    step: int = 0

    def parts(self) -> dict[str, Any]:
        """Everything with a state, by name."""
        moving = {f"network.{name}": network for name, network in self.game.networks.items()}
        following = {f"average.{name}": network for name, network in self.averages.items()}
        steering = {f"optimiser.{'+'.join(sorted(names))}": optimiser for names, optimiser in self.optimisers.items()}
        return {**moving, **following, **steering, "memory": self.game.memory}

    def state(self) -> dict[str, Any]:
        """A snapshot of plain tensors and numbers."""
        return {"step": self.step, **{name: part.state_dict() for name, part in self.parts().items()}}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a snapshot."""
        self.step = state["step"]
        for name, part in self.parts().items():
            part.load_state_dict(state[name])

    def result(self) -> dict[str, nn.Module]:
        """All networks that were trained, those that are kept as their average where one is asked for."""
        return {**self.game.networks, **self.averages}


def trainable(game: Game, names: Collection[str]) -> list[nn.Parameter]:
    """What is moved of some networks, in the game's order; a compression may have frozen a part, which stays so."""
    chosen = [network for name, network in game.networks.items() if name in names]
    return [parameter for network in chosen for parameter in network.parameters() if parameter.requires_grad]


def sets(game: Game) -> list[frozenset[str]]:
    """The sets of networks that players train; a network belongs to one."""
    found = list(dict.fromkeys(frozenset(player.networks) for player in game.players))
    for network in game.networks:
        if sum(network in names for names in found) > 1:
            raise ValueError(f"{network} is trained by players with different networks: give all of them the same ones")
    return found


def prepare(game: Game, schedule: Schedule) -> Run:
    """An optimiser for each set of networks, and an average of each network that is kept."""
    optimisers: Optimisers = {}
    for names in sets(game):
        first, second = (beta ** lazy(game, names) for beta in schedule.betas)
        optimisers[names] = torch.optim.Adam(trainable(game, names), betas=(first, second), fused=True)
    kept = game.keeps if schedule.average > 0 else ()
    return Run(game, optimisers, {name: deepcopy(game.networks[name]).requires_grad_(False) for name in kept})


@contextmanager
def alone(game: Game, player: Player) -> Iterator[None]:
    """All other networks are held still, which also spares their gradients."""
    held = trainable(game, game.networks.keys() - set(player.networks))
    for parameter in held:
        parameter.requires_grad_(False)
    yield
    for parameter in held:
        parameter.requires_grad_(True)


def move(game: Game, player: Player, optimiser: torch.optim.Optimizer, moment: Moment, place: Place) -> Parts:
    """One player's update."""
    place.reseed(moment.seed)
    with alone(game, player):
        with place.autocast():
            parts = player.losses(moment)
        optimiser.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
    if place.world > 1:
        sharing.average_gradients(trainable(game, player.networks), place.world)
    optimiser.step()
    return {f"{player.name}/{name}": value.detach() for name, value in parts.items()}


def steps(run: Run, draw: Draw, schedule: Schedule, place: Place) -> Iterator[tuple[int, dict[str, float]]]:
    """Train from where the run stands to the end of its schedule, yielding each step and its named losses."""
    values: dict[str, float] = {}
    while run.step < schedule.steps:
        losses: dict[str, Tensor] = {}
        turn = 0
        for player in run.game.players:
            if run.step % player.every:
                continue
            names = frozenset(player.networks)
            optimiser = run.optimisers[names]
            rate = full_rate(player.role, schedule) * decay(schedule, run.step)
            for group in optimiser.param_groups:
                group["lr"] = rate * lazy(run.game, names)
            for _ in range(player.moves):
                moment = draw(run.step, turn).shard(place.rank, place.world).to(place.device)
                losses |= move(run.game, player, optimiser, moment, place)
                turn += 1
        values = finite(losses, run.step, values)
        for name, average in run.averages.items():
            follow(average, run.game.networks[name], schedule.average, run.step)
        run.step += 1
        yield run.step, values


def follow(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Exponential moving average of the weights, warmed up so that the start is forgotten; buffers are copied."""
    keep = min(decay, (1 + step) / (10 + step))
    with torch.no_grad():
        torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - keep)
        for mine, theirs in zip(average.buffers(), network.buffers(), strict=True):
            mine.copy_(theirs)
