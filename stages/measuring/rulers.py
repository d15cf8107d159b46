"""What images of one data set are measured with: its judge, and the published networks where params name them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from stages.measuring import chosen, inception, judges
from stages.measuring.chosen import Chosen
from stages.measuring.columns import JUDGE
from stages.measuring.judge import Judge
from stages.measuring.reader import Reader
from stages.measuring.readings import Mistakes
from stages.measuring.segmenter import Segmenter
from stages.settings import paths
from stages.storage import factors, hashing, weights
from stages.storage.prepared import Header

Extractor = Literal["judge", "inception"]


@dataclass(frozen=True)
class Rulers:
    """The judge, the features that sets are compared in and their columns' suffix, hashes, the judge's accuracy.

    `segmenter` reads the classes of photographs, where the data have layouts; `reader` reads factors and errs as
    `mistakes` say, where they are known.
    """

    judge: Judge
    features: Callable[[Tensor], Tensor]
    suffix: str
    sha256: dict[str, str]
    ceiling: dict[str, float]
    segmenter: Segmenter | None
    reader: Reader | None
    mistakes: Mistakes | None


@cache
def _inception(path: Path, device: torch.device) -> nn.Module:
    return inception.load(path).to(device)


def read(
    header: Header, extractor: Extractor, extractor_weights: str, metrics: Sequence[Chosen], device: torch.device
) -> Rulers:
    """The rulers of a data set; published weights that are not there are an error, never another ruler."""
    file = paths.judge(header.name)
    described = judges.read_for(file, header)
    judge = described.network.to(device)
    mine = hashing.file_hash(file)
    features: Callable[[Tensor], Tensor] = judge.features
    sha256 = {"judge": mine, "extractor": mine}
    if extractor == "inception":
        path = weights.find("inception", extractor_weights)
        features, sha256["extractor"] = _inception(path, device), hashing.file_hash(path)
    for each in chosen.needing(tuple(metrics), "perceptual"):
        sha256[each.name] = "+".join(hashing.file_hash(path) for path in each.weights().values()) or mine
    suffix = JUDGE if extractor == "judge" else ""
    segmenter = None if described.segmenter is None else described.segmenter.to(device)
    reader = None if described.reader is None else described.reader.to(device)
    law = factors.of(header)
    mistakes = None if law is None else described.mistakes(law)
    return Rulers(judge, features, suffix, sha256, described.about["ceiling"], segmenter, reader, mistakes)
