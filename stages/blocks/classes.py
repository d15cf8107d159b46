"""What classifiers share: classes with subclasses, the losses on them, and the one player that learns them.

Müller, Kornblith and Hinton, Subclass Distillation, 2020, arXiv 2002.03936. The logits are ordered class by class.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from stages.harness.learning.game import Batch, Player, Seen

Z = Float[Tensor, "n cs"]


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


def sizes(row: dict[str, Any], labels: int, domains: int, resolution: int) -> dict[str, Any]:
    """What data say of a teacher's spec, which its row may not say again; labels are merged into classes evenly."""
    merge = row.get("merge", 1)
    if domains > 1:
        raise TypeError("a classifier learns from one data set: repeat it as `partner`")
    if not isinstance(merge, int) or merge < 1 or labels % merge:
        raise TypeError(f"merge: {labels} labels cannot be merged by {merge!r} into equal classes")
    return {"labels": labels, "classes": labels // merge, "resolution": resolution}


def taps(spec: Any, width: int) -> dict[str, int]:  # noqa: ANN401 - each family has its own Spec
    """Names and channels of what may be compared; `width` is of the last features."""
    return {"features": width, "logits": spec.classes * spec.subclasses, "classes": spec.classes}


def seen(features: Tensor, logits: Z, subclasses: int) -> Seen:
    """The values of the taps."""
    return {"features": features, "logits": logits, "classes": marginal(logits, subclasses)}


def reseed(batch: Batch) -> None:
    """Dropout draws from what is random about the step, so that a resumed training repeats an uninterrupted one."""
    seed = int(batch.mix.flatten()[0] * 2**24)
    # Not torch.manual_seed, which also keeps a list of seeds for every kind of device that is not there.
    torch.default_generator.manual_seed(seed)
    if batch.real.is_cuda:
        torch.cuda.manual_seed(seed)


def alone(
    network: Any,  # noqa: ANN401 - each family has its own
    teacher: dict[str, nn.Module] | None,
    lesson: Any,  # noqa: ANN401 - any lesson
    weights: Any,  # noqa: ANN401 - each family has its own Losses
    watch: Callable[[Tensor], Seen],
) -> list[Player]:
    """The classifier, the only player; `watch` is how it sees images while it learns."""

    def learn(batch: Batch) -> dict[str, Tensor]:
        reseed(batch)
        return losses(watch(batch.real), batch, network.spec, teacher, lesson, weights)

    return [Player("classifier", network, lesson, learn, 1)]


def losses(
    seen: Seen,
    batch: Batch,
    spec: Any,  # noqa: ANN401 - each family has its own Spec
    teacher: dict[str, nn.Module] | None,
    lesson: Any,  # noqa: ANN401 - any lesson
    weights: Any,  # noqa: ANN401 - each family has its own Losses
) -> dict[str, Tensor]:
    """Cross-entropy, for a teacher L_aux, and the lesson, whose own `cross_entropy` takes the first one's place."""
    own = {"cross_entropy": cross_entropy(seen["classes"], merged(batch.label, spec.merge))}
    if teacher is None and weights.apart:
        own["apart"] = weights.apart * apart(seen["logits"], weights.temperature)
    theirs: Seen = {}
    if teacher is not None and lesson.watches_teacher:
        with torch.no_grad():
            watched: Any = teacher["classifier"]
            theirs = watched.watch(batch.real)
    return {**own, **lesson(({**seen, **own}, {}), theirs)}
