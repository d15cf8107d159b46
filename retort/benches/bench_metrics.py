"""Our FID timed against the pytorch-fid program: same images, same extractor, in turns, and the same number.

pytorch-fid (https://github.com/mseitzer/pytorch-fid) reads both folders of PNG files each time. Ours takes the images
as they come from a network, rounded to 8 bits as the files are, and knows the moments of the real ones already, which
an evaluation computes once for all rows; `first_s` is our time without that.
"""

from __future__ import annotations

import io
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from stages.blocks import torchvision_ready
from stages.measuring import features, frechet, inception
from stages.measuring.judge import Judge
from stages.settings import machine
from stages.storage import weights
from stages.storage.prepared import to_uint8

THEIR_BATCH = 50
OUR_BATCH = 100
PATCHES = 8

Extractor = Literal["judge", "inception"]


def pictures(count: int, resolution: int, seed: int, tint: float) -> Tensor:
    """Soft random colour fields under a little noise, which compress about as photographs do."""
    random = torch.Generator().manual_seed(seed)
    fields = torch.rand(count, 3, PATCHES, PATCHES, generator=random) * 2 - 1 + tint
    smooth = F.interpolate(fields, (resolution, resolution), mode="bicubic")
    return (smooth + 0.05 * torch.randn(smooth.shape, generator=random)).clamp(-1, 1)


def write_pngs(images: Tensor, folder: Path) -> None:
    """The files that pytorch-fid reads."""
    folder.mkdir()
    for number, image in enumerate(to_uint8(images)):
        Image.fromarray(image).save(folder / f"{number:06d}.png")


def extractor(kind: Extractor, resolution: int) -> tuple[Callable[[Tensor], Tensor], int]:
    """Features of images in [-1, 1], and how many; a judge with random weights costs what a trained one does."""
    if kind == "inception":
        return inception.load(weights.find("inception", None)), inception.FEATURES
    torch.manual_seed(0)
    judge = Judge(5, 32, resolution).eval().requires_grad_(False)
    return judge.features, judge.squeeze.out_features


class ForProgram(nn.Module):
    """The extractor as pytorch-fid calls it: images in [0, 1], a list of maps."""

    def __init__(self, network: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> list[Tensor]:
        return [self.network(2 * images - 1)[:, :, None, None]]


def program() -> Any:  # noqa: ANN401 - a module without types
    """pytorch-fid, imported."""
    torchvision_ready.declare_missing()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pytorch_fid import fid_score
    return fid_score


def by_program(folders: tuple[Path, Path], model: nn.Module, dimension: int, workers: int) -> float:
    """The path that the pytorch-fid program takes, from two folders to a number."""
    called = program()
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        # It calls SciPy in a way that is deprecated, and draws progress bars.
        warnings.simplefilter("ignore")
        real, fake = (
            called.compute_statistics_of_path(str(folder), model, THEIR_BATCH, dimension, "cpu", workers)
            for folder in folders
        )
        return float(called.calculate_frechet_distance(*real, *fake))


def moments(images: Tensor, network: Callable[[Tensor], Tensor]) -> frechet.Moments:
    """What FID needs to know of a set of images."""
    return frechet.moments(features.extract(network, to_uint8(images), batch=OUR_BATCH))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came out."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def run(
    kind: Extractor, count: int, resolution: int, rounds: int, cores: int, workers: int, report: Callable[[str], None]
) -> dict[str, Any]:
    """Both FIDs of the same two sets, in turns; `report` is told what begins."""
    load = machine.load()
    torch.set_num_threads(cores)
    network, dimension = extractor(kind, resolution)
    model = ForProgram(network)
    real, fake = pictures(count, resolution, 0, 0.0), pictures(count, resolution, 1, 0.1)
    times: dict[str, list[float]] = {"pytorch_fid": [], "ours": [], "first": []}
    with tempfile.TemporaryDirectory() as scratch:
        folders = (Path(scratch) / "real", Path(scratch) / "fake")
        report(f"writing 2 x {count} PNG files of {resolution} px")
        for images, folder in zip((real, fake), folders, strict=True):
            write_pngs(images, folder)
        known = moments(real, network)
        # Too few images are refused before the other side has read any.
        frechet.frechet_distance(known, known)
        program()
        for number in range(rounds):
            report(f"round {number + 1} of {rounds}")
            seconds, theirs = timed(lambda: by_program(folders, model, dimension, workers))
            times["pytorch_fid"].append(seconds)
            seconds, ours = timed(lambda: frechet.frechet_distance(known, moments(fake, network)))
            times["ours"].append(seconds)
            seconds, again = timed(lambda: frechet.frechet_distance(moments(real, network), moments(fake, network)))
            times["first"].append(seconds)
    medians = {name: statistics.median(each) for name, each in times.items()}
    return {
        "machine": {
            "cpu": machine.cpu_model(),
            "cores": cores,
            "torch": torch.__version__,
            "load_before": load,
        },
        "extractor": kind,
        "features": dimension,
        "images": count,
        "resolution": resolution,
        "rounds": rounds,
        "pytorch_fid": theirs,
        "ours": ours,
        "relative_difference": max(abs(each - theirs) / abs(theirs) for each in (ours, again)),
        "pytorch_fid_s": medians["pytorch_fid"],
        "ours_s": medians["ours"],
        "first_s": medians["first"],
        "ratio": medians["pytorch_fid"] / medians["ours"],
        "ratio_first": medians["pytorch_fid"] / medians["first"],
    }
