"""The Inception ruler is pytorch-fid's network, fed from a file; extraction does not depend on the batch."""

import hashlib
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from stages.blocks import torchvision_ready
from stages.blocks.features import extract, quantised, trusted_state
from stages.metrics.inception import FEATURES, load


def images(count: int, seed: int, resolution: int = 32) -> Tensor:
    return torch.rand(count, 3, resolution, resolution, generator=torch.Generator().manual_seed(seed)) * 2 - 1


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
        expected = reference((quantised(given) + 1) / 2)[0].flatten(1)
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
    for wrong in (images(2, seed=3) * 255, images(2, seed=3) * torch.nan):
        with pytest.raises(ValueError, match=r"images in \[-1, 1\]"):
            extract(network, wrong, batch=2)


def test_features_are_those_of_the_stored_image() -> None:
    given = images(2, seed=4)
    assert torch.equal(extract(nn.Flatten().eval(), given, batch=2), quantised(given).flatten(1))
    assert torch.equal(quantised(quantised(given)), quantised(given))
    assert float((quantised(given) - given).abs().max()) <= 1 / 255 + 1e-6
