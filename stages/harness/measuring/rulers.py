"""What images of one data set are measured with: its judge, and the published networks where params ask for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from stages.blocks.judge import Judge
from stages.harness.exchange import weights
from stages.harness.learning import resume
from stages.harness.measuring import judges
from stages.harness.settings import paths
from stages.harness.settings.rows import Evaluation
from stages.harness.splits.prepared import Header
from stages.metrics import inception, lpips

Distance = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Rulers:
    """Answers, features and perceptual distance, the ends of their columns' names, and the judge's own accuracy."""

    judge: Judge
    features: Callable[[Tensor], Tensor]
    suffix: str
    distance: Distance
    perceptual: str
    sha256: dict[str, str]
    ceiling: dict[str, float]


@cache
def _inception(path: Path, device: torch.device) -> nn.Module:
    return inception.load(path).to(device)


@cache
def _perceptual(trunk: Literal["alex", "vgg"], path: Path, device: torch.device) -> nn.Module:
    return lpips.published(trunk, path).to(device)


def load(settings: Evaluation, header: Header, device: torch.device) -> Rulers:
    """The rulers of a data set; published weights that are not there are an error, never another ruler."""
    file = paths.judge(header.name)
    described = judges.load_for(file, header)
    judge = described.network.to(device)
    mine = resume.file_hash(file)
    sha256 = {"judge": mine, "extractor": mine, "lpips": mine}
    features: Callable[[Tensor], Tensor] = judge.features
    distance: Distance = partial(lpips.lpips_judge, layers=judge.maps, batch=settings.batch, device=device)
    if settings.extractor == "inception":
        path = weights.find("inception", settings.extractor_weights)
        features, sha256["extractor"] = _inception(path, device), resume.file_hash(path)
    if settings.lpips != "judge":
        path = weights.find(settings.lpips, settings.lpips_weights)
        network = _perceptual(settings.lpips, path, device)
        distance = partial(lpips.lpips, network=network, batch=settings.batch, device=device)
        sha256["lpips"] = resume.file_hash(path)
    suffix = "_judge" if settings.extractor == "judge" else ""
    return Rulers(judge, features, suffix, distance, f"lpips_{settings.lpips}", sha256, described.about["ceiling"])
