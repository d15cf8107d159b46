"""Sets of images that are too few for what compares them, as far as params tell how many images there are.

Stages find this too, but only once everything has been trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from retort.checking.sentences import Problem
from stages.measuring import judge
from stages.settings import members, sweeps
from stages.settings.rows import DataRow, Params

INCEPTION, FEATURES = "inception", 2048
"""The features of the published network: Gaussians are fitted to more images than these."""


def check(params: Params) -> Iterator[Problem]:
    """Metrics of sets that would refuse the images of some row's data; each is told of its fewest."""
    pairs = {(row.examination, name) for row in sweeps.rows(params).values() for name in (row.dataset, row.partner)}
    for examination, given in params.evaluation.items():
        counts = [
            (count, f"{count} {split} images of data set {name!r}")
            for exam, name in sorted(pairs)
            if exam == examination and name in params.datasets
            for split, count in held(examination, given, params.datasets[name])
        ]
        if counts:
            yield from refused(f"evaluation.{examination}.metrics", given, *min(counts))
    for name, search in params.searches.items():
        if search.images < judge.FEATURES:
            told = f"{search.images} images have no Fréchet distance over the {judge.FEATURES} features of a judge"
            yield Problem(f"searches.{name}.images", f"{told}; write at least {judge.FEATURES}")


def held(examination: str, given: Mapping[str, Any], row: DataRow) -> Iterator[tuple[str, int]]:
    """How many images of each split form a set, of the splits whose count the data's settings tell."""
    if examination not in members.names("examinations"):
        return
    asks = members.load("examinations", examination).ASKS
    parts, most = 2 if "DIRECTIONS" in asks else 1, given.get("images")
    # Images that are made of latents are as many as are asked for, and held against all real ones.
    for split in ("test", "validation") if "translate" in asks else ("test",) if "fresh" not in row.settings else ():
        count = row.settings.get(split)
        if isinstance(count, int) and isinstance(most, int):
            yield split, min(count // parts, most)


def refused(path: str, given: Mapping[str, Any], count: int, told: str) -> Iterator[Problem]:
    """What a metric says of so few images."""
    metrics = given.get("metrics")
    for name, settings in metrics.items() if isinstance(metrics, dict) else ():
        if not isinstance(settings, dict):
            continue
        few = settings.get("allow_small_samples") is False and given.get("extractor") == INCEPTION
        if few and count <= FEATURES:
            yield Problem(
                f"{path}.{name}.allow_small_samples",
                f"Inception has {FEATURES} features, and there are {told}; write true, and compare only equal counts",
            )
        wanted = settings.get("subset_images")
        if isinstance(wanted, int) and wanted > count:
            yield Problem(
                f"{path}.{name}.subset_images", f"{wanted} cannot be drawn from {told}; write at most {count}"
            )
