"""What a measured number depends on beside the network: numbers may stand in one table only if this is equal."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from stages.harness.learning import devices, resume
from stages.harness.measuring.examination import Test
from stages.harness.measuring.rulers import Rulers
from stages.harness.settings.rows import Evaluation
from stages.metrics import attributes, bootstrap, diversity, fid, inception, kid, lpips, pixels

# To be raised when a change elsewhere than in the metrics moves numbers.
VERSION = 2
METRICS = (attributes, bootstrap, diversity, fid, inception, kid, lpips, pixels)
DIGITS = 16
SETTINGS = ("extractor", "lpips", "subsets", "subset_images", "neighbours", "resamples", "allow_small_samples", "seed")


def version(metric: ModuleType) -> str:
    """The beginning of the SHA-256 of a metric's source."""
    return resume.file_hash(Path(str(metric.__file__)))[:DIGITS]


def shared(settings: Evaluation, place: devices.Place) -> dict[str, Any]:
    """What must be equal for all rows."""
    chosen = settings.model_dump(include=set(SETTINGS))
    versions = {metric.__name__.rpartition(".")[2]: version(metric) for metric in METRICS}
    return {
        "version": VERSION,
        "split": "test",
        "real": "validation",
        "precision": place.precision,
        **chosen,
        "metrics": versions,
    }


def of_data(test: Test, rulers: Rulers) -> dict[str, Any]:
    """What must be equal for all rows of one data set."""
    return {
        "data": test.header.sha256[:DIGITS],
        "resolution": test.header.resolution,
        "images": len(test.images),
        "real_images": len(test.real),
        "perceptual_images": test.perceptual,
        **{name: digest[:DIGITS] for name, digest in rulers.sha256.items()},
    }
