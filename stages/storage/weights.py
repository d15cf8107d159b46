"""Published weights that metrics and families may ask for: file names, the places they are looked for, hashes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.settings import paths
from stages.storage import hashing

ENVIRONMENT = "RETORT_WEIGHTS"


class WeightsError(ValueError):
    """Weights are absent or not the published ones; the message says where they belong and how to get them."""


@dataclass(frozen=True)
class Weights:
    """A published file, whose name ends in the first eight hex digits of its SHA-256: all its publisher states."""

    file: str
    url: str
    sha256_prefix: str
    about: str
    megabytes: int


PUBLISHED = {
    "inception": Weights(
        file="pt_inception-2015-12-05-6726825d.pth",
        url="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
        sha256_prefix="6726825d",
        about="the Inception network of the published FID (pytorch-fid)",
        megabytes=96,
    ),
    "alex": Weights(
        file="alexnet-owt-7be5be79.pth",
        url="https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
        sha256_prefix="7be5be79",
        about="torchvision's AlexNet, under LPIPS",
        megabytes=244,
    ),
    "vgg": Weights(
        file="vgg16-397923af.pth",
        url="https://download.pytorch.org/models/vgg16-397923af.pth",
        sha256_prefix="397923af",
        about="torchvision's VGG-16, under LPIPS",
        megabytes=553,
    ),
    "resnet50": Weights(
        file="resnet50-11ad3fa6.pth",
        url="https://download.pytorch.org/models/resnet50-11ad3fa6.pth",
        sha256_prefix="11ad3fa6",
        about="torchvision's ResNet-50, where a teacher starts",
        megabytes=103,
    ),
    "mobilenet_v2": Weights(
        file="mobilenet_v2-7ebf99e0.pth",
        url="https://download.pytorch.org/models/mobilenet_v2-7ebf99e0.pth",
        sha256_prefix="7ebf99e0",
        about="torchvision's MobileNetV2, where a student starts",
        megabytes=14,
    ),
}


def places(name: str, path: str | None) -> Iterator[Path]:
    """Where a file is looked for; a path that params name is the only place, for it may hold other weights."""
    file = PUBLISHED[name].file
    if path:
        named = Path(path).expanduser()
        yield named / file if named.is_dir() else named
        return
    if ENVIRONMENT in os.environ:
        yield Path(os.environ[ENVIRONMENT]).expanduser() / file
    yield paths.WEIGHTS / file
    # torch.hub's rule, without importing torch: `retort fetch` only looks.
    caches = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    yield Path(os.environ.get("TORCH_HOME", f"{caches}/torch")).expanduser() / "hub" / "checkpoints" / file


def find(name: str, path: str | None) -> Path:
    """The file of published weights, or an error that names every place tried; an empty path counts as none."""
    if name not in PUBLISHED:
        raise WeightsError(f"no published weights named {name!r}; there are: {', '.join(PUBLISHED)}")
    tried = list(places(name, path))
    for place in tried:
        if place.is_file():
            return place
    listed = "".join(f"\n  {place}" for place in tried)
    remedy = "correct the path in params.yaml" if path else f"`retort fetch {name}` downloads or explains"
    raise WeightsError(f"the {name} weights ({PUBLISHED[name].file}) are in none of these places; {remedy}:{listed}")


def verify(path: Path, sha256_prefix: str) -> str:
    """The file's SHA-256, which must begin with the published digits."""
    digest = hashing.file_hash(path)
    if not digest.startswith(sha256_prefix):
        raise WeightsError(
            f"{path} has SHA-256 {digest[:16]}…, the published file begins with {sha256_prefix}: "
            "it is damaged or another file; delete it and fetch it again"
        )
    return digest


def load(name: str, path: str | None) -> Any:  # noqa: ANN401 - what torch.load returns
    """Find, verify and load published weights; never unpickles code."""
    import torch

    found = find(name, path)
    verify(found, PUBLISHED[name].sha256_prefix)
    return torch.load(found, map_location="cpu", weights_only=True)
