"""Problems of two kinds of images, and games of families that translate between them, small enough for a test."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, cast

import numpy as np
from torch import nn

from stages.distillations import euclidean
from stages.learning import roles, training
from stages.learning.contracts import Family, Game, Networks, Role
from stages.learning.problems import Domain, Problem
from stages.learning.teaching import Teaching
from stages.settings.rows import Schedule
from stages.storage import prepared
from tests import tiny

PIXELS = 16


def split(count: int = 6, pixels: int = PIXELS) -> prepared.Split:
    """Noise: images of the first label are dark, those of the second bright."""
    dark = np.random.default_rng(0).integers(100, size=(count, pixels, pixels, 3), dtype=np.uint8)
    labels = np.eye(2, dtype=np.uint8).repeat(count, axis=0)
    return prepared.Split(np.concatenate([dark, dark + 100]), labels, None, None)


def problem(
    kind: str = "pairs", count: int = 6, pixels: int = PIXELS, names: tuple[str, ...] = ("dark", "bright")
) -> Problem:
    """One data set of both; the order of the names is the direction."""
    columns = tuple(("dark", "bright").index(name) for name in names)
    domain = Domain(split(count, pixels), "noise", names, columns, slice(0, 2), kind, (), (), 2)
    return Problem((domain,))


def schedule(**changes: Any) -> Schedule:  # noqa: ANN401 - fields of the schedule
    """Published rates that stay as they are."""
    rates = {"learning_rate": 2e-4, "critic_learning_rate": 2e-4, "betas": [0.5, 0.999], "decay_from": 1.0}
    fields = {"steps": 4, "batch": 2, "decay": "linear", "average": 0.0, "flip": True, **rates, **changes}
    return Schedule(**fields)


def game(
    family: ModuleType,
    networks: Networks,
    teacher: Networks | None = None,
    lessons: Mapping[Role, nn.Module] | None = None,
    losses: Mapping[str, Any] | None = None,
    play: Mapping[str, Any] | None = None,
) -> Game:
    """A family's game with lessons, by default none."""
    given: dict[Role, Teaching] = {role: tiny.teaching((lessons or {}).get(role)) for role in family.ROLES}
    made = family.game(
        networks, teacher, given, family.Losses(**(losses or {})), family.Play(**(play or {})), problem()
    )
    return cast(Game, made)


def lesson(
    family: ModuleType, both: tuple[Any, Any], pair: tuple[Networks, Networks], role: Role, match: dict[str, str]
) -> nn.Module:
    """A Euclidean lesson between teacher and student, of their specs and networks."""
    of = cast(Family, family)
    sides = (roles.side(of, spec, networks, role) for spec, networks in zip(both, pair, strict=True))
    return euclidean.objective(*sides, match=match, weight=1.0)


def states(networks: Networks) -> dict[str, Any]:
    """Every tensor of some networks, copied."""
    return {
        f"{name}.{key}": value.clone() for name, each in networks.items() for key, value in each.state_dict().items()
    }


def train(
    family: ModuleType, begun: training.Run, plan: Schedule, until: int, play: Mapping[str, Any] | None = None
) -> list[dict[str, float]]:
    """The losses of each step up to one."""
    feed = family.feed(problem(), plan, family.Play(**(play or {})), 0)
    found = []
    for step, losses in training.steps(begun, feed, plan, tiny.CPU):
        found.append(losses)
        if step == until:
            break
    return found
