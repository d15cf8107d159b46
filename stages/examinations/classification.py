"""Classifying the test split with every seed of a row: how often right, how sure, and which subclasses it found."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from stages.learning import checkpoints, roles
from stages.learning.devices import Place
from stages.measuring import bootstrap, chosen, columns, plane
from stages.measuring.chosen import Chosen
from stages.measuring.contracts import Classifies, Logits, Report
from stages.measuring.protocols import DIGITS
from stages.settings import members, paths
from stages.settings.rows import Params, VariantRow
from stages.storage import prepared

OFFERS = ("logits",)
KINDS = ("expressions", "classes", "domains")
ASKS, WATCHES = (), ("classes", "logits")
HEADLINE = ("error",)
# To be raised when a change elsewhere than in the metrics moves numbers.
VERSION = 1


class Settings(chosen.Settings):
    """What every examination is told, and no more."""


def examine(name: str, row: VariantRow, settings: Params, place: Place) -> tuple[Report, None]:
    """What is measured of every seed of a row; a classifier makes no picture."""
    mine = Settings.model_validate(settings.evaluation[row.examination])
    metrics = chosen.choose(mine.metrics, OFFERS, row.examination)
    data = prepared.read(paths.dataset(row.dataset))
    (kept,) = roles.names(members.load("families", row.family), "generator")
    seeds: dict[str, Any] = {}
    drawn: Report = {}
    for seed in row.seeds:
        checkpoint = checkpoints.read(paths.student(name, seed))
        network: Any = checkpoint.networks[kept].to(place.device).eval()
        answers = answer(network, data.split("test"), mine.batch, place.device)
        trained = {"training_precision": checkpoint.about["precision"]}
        seeds[str(seed)] = {**trained, **judge(answers, data.header.labels, metrics, mine)}
        if answers.merge > 1 and row.compression == "none":
            drawn = {"picture": picture(answers)}
    described = {c: (each.name, column) for each in metrics for c, column in each.metric.COLUMNS.items()}
    surroundings = {"columns": columns.described(described), "protocol": protocol(data, mine, place), "references": {}}
    return {**surroundings, **drawn, "seeds": seeds}, None


def answer(network: Classifies, split: prepared.Split, batch: int, device: torch.device) -> Logits:
    """What a network says of all images, batch by batch."""
    said: list[tuple[Tensor, Tensor]] = []
    with torch.inference_mode():
        for start in range(0, len(split.images), batch):
            seen = network.watch(prepared.to_tensor(split.images[start : start + batch]).to(device))
            said.append((seen["classes"].float().cpu(), seen["logits"].float().cpu()))
    classes, subclasses = (torch.cat(each) for each in zip(*said, strict=True))
    labels = torch.from_numpy(np.array(split.labels))
    votes = None if split.votes is None else torch.from_numpy(np.array(split.votes))
    return Logits(classes, subclasses, labels.argmax(dim=1), labels.shape[1] // classes.shape[1], votes)


def names(labels: tuple[str, ...], merge: int) -> list[str]:
    """The classes' names; merged ones are called by their first and last label."""
    groups = [labels[start : start + merge] for start in range(0, len(labels), merge)]
    return [group[0] if len(group) == 1 else f"{group[0]}–{group[-1]}" for group in groups]


def judge(answers: Logits, labels: tuple[str, ...], metrics: tuple[Chosen, ...], settings: Settings) -> dict[str, Any]:
    """Everything measured of one training."""
    measured = {name: value for each in metrics for name, value in each.measure(answers).items()}
    images = {name: value for name, value in measured.items() if isinstance(value, Tensor)}
    bounds = {
        name: bootstrap.interval(values, resamples=settings.resamples, seed=settings.seed)
        for name, values in images.items()
    }
    by_class = {name: numbers for each in metrics for name, numbers in each.more("by_class", answers).items()}
    return {
        "overall": {
            name: float(value.mean()) if isinstance(value, Tensor) else value for name, value in measured.items()
        },
        "intervals": {name: list(pair) for name, pair in bounds.items()},
        "standard_errors": {name: float(values.std() / len(values) ** 0.5) for name, values in images.items()},
        "labels": {
            label: {name: numbers[index] for name, numbers in by_class.items()}
            for index, label in enumerate(names(labels, answers.merge))
        },
        **{name: drawn for each in metrics for name, drawn in each.more("drawing", answers).items()},
    }


def picture(answers: Logits) -> dict[str, Any]:
    """Every image's place in the plane of the logits' two principal components, beside its true label."""
    points = plane.projection(answers.subclasses)
    return {
        "x": points[:, 0].tolist(),
        "y": points[:, 1].tolist(),
        "label": answers.labels.tolist(),
        "subclass": answers.subclasses.argmax(dim=1).tolist(),
    }


def protocol(data: prepared.Prepared, settings: Settings, place: Place) -> dict[str, Any]:
    """What a number depends on beside the network and the metrics."""
    header = data.header
    shared = {"version": VERSION, "split": "test", "precision": place.precision}
    own = {"data": header.sha256[:DIGITS], "resolution": header.resolution, "images": header.counts["test"]}
    return {
        "shared": {**shared, **settings.model_dump(include={"resamples", "seed"})},
        "datasets": {header.name: own},
    }
