"""Whether a lesson pulls with the game or against it, measured now and then on one batch of validation images.

Recorded are the weight λ, the norms of the lesson's and of the game's gradient, and their cosine: at the output where
the lesson looks at nothing else, otherwise at the weights of the networks that are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import nn

from stages.learning import sharing
from stages.learning.contracts import Game, Moment
from stages.learning.devices import Place
from stages.learning.opposition import Opposition
from stages.learning.pacing import Following
from stages.learning.teaching import Teaching

PREFIX = "evidence/"

Record = Callable[[int], dict[str, float]]
"""Step -> what is recorded of it; nothing at most steps."""


def nothing(_: int) -> dict[str, float]:
    """The record of a row that asks for no evidence."""
    return {}


def recorder(game: Game, teaching: Teaching, fixed: Moment, every: int, place: Place, turns: int = 1) -> Record:
    """A record every so many steps, on a batch that stays the same; it is of the first of `turns` data sets."""
    weights = [p for name in game.keeps for p in game.networks[name].parameters() if p.requires_grad]
    teaching.weights = tuple(weights)
    batch = fixed.to(place.device)

    def record(step: int) -> dict[str, float]:
        if step % every:
            return {}
        now = min(step, fixed.steps - 1)
        moment = replace(batch, step=now - now % turns)
        found = measured(game, teaching, moment, place)
        if isinstance(teaching.pace, Following) and not teaching.contract.compares_output:
            teaching.pace.feel(sharing.mean(found.cosine))
        weight = float(teaching.pace.weight(now, fixed.steps))
        numbers = {"lesson_norm": found.lesson, "game_norm": found.game, "cosine": found.cosine}
        return {f"{PREFIX}weight": weight, **{f"{PREFIX}{name}": float(value) for name, value in numbers.items()}}

    return record


def measured(game: Game, teaching: Teaching, moment: Moment, place: Place) -> Opposition:
    """What is felt when the players of the kept networks look at a batch; nothing is trained, nothing is moved."""
    found: list[Opposition] = []
    teaching.watcher = found.append
    try:
        with untouched(game), place.autocast():
            for player in game.players:
                if player.role == "generator" and not found:
                    player.losses(moment)
    finally:
        teaching.watcher = None
    if not found:
        raise ValueError("no player of the kept networks hands its losses to their lesson, so nothing can be measured")
    return found[0]


@contextmanager
def untouched(game: Game) -> Iterator[None]:
    """What happens inside leaves buffers, memory and the stream of random numbers as they were."""
    modules: tuple[nn.Module, ...] = (*game.networks.values(), game.memory)
    before = [(buffer, buffer.clone()) for module in modules for buffer in module.buffers()]
    with torch.random.fork_rng():
        yield
    with torch.no_grad():
        for buffer, value in before:
            buffer.copy_(value)
