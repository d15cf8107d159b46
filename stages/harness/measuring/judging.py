"""Numbers of one translator on one test: per image and label, then as means, intervals, and distances between sets.

Image i enters its set with label i mod (number of labels).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stages.blocks.features import extract
from stages.harness.measuring import damages
from stages.harness.measuring.examination import Test, Translator, laziness, perfection
from stages.harness.measuring.rulers import Rulers
from stages.harness.settings.rows import Evaluation
from stages.harness.splits.prepared import Bytes, to_tensor
from stages.metrics import attributes, bootstrap, diversity, fid, kid, pixels

IDENTITY = "l1_identity"


@dataclass(frozen=True)
class Taken:
    """What a translator was seen to do: numbers per label and image, identity per image, features of the pooled set."""

    per_image: dict[str, Tensor]
    identity: Tensor
    features: Tensor


def take(
    test: Test, translate: Translator, rulers: Rulers, settings: Evaluation, teacher: Bytes | None, device: torch.device
) -> Taken:
    """Translate everything, batch by batch, and measure it; `teacher` holds the teacher's perceptual images."""
    targets = len(test.wanted)
    pooled = np.empty_like(test.images)
    seen = np.empty((targets, test.perceptual, *test.images.shape[1:]), np.uint8)
    columns: dict[str, list[Tensor]] = {}
    for target in range(targets):
        for part in test.parts(settings.batch):
            images = translate(part, target)
            here = np.arange(part.start, part.stop) % targets == target
            pooled[part][here] = images[here]
            if part.stop <= test.perceptual:
                seen[target, part] = images
            produced = to_tensor(images)
            with torch.inference_mode():
                logits = rulers.judge(produced.to(device)).float().cpu()
            numbers = {**errors(test, target, part, produced), **answers(test, target, part, logits)}
            for name, values in numbers.items():
                columns.setdefault(name, []).append(values)
    per_image = {name: torch.cat(values).view(targets, -1) for name, values in columns.items()}
    return Taken(
        {**per_image, **perceptual(test, seen, rulers, teacher)},
        identity(test, translate, settings.batch),
        extract(rulers.features, to_tensor(pooled), batch=settings.batch, device=device),
    )


def errors(test: Test, target: int, part: slice, produced: Tensor) -> dict[str, Tensor]:
    """How far from the truth, where there is one."""
    if test.positions is None:
        return {}
    return pixels.pixel_errors(produced, to_tensor(test.truth(part, target)), to_tensor(test.images[part]))


def answers(test: Test, target: int, part: slice, logits: Tensor) -> dict[str, Tensor]:
    """Whether the judge sees what was asked for."""
    asked, header = torch.from_numpy(test.wanted[target, part]), test.header
    if header.kind == "expressions":
        return attributes.expression_accuracy(logits, asked)
    column = torch.full((len(asked),), test.domain.columns[target])
    return attributes.attribute_accuracy(logits, asked, column, labels=header.labels, exclusive=header.exclusive)


def perceptual(test: Test, seen: Bytes, rulers: Rulers, teacher: Bytes | None) -> dict[str, Tensor]:
    """Perceptual distance to the exact image and to the teacher's."""
    others: dict[str, list[Bytes]] = {}
    if test.positions is not None:
        others["truth"] = [test.truth(slice(test.perceptual), target) for target in range(len(seen))]
    if teacher is not None:
        others["teacher"] = list(teacher)
    return {
        f"{rulers.perceptual}_{name}": torch.stack(
            [rulers.distance(to_tensor(a), to_tensor(b)).double() for a, b in zip(seen, other, strict=True)]
        )
        for name, other in others.items()
    }


def identity(test: Test, translate: Translator, batch: int) -> Tensor:
    """Error of each image when it is asked for the labels it has."""
    pairs = ((translate(part, None), test.images[part]) for part in test.parts(batch))
    return torch.cat([pixels.l1(*(pixels.levels(to_tensor(images)) for images in pair)) for pair in pairs])


def means(taken: Taken) -> dict[str, float]:
    """Of every column the mean over images, then over labels; one that no image has is left out."""
    found = {name: float(each.nanmean(dim=1).nanmean()) for name, each in taken.per_image.items()}
    return present({**found, IDENTITY: float(taken.identity.mean())})


def by_label(test: Test, taken: Taken) -> dict[str, dict[str, float]]:
    """Of every label and column the mean over images."""
    found = {name: each.nanmean(dim=1).tolist() for name, each in taken.per_image.items()}
    return {
        label: present({name: each[target] for name, each in found.items()})
        for target, label in enumerate(test.domain.names)
    }


def present(numbers: Mapping[str, float]) -> dict[str, float]:
    """The numbers that are some."""
    return {name: value for name, value in numbers.items() if not math.isnan(value)}


def spread(taken: Taken, settings: Evaluation) -> dict[str, tuple[float, float, float]]:
    """Bounds of the bootstrap interval of each mean, and its standard error, over images; labels share their images."""
    found = {}
    for name, each in {**taken.per_image, IDENTITY: taken.identity[None]}.items():
        image = each.nanmean(dim=0)
        image = image[~image.isnan()]
        if len(image) > 1:
            low, high = bootstrap.interval(image, resamples=settings.resamples, seed=settings.seed)
            found[name] = (low, high, float(image.std() / len(image) ** 0.5))
    return found


def distances(real: Tensor, fake: Tensor, suffix: str, settings: Evaluation) -> dict[str, float]:
    """How far the pooled translations are from the real images, as sets."""
    small, moments = settings.allow_small_samples, fid.moments(real)
    subsets, count, seed = settings.subsets, settings.subset_images, settings.seed
    distance, wobble = kid.kid(real, fake, subsets=subsets, subset_images=count, seed=seed)
    precision, recall = diversity.precision_recall(real, fake, neighbours=settings.neighbours)
    found = {
        "fid": fid.frechet_distance(moments, fid.moments(fake), allow_small=small),
        "fid_infinity": fid.frechet_infinity(moments, fake, seed=seed, allow_small=small),
        "kid": distance,
        "kid_spread": wobble,
        "precision": precision,
        "recall": recall,
    }
    return {f"{name}{suffix}": value for name, value in found.items()}


def references(test: Test, rulers: Rulers, settings: Evaluation, device: torch.device) -> dict[str, np.ndarray]:
    """Features of the real images, and what perfection and `return the input` score under the same protocol.

    The latter by label too, under names of three parts.
    """
    real = extract(rulers.features, to_tensor(test.real), batch=settings.batch, device=device)
    lazy = laziness(test)
    translators = {"reference_input": lazy}
    if test.positions is not None:
        translators["perfect"] = perfection(test)
    found: dict[str, np.ndarray] = {}
    for name, translate in translators.items():
        taken = take(test, translate, rulers, settings, None, device)
        numbers = {**means(taken), **distances(real, taken.features, rulers.suffix, settings)}
        found |= {f"{name}_{column}": np.array(number) for column, number in numbers.items()}
        if translate is lazy:
            lines = by_label(test, taken).items()
            found |= {f"{name}/{label}/{key}": np.array(value) for label, line in lines for key, value in line.items()}
    return {"real": real.numpy(), **found}


def sanity(test: Test, rulers: Rulers, settings: Evaluation, device: torch.device) -> dict[str, np.ndarray]:
    """Lines of strength, Fréchet and kernel distance per kind of damage: what the rulers say of images gone wrong."""
    real = extract(rulers.features, to_tensor(test.real), batch=settings.batch, device=device)
    found: dict[str, list[list[float]]] = {}
    for kind, strength, images in damages.damaged(test):
        features = extract(rulers.features, images, batch=settings.batch, device=device)
        numbers = distances(real, features, rulers.suffix, settings)
        line = [strength, numbers[f"fid{rulers.suffix}"], numbers[f"kid{rulers.suffix}"]]
        found.setdefault(kind, []).append(line)
    return {kind: np.array(lines) for kind, lines in found.items()}


def mean_of_all(found: list[dict[str, float]]) -> dict[str, float]:
    """The mean over data sets of what all of them have."""
    names = [name for name in found[0] if all(name in each for each in found)]
    return {name: sum(each[name] for each in found) / len(found) for name in names}


def together(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The judgement of a seed: data sets count equally, and their samples are independent of each other."""
    each = list(found.values())
    overall = mean_of_all([one["overall"] for one in each])
    intervals, errors = {}, {}
    for name in (name for name in each[0]["spread"] if name in overall):
        parts = [(one["overall"][name], *one["spread"][name]) for one in each]
        below = math.hypot(*(mean - low for mean, low, _, _ in parts)) / len(parts)
        above = math.hypot(*(high - mean for mean, _, high, _ in parts)) / len(parts)
        intervals[name] = [overall[name] - below, overall[name] + above]
        errors[name] = math.hypot(*(error for _, _, _, error in parts)) / len(parts)
    data = {name: {"overall": one["overall"], "labels": one["labels"]} for name, one in found.items()}
    return {"overall": overall, "intervals": intervals, "standard_errors": errors, "datasets": data}
