"""The Inception ruler is pytorch-fid's network, fed from a file; extraction does not depend on the batch."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from stages.blocks import torchvision_ready
from stages.measuring.features import extract, trusted_state
from stages.measuring.inception import FEATURES, load
from stages.storage.prepared import Bytes, to_tensor


def images(count: int, seed: int, resolution: int = 32) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (count, resolution, resolution, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Random weights under the names of the published file, and their hash."""
    torchvision_ready.declare_missing()
    from torchvision.models import inception_v3

    # The patched blocks of pytorch-fid change arithmetic and no shape: torchvision's network has the published names.
    network = inception_v3(weights=None, aux_logits=False, num_classes=1008, init_weights=False)
    random = torch.Generator().manual_seed(0)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=random)
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(network.state_dict(), path)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_equals_pytorch_fid_whatever_the_batch(weights: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    path, sha256 = weights
    network = load(path, sha256=sha256)
    given = images(3, seed=1)
    features = extract(network, given, batch=2)
    assert features.shape == (3, FEATURES)
    assert not any(parameter.requires_grad for parameter in network.parameters())

    from pytorch_fid import inception as fid

    monkeypatch.setattr(fid, "load_state_dict_from_url", lambda *_, **__: torch.load(path, weights_only=True))
    reference = fid.InceptionV3().eval()
    with torch.no_grad():
        expected = reference((to_tensor(given) + 1) / 2)[0].flatten(1)
    scale = float(expected.abs().max())
    assert float(expected.std(dim=0).max()) > 1e-3 * scale
    torch.testing.assert_close(features, expected, rtol=1e-5, atol=1e-5 * scale)
    torch.testing.assert_close(features, extract(network, given, batch=1), rtol=1e-5, atol=1e-5 * scale)


def test_weights_are_read_only_from_the_expected_file(weights: tuple[Path, str], tmp_path: Path) -> None:
    path, sha256 = weights
    with pytest.raises(ValueError, match="expected one that begins with '6726825d'"):
        load(path)
    with pytest.raises(ValueError, match="begins with"):
        trusted_state(path, sha256[:4])
    with pytest.raises(FileNotFoundError, match="there are no weights at"):
        load(tmp_path / "absent.pth")


def test_extraction_refuses_what_would_make_it_wrong() -> None:
    network = nn.Sequential(nn.BatchNorm2d(3), nn.Flatten())
    with pytest.raises(ValueError, match="eval mode"):
        extract(network, images(4, seed=2), batch=2)
    network.eval()
    assert torch.equal(extract(network, images(5, seed=2), batch=2), extract(network, images(5, seed=2), batch=5))
    others: list[Any] = [images(2, seed=3) / np.float32(255), images(2, seed=3)[..., :1]]
    for wrong in others:
        with pytest.raises(ValueError, match="takes uint8 images"):
            extract(network, wrong, batch=2)
