"""The one training loop: players move in turn, each step drawn from (seed, step), so a resumed run repeats itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from stages.harness.learning.devices import Place
from stages.harness.learning.game import Batch, Player
from stages.harness.settings.rows import Schedule


class NotFiniteError(RuntimeError):
    """A loss left the numbers; says where, and what was last seen."""


@dataclass
class Run:
    """Everything that changes during training, and therefore everything that is saved."""

    players: list[Player]
    optimisers: dict[str, torch.optim.Optimizer]
    average: nn.Module | None
    step: int = 0

    def state(self) -> dict[str, Any]:
        """A snapshot of plain tensors and numbers."""
        return {
            "step": self.step,
            "networks": {player.name: player.network.state_dict() for player in self.players},
            "lessons": {player.name: player.lesson.state_dict() for player in self.players},
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
            "average": self.average.state_dict() if self.average is not None else None,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a snapshot."""
        self.step = state["step"]
        for player in self.players:
            player.network.load_state_dict(state["networks"][player.name])
            player.lesson.load_state_dict(state["lessons"][player.name])
            self.optimisers[player.name].load_state_dict(state["optimisers"][player.name])
        if self.average is not None:
            self.average.load_state_dict(state["average"])

    def averaged(self) -> dict[str, nn.Module]:
        """The network that is kept in place of the trained one, by its player's name."""
        return {self.players[-1].name: self.average} if self.average is not None else {}


def trainable(player: Player) -> list[nn.Parameter]:
    """What a player's optimiser moves: its network, and the adapters its lesson owns."""
    return [p for p in (*player.network.parameters(), *player.lesson.parameters()) if p.requires_grad]


def prepare(players: list[Player], schedule: Schedule) -> Run:
    """Optimisers for each player; the last player's network is the one that is kept, averaged if asked."""
    betas = (schedule.betas[0], schedule.betas[1])
    optimisers: dict[str, torch.optim.Optimizer] = {
        player.name: torch.optim.Adam(trainable(player), full_rate(player, players, schedule), betas=betas, fused=True)
        for player in players
    }
    average = deepcopy(players[-1].network).requires_grad_(False) if schedule.average > 0 else None
    return Run(players, optimisers, average)


def full_rate(player: Player, players: list[Player], schedule: Schedule) -> float:
    """The rate a player starts with; those before the last are its critics."""
    return schedule.learning_rate if player is players[-1] else schedule.critic_learning_rate


def decay(schedule: Schedule, step: int) -> float:
    """Constant, then falling linearly towards 0; `as_released` repeats the published slip, a fall of 0.1 % in all.

    `tenth` falls to a tenth at once, for fine-tuning.
    """
    start = schedule.decay_from * schedule.steps
    if schedule.decay == "tenth":
        return 1.0 if step < start else 0.1
    fallen = max(0.0, (step - start) / (schedule.steps - start)) if schedule.steps > start else 0.0
    return 1 - (0.001 if schedule.decay == "as_released" else 1.0) * fallen


def share_gradients(parameters: list[nn.Parameter], world: int) -> None:
    """Average the gradients of a data-parallel group in one message."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients])
    dist.all_reduce(flat)
    flat /= world
    for gradient, piece in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(piece.view_as(gradient))


def move(
    player: Player, others: list[Player], optimiser: torch.optim.Optimizer, batch: Batch, place: Place
) -> dict[str, Tensor]:
    """One player's update on one batch; the others are held still, which also spares their gradients."""
    # The list, not the networks: a compression may have frozen a part, which must stay so.
    held = [parameter for other in others for parameter in trainable(other)]
    for parameter in held:
        parameter.requires_grad_(False)
    with place.autocast():
        parts = player.losses(batch)
    optimiser.zero_grad(set_to_none=True)
    torch.stack(list(parts.values())).sum().backward()
    for parameter in held:
        parameter.requires_grad_(True)
    if place.world > 1:
        share_gradients(trainable(player), place.world)
    optimiser.step()
    return {f"{player.name}/{name}": value.detach() for name, value in parts.items()}


def check(losses: dict[str, Tensor], step: int, last: dict[str, float]) -> dict[str, float]:
    """The losses as numbers; stops at once when one is not finite."""
    values = dict(zip(losses, torch.stack(list(losses.values())).tolist(), strict=True))
    bad = [name for name, value in values.items() if not math.isfinite(value)]
    if bad:
        seen = ", ".join(f"{name} {value:.4g}" for name, value in last.items()) or "none yet"
        raise NotFiniteError(f"step {step}: {', '.join(bad)} is not finite; last finite values: {seen}")
    return values


def steps(
    run: Run, draw: Callable[[int, int], Batch], schedule: Schedule, place: Place
) -> Iterator[tuple[int, dict[str, float]]]:
    """Train from where the run stands to the end of its schedule, yielding each step and its named losses."""
    values: dict[str, float] = {}
    while run.step < schedule.steps:
        losses: dict[str, Tensor] = {}
        turn = 0
        for player in run.players:
            others = [other for other in run.players if other is not player]
            optimiser = run.optimisers[player.name]
            for group in optimiser.param_groups:
                group["lr"] = full_rate(player, run.players, schedule) * decay(schedule, run.step)
            for _ in range(player.moves):
                batch = draw(run.step, turn).shard(place.rank, place.world).to(place.device)
                losses |= move(player, others, optimiser, batch, place)
                turn += 1
        values = check(losses, run.step, values)
        if run.average is not None:
            follow(run.average, run.players[-1].network, schedule.average, run.step)
        run.step += 1
        yield run.step, values


def follow(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Exponential moving average of the weights, with a warm-up so that the start is forgotten."""
    keep = min(decay, (1 + step) / (10 + step))
    with torch.no_grad():
        torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - keep)
