"""How fast a role learns at a step."""

from __future__ import annotations

from stages.learning.contracts import Game, Role
from stages.settings.rows import Schedule


def full_rate(role: Role, schedule: Schedule) -> float:
    """The rate a role starts with."""
    return schedule.learning_rate if role == "generator" else schedule.critic_learning_rate


def decay(schedule: Schedule, step: int) -> float:
    """Constant, then falling linearly towards 0; `as_released` repeats the published slip, a fall of 0.1 % in all.

    `tenth` falls to a tenth at once, for fine-tuning.
    """
    start = schedule.decay_from * schedule.steps
    if schedule.decay == "tenth":
        return 1.0 if step < start else 0.1
    fallen = max(0.0, (step - start) / (schedule.steps - start)) if schedule.steps > start else 0.0
    return 1 - (0.001 if schedule.decay == "as_released" else 1.0) * fallen


def lazy(game: Game, networks: frozenset[str]) -> float:
    """c, the share of ordinary updates among all of these networks; an optimiser's rate × c, its betas to the power c.

    An optimiser that takes lazy steps besides forgets no faster so: c = n / (n + 1) where an ordinary move of each step
    is joined by one in every n-th (Karras et al., StyleGAN2, CVPR 2020). Without ordinary moves nothing is changed.
    """
    players = [player for player in game.players if frozenset(player.networks) == networks]
    ordinary = sum(player.moves for player in players if player.every == 1)
    more = sum(player.moves / player.every for player in players if player.every > 1)
    return ordinary / (ordinary + more) if ordinary else 1.0
