"""Classifying the test split with every seed of a row: how often right, how sure, and which subclasses it found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from stages.blocks import classes
from stages.harness.learning import checkpoints, devices, resume
from stages.harness.settings import members, params, paths
from stages.harness.settings.rows import Evaluation, VariantRow
from stages.harness.splits import prepared
from stages.metrics import bootstrap, calibration, classification, subclasses

METRICS: tuple[ModuleType, ...] = (bootstrap, calibration, classification, subclasses)
VERSION, DIGITS = 1, 16


@dataclass(frozen=True)
class Answers:
    """What a network said of every image: logits of classes and of their subclasses."""

    classes: Tensor
    subclasses: Tensor


def answer(network: Any, images: prepared.Bytes, batch: int, device: torch.device) -> Answers:  # noqa: ANN401
    """All images, batch by batch, in evaluation mode."""
    said: list[tuple[Tensor, Tensor]] = []
    network = network.to(device).eval()
    with torch.inference_mode():
        for start in range(0, len(images), batch):
            seen = network.watch(prepared.to_tensor(images[start : start + batch]).to(device))
            said.append((seen["classes"].float().cpu(), seen["logits"].float().cpu()))
    return Answers(*(torch.cat(each) for each in zip(*said, strict=True)))


def names(labels: tuple[str, ...], merge: int) -> list[str]:
    """The classes' names; merged ones are called by their first and last label."""
    groups = [labels[start : start + merge] for start in range(0, len(labels), merge)]
    return [group[0] if len(group) == 1 else f"{group[0]}–{group[-1]}" for group in groups]


def judge(split: prepared.Split, labels: tuple[str, ...], answers: Answers, merge: int, settings: Evaluation) -> Any:  # noqa: ANN401
    """Everything measured of one training."""
    marked = torch.from_numpy(np.array(split.labels))
    truth = classes.merged(marked, merge)
    overall, each = classification.scores(answers.classes, truth)
    sure = calibration.reliability(answers.classes, truth)
    overall["ece"] = calibration.expected_error(sure)
    images = classification.per_image(answers.classes, truth)
    if split.votes is not None:
        votes = torch.from_numpy(np.array(split.votes))
        images["cross_entropy_votes"] = classification.against_votes(answers.classes, votes)
        overall["cross_entropy_votes"] = float(images["cross_entropy_votes"].mean())
    if merge > 1:
        overall["subclass_ami"] = subclasses.rediscovery(answers.subclasses, marked.argmax(dim=1))
    bounds = {
        name: bootstrap.interval(values, resamples=settings.resamples, seed=settings.seed)
        for name, values in images.items()
    }
    return {
        "overall": overall,
        "intervals": {name: list(pair) for name, pair in bounds.items()},
        "standard_errors": {name: float(values.std() / len(values) ** 0.5) for name, values in images.items()},
        "labels": dict(zip(names(labels, merge), each, strict=True)),
        "reliability": asdict(sure),
    }


def picture(answers: Answers, split: prepared.Split) -> dict[str, Any]:
    """Every image's place in the plane of the logits' two principal components, beside its true label."""
    points = subclasses.projection(answers.subclasses)
    return {
        "x": points[:, 0].tolist(),
        "y": points[:, 1].tolist(),
        "label": np.array(split.labels).argmax(axis=1).tolist(),
        "subclass": answers.subclasses.argmax(dim=1).tolist(),
    }


def protocol(data: prepared.Prepared, settings: Evaluation, place: devices.Place) -> dict[str, Any]:
    """What a number depends on beside the network."""
    versions = {m.__name__.rpartition(".")[2]: resume.file_hash(Path(str(m.__file__)))[:DIGITS] for m in METRICS}
    shared = {"examination": "classification", "version": VERSION, "split": "test", "precision": place.precision}
    chosen = {"bins": calibration.BINS, "resamples": settings.resamples, "seed": settings.seed}
    header = data.header
    own = {"data": header.sha256[:DIGITS], "resolution": header.resolution, "images": header.counts["test"]}
    return {"shared": {**shared, **chosen, "metrics": versions}, "datasets": {header.name: own}}


def examine(name: str, row: VariantRow, settings: params.Params, place: devices.Place) -> tuple[dict[str, Any], None]:
    """What is measured of every seed of a row; a classifier makes no picture."""
    data = prepared.read(paths.dataset(row.dataset))
    split, labels = data.split("test"), data.header.labels
    kept = members.load("families", row.family).NETWORKS[0]
    seeds: dict[str, Any] = {}
    drawn: dict[str, Any] = {}
    for seed in row.seeds:
        checkpoint = checkpoints.load(paths.student(name, seed))
        network: nn.Module = checkpoint.networks[kept]
        merge = checkpoint.spec.merge
        answers = answer(network, split.images, settings.evaluation.batch, place.device)
        trained = {"training_precision": checkpoint.about["precision"]}
        seeds[str(seed)] = {**trained, **judge(split, labels, answers, merge, settings.evaluation)}
        if merge > 1 and row.compression == "none":
            drawn = {"picture": picture(answers, split)}
    return {"protocol": protocol(data, settings.evaluation, place), "references": {}, **drawn, "seeds": seeds}, None
