"""What classifiers share: classes with subclasses, the losses on them, and the one player that learns them.

Müller, Kornblith and Hinton, Subclass Distillation, 2020, arXiv 2002.03936. The logits are ordered class by class.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from stages.learning import batches
from stages.learning.contracts import Draw, Game, Moment, Networks, Parts, Player, Role, Seen, Tap
from stages.learning.problems import Problem
from stages.learning.teaching import Teaching
from stages.settings.rows import Schedule

Z = Float[Tensor, "n cs"]

ROLES: dict[Role, tuple[str, ...]] = {"generator": ("classifier",)}
OUTPUT, RIVALS = ("logits",), ("cross_entropy",)


class Classes(Protocol):
    """What the spec of a classifier says of classes."""

    @property
    def classes(self) -> int: ...
    @property
    def subclasses(self) -> int: ...
    @property
    def merge(self) -> int: ...


class Apart(Protocol):
    """The weights of L_aux, which a teacher alone is trained with."""

    @property
    def apart(self) -> float: ...
    @property
    def temperature(self) -> float: ...


def marginal(logits: Z, subclasses: int) -> Float[Tensor, "n c"]:
    """log Σ_k exp z_{c,k}: softmax of it is the sum of the probabilities of a class's subclasses."""
    if subclasses == 1:
        return logits
    return logits.unflatten(1, (-1, subclasses)).logsumexp(dim=2)


def cross_entropy(classes: Float[Tensor, "n c"], truth: Int[Tensor, " n"]) -> Tensor:
    """L_xent = −mean log Σ_k P_{i,y,k}, of logits of classes."""
    return F.cross_entropy(classes, truth)


def apart(logits: Z, temperature: float) -> Tensor:
    """L_aux = mean_i log Σ_j exp(v̂_iᵀ v̂_j / T) − 1/T − log n: lower where examples use different subclasses.

    v̂ is the example's logits, standardised and divided by √(c·s), so that it has length 1.
    """
    centred = logits - logits.mean(dim=1, keepdim=True)
    v = centred / centred.std(dim=1, correction=0, keepdim=True).clamp_min(1e-6) / math.sqrt(logits.shape[1])
    return torch.logsumexp(v @ v.T / temperature, dim=1).mean() - 1 / temperature - math.log(len(logits))


def merged(label: Float[Tensor, "n labels"], merge: int) -> Int[Tensor, " n"]:
    """The class of each one-hot label, where `merge` neighbouring labels are one class."""
    return label.argmax(dim=1) // merge


def sizes(row: Mapping[str, Any], labels: int, domains: int, resolution: int) -> dict[str, Any]:
    """What data say of a teacher's spec, which its row may not say again; labels are merged into classes evenly."""
    merge = row.get("merge", 1)
    if domains > 1:
        raise TypeError("a classifier learns from one data set: repeat it as `partner`")
    if not isinstance(merge, int) or merge < 1 or labels % merge:
        raise TypeError(f"merge: {labels} labels cannot be merged by {merge!r} into equal classes")
    return {"labels": labels, "classes": labels // merge, "resolution": resolution}


def taps(spec: Classes, width: int) -> dict[str, Tap]:
    """What may be compared; `width` is of the last features."""
    return {
        "features": Tap(width, "vector"),
        "logits": Tap(spec.classes * spec.subclasses, "logits"),
        "classes": Tap(spec.classes, "logits"),
    }


def seen(features: Tensor, logits: Z, subclasses: int) -> Seen:
    """The values of the taps."""
    return {"features": features, "logits": logits, "classes": marginal(logits, subclasses)}


def feed(problem: Problem, schedule: Schedule, play: object, seed: int) -> Draw:  # noqa: ARG001 - the contract
    """Images and their labels."""

    def draw(step: int, turn: int) -> Moment:
        real, label = batches.images(problem.at(step), schedule, seed, step, turn)
        random = batches.chance(seed, step, turn)
        # Drawn and not used here: families share the stream, so that each finds its own numbers where they were.
        batches.order(random, len(real))
        tensors = {"real": real, "label": label}
        return Moment(tensors, batches.seed_of(batches.shares(random, len(real))), step, schedule.steps)

    return draw


def alone(
    networks: Networks,
    teacher: Networks | None,
    lessons: Mapping[Role, Teaching],
    weights: Apart,
    watch: Callable[[Moment], Seen],
) -> Game:
    """The game of one classifier, the only player; `watch` is how it sees a moment's images while it learns."""
    ((name, network),) = networks.items()
    spec, lesson = cast(Classes, network.spec), lessons["generator"]

    def learn(moment: Moment) -> Parts:
        found = watch(moment)
        own = {"cross_entropy": cross_entropy(found["classes"], merged(moment["label"], spec.merge))}
        # Of L_aux a student hears through its teacher.
        if teacher is None and weights.apart:
            own["apart"] = weights.apart * apart(found["logits"], weights.temperature)
        return lesson.join(own, found, lesson.observe(teacher, name, moment["real"]), moment)

    player = Player(name, (name, f"{name}_lesson"), learn, "generator")
    return Game({name: network, f"{name}_lesson": lesson}, (player,), keeps=(name,))
