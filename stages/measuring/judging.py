"""Numbers of one translator on one test: per image and label, then as means, intervals, and distances between sets.

Image i enters its set with label i mod (number of labels).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stages.measuring import bootstrap, columns, damages, palette, wholes
from stages.measuring.chosen import Chosen, Settings, needing
from stages.measuring.columns import FCN, INPUT, PERFECT, RULE, TEACHER, TRUTH, named
from stages.measuring.contracts import Answers, Likeness, Pairs, Sets
from stages.measuring.examination import Test, Translator, WayBack, laziness, perfection
from stages.measuring.features import extract
from stages.measuring.rulers import Rulers
from stages.storage.prepared import Bytes, to_tensor


@dataclass(frozen=True)
class Bench:
    """What translators are measured with: the metrics, the rulers of the data set, settings, and the device."""

    metrics: tuple[Chosen, ...]
    rulers: Rulers
    settings: Settings
    device: torch.device

    def columns(self) -> dict[str, dict[str, str]]:
        """What every column that a translator can have means."""
        found: dict[str, tuple[str, columns.Column]] = {}
        affixes = {"perceptual": (TRUTH, TEACHER), "sets": (self.rulers.suffix,), "layouts": (FCN, RULE)}
        for each in self.metrics:
            for name, column in each.metric.COLUMNS.items():
                for affix in affixes.get(each.metric.NEEDS, ("",)):
                    known = columns.affixed(column, affix) if affix else column
                    found[named(name, affix) if affix else name] = (each.name, known)
        return columns.described(found)


@dataclass(frozen=True)
class Taken:
    """What a translator was seen to do.

    `per_image` holds numbers by label and image, `unchanged` by image those of images asked for the labels they have,
    `whole` by label those that only all images together have, `features` the features of the pooled set.
    """

    per_image: dict[str, Tensor]
    unchanged: dict[str, Tensor]
    whole: dict[str, Tensor]
    features: Tensor


@dataclass
class Collected:
    """Pieces of numbers, put together by column."""

    pieces: dict[str, list[Tensor]] = field(default_factory=dict)

    def add(self, metrics: tuple[Chosen, ...], given: Pairs | Answers | Likeness, affix: str = "") -> None:
        """Measure one piece."""
        for metric in metrics:
            for name, values in metric.measure(given).items():
                if not isinstance(values, Tensor):
                    raise TypeError(f"stages/metrics/{metric.name}.py: {name} must hold a number per image")
                self.pieces.setdefault(f"{name}{affix}", []).append(values)

    def columns(self) -> dict[str, Tensor]:
        """Every column as one row of numbers."""
        return {name: torch.cat(values) for name, values in self.pieces.items()}


def take(test: Test, translate: Translator, bench: Bench, teacher: Bytes | None, back: WayBack | None = None) -> Taken:
    """Translate everything, batch by batch, and measure it; `teacher` holds the teacher's perceptual images."""
    targets = len(test.wanted)
    pooled = np.empty_like(test.images)
    seen = np.empty((targets, test.perceptual, *test.images.shape[1:]), np.uint8)
    found, whole = Collected(), []
    for target in range(targets):
        kept = wholes.begin(test, target, bench.metrics, bench.rulers.segmenter, back)
        for part in test.parts(bench.settings.batch):
            images = translate(part, target)
            here = np.arange(part.start, part.stop) % targets == target
            pooled[part][here] = images[here]
            if part.stop <= test.perceptual:
                seen[target, part] = images
            look(test, target, part, images, bench, found)
            kept.look(part, images)
        whole.append(kept.measured())
    per_image = {name: values.view(targets, -1) for name, values in found.columns().items()}
    features = extract(bench.rulers.features, pooled, batch=bench.settings.batch, device=bench.device)
    return Taken(
        {**per_image, **wholes.by_image(whole), **perceptual(test, seen, bench, teacher)},
        unchanged(test, translate, bench),
        wholes.by_whole(whole),
        features,
    )


def look(test: Test, target: int, part: slice, images: Bytes, bench: Bench, found: Collected) -> None:
    """How far images are from the truth, where there is one, and whether the judge sees what was asked for."""
    if test.exact:
        bayes = palette.least(test.header, test.asked[target], "test")
        pairs = Pairs(images, test.truth(part, target), test.images[part], False, bayes)
        found.add(needing(bench.metrics, "pairs"), pairs)
    metrics = needing(bench.metrics, "answers")
    if metrics:
        with torch.inference_mode():
            logits = bench.rulers.judge(to_tensor(images).to(bench.device)).float().cpu()
        asked, header = torch.from_numpy(test.wanted[target, part]), test.header
        column = test.header.labels.index(test.asked[target])
        found.add(metrics, Answers(logits, asked, column, header.labels, header.kind, header.exclusive))


def perceptual(test: Test, seen: Bytes, bench: Bench, teacher: Bytes | None) -> dict[str, Tensor]:
    """Perceptual distance to the exact image and to the teacher's."""
    others: dict[str, list[Bytes]] = {}
    if test.exact:
        others[TRUTH] = [test.truth(slice(test.perceptual), target) for target in range(len(seen))]
    if teacher is not None:
        others[TEACHER] = list(teacher)
    found, metrics = Collected(), needing(bench.metrics, "perceptual")
    for affix, other in others.items():
        for mine, theirs in zip(seen, other, strict=True):
            found.add(metrics, Likeness(mine, theirs, bench.rulers.judge, bench.settings.batch), affix)
    return {name: values.view(len(seen), -1) for name, values in found.columns().items()}


def unchanged(test: Test, translate: Translator, bench: Bench) -> dict[str, Tensor]:
    """What is measured of images that are asked for the labels they have."""
    found, metrics = Collected(), needing(bench.metrics, "pairs")
    for part in test.parts(bench.settings.batch, test.idle.images) if metrics else ():
        original = test.idle.images[part]
        found.add(metrics, Pairs(translate(part, None), original, original, True))
    return found.columns()


def means(taken: Taken) -> dict[str, float]:
    """Of every column the mean over images, then over labels; one that no image has is left out."""
    found = {name: float(each.nanmean(dim=1).nanmean()) for name, each in taken.per_image.items()}
    others = {**taken.unchanged, **taken.whole}
    return without_nan({**found, **{name: float(each.nanmean()) for name, each in others.items()}})


def by_label(test: Test, taken: Taken) -> dict[str, dict[str, float]]:
    """Of every label and column the mean over images."""
    found = {name: each.nanmean(dim=1) for name, each in taken.per_image.items()} | taken.whole
    return {
        label: without_nan({name: float(each[target]) for name, each in found.items()})
        for target, label in enumerate(test.asked)
    }


def without_nan(numbers: Mapping[str, float]) -> dict[str, float]:
    """Remove NaN."""
    return {name: value for name, value in numbers.items() if not math.isnan(value)}


def spread(taken: Taken, settings: Settings) -> dict[str, tuple[float, float, float]]:
    """Bounds of the bootstrap interval of each mean, and its standard error, over images; labels share their images."""
    found = {}
    for name, each in {**taken.per_image, **{name: row[None] for name, row in taken.unchanged.items()}}.items():
        image = each.nanmean(dim=0)
        image = image[~image.isnan()]
        if len(image) > 1:
            low, high = bootstrap.interval(image, resamples=settings.resamples, seed=settings.seed)
            found[name] = (low, high, float(image.std() / len(image) ** 0.5))
    return found


def distances(real: Tensor, fake: Tensor, bench: Bench) -> dict[str, float]:
    """How far the pooled translations are from the real images, as sets."""
    given = Sets(real, fake, bench.settings.seed)
    return {
        f"{name}{bench.rulers.suffix}": float(value)
        for metric in needing(bench.metrics, "sets")
        for name, value in metric.measure(given).items()
    }


def references(test: Test, bench: Bench) -> dict[str, np.ndarray]:
    """Features of the real images, and what perfection and `return the input` score under the same protocol.

    The latter by label too, under names of three parts.
    """
    real = extract(bench.rulers.features, test.real, batch=bench.settings.batch, device=bench.device)
    lazy = laziness(test)
    translators = {INPUT: lazy}
    if test.exact:
        translators[PERFECT] = perfection(test)
    found: dict[str, np.ndarray] = {}
    for prefix, translate in translators.items():
        taken = take(test, translate, bench, None)
        numbers = {**means(taken), **distances(real, taken.features, bench)}
        found |= {named(column, prefix): np.array(number) for column, number in numbers.items()}
        if translate is lazy:
            lines = by_label(test, taken).items()
            found |= {
                f"{prefix}/{label}/{key}": np.array(value) for label, line in lines for key, value in line.items()
            }
    return {"real": real.numpy(), **found}


def distance_columns(bench: Bench) -> dict[str, str]:
    """Of every metric of sets whose first column is better the less it is: the metric, and this column."""
    firsts = {each.name: next(iter(each.metric.COLUMNS.items())) for each in needing(bench.metrics, "sets")}
    return {name: f"{key}{bench.rulers.suffix}" for name, (key, column) in firsts.items() if column.better == "min"}


def sanity(test: Test, bench: Bench) -> dict[str, np.ndarray]:
    """Lines of strength and distances between sets per kind of damage: what rulers say of images gone wrong."""
    real = extract(bench.rulers.features, test.real, batch=bench.settings.batch, device=bench.device)
    found: dict[str, list[list[float]]] = {}
    for kind, strength, images in damages.damaged(test):
        features = extract(bench.rulers.features, images, batch=bench.settings.batch, device=bench.device)
        numbers = distances(real, features, bench)
        line = [strength, *(numbers[column] for column in distance_columns(bench).values())]
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
