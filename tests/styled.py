"""StyleGAN2s small enough for a test: networks, what they let be seen, and games."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import nn

from stages.families import stylegan2
from stages.learning import roles
from stages.learning.contracts import AGAIN, Family, Game, Moment, Networks, Role, Seen, Side
from stages.learning.problems import Domain, Problem
from stages.learning.teaching import Teaching
from stages.settings.rows import Schedule
from stages.storage import prepared
from tests import tiny

PIXELS, LATENT = 16, 12
FAMILY = cast(Family, stylegan2)
SPEC = stylegan2.Spec(PIXELS, (4, 4, 3), (3, 3, 4), LATENT, 2, noise=False)
LARGE = replace(SPEC, widths=(8, 6, 5))
PLAY = stylegan2.Play(mixing=0.0, r1_every=2, path_every=2)
LOSSES = stylegan2.Losses(r1=0.5, path_length=0.0)
LAYERS = ["block8", "block4"]


def networks(spec: stylegan2.Spec = SPEC, seed: int = 0) -> Networks:
    """Both networks, the same for the same seed."""
    torch.manual_seed(seed)
    return stylegan2.build(spec)


def schedule(**changes: Any) -> Schedule:  # noqa: ANN401 - fields of the schedule
    """Rates that stay as they are."""
    rates = {"learning_rate": 2e-3, "critic_learning_rate": 1e-3, "betas": [0.0, 0.99], "decay_from": 1.0}
    fields = {"steps": 5, "batch": 4, "decay": "linear", "average": 0.0, "flip": False, **rates, **changes}
    return Schedule(**fields)


def problem(count: int = 12, pixels: int = PIXELS) -> Problem:
    """Noise with one label, which nobody asks for."""
    images = np.random.default_rng(0).integers(256, size=(count, pixels, pixels, 3), dtype=np.uint8)
    split = prepared.Split(images, np.ones((count, 1), np.uint8), None, None)
    kind: Literal["attributes"] = "attributes"
    return Problem((Domain(split, "noise", ("image",), (0,), slice(0, 1), kind, (), (), 1),))


def draw(step: int, turn: int) -> Moment:
    """What the moves of a step are given."""
    return stylegan2.feed(problem(), schedule(), PLAY, 0)(step, turn)


def watch(of: Networks) -> Seen:
    """The images of four latents, and of those latents moved."""
    generator: Any = of["generator"]
    noise = torch.Generator().manual_seed(0)
    latent, offset = (torch.randn(4, generator.spec.latent, generator=noise) for _ in range(2))
    seen: Seen = generator.watch(latent, None, None, offset)
    assert any(tap.startswith(AGAIN) for tap in seen)
    return seen


def side(of: Networks, role: Role = "generator") -> Side:
    """One side of a lesson."""
    generator: Any = of["generator"]
    return roles.side(FAMILY, generator.spec, of, role)


def game(
    student: Networks,
    teacher: Networks | None = None,
    lessons: Mapping[Role, Teaching] | None = None,
    losses: stylegan2.Losses = LOSSES,
    play: stylegan2.Play = PLAY,
) -> Game:
    """The game with lessons, by default none."""
    both: dict[Role, Teaching] = {"generator": tiny.teaching(), "discriminator": tiny.teaching(), **(lessons or {})}
    return stylegan2.game(student, teacher, both, losses, play, problem())


def taught(student: Networks, teacher: Networks, lesson: nn.Module, pace: str = "constant", **settings: Any) -> Game:  # noqa: ANN401
    """The game in which the generator is taught."""
    return game(student, teacher, {"generator": tiny.teaching(lesson, pace, FAMILY, **settings)})
