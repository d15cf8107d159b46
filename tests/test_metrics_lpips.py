"""LPIPS in any features equals the published formula; the published trunks are read from files and checked."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from stages.blocks import torchvision_ready
from stages.measuring.perceptual import published
from stages.metrics.lpips import lpips, lpips_judge
from stages.storage.prepared import Bytes, to_tensor


def images(count: int, seed: int, resolution: int = 48) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (count, resolution, resolution, 3), dtype=np.uint8)


def trunk_file(directory: Path, trunk: str) -> tuple[Path, str]:
    """Random weights under the names of torchvision's published file, and their hash."""
    torchvision_ready.declare_missing()
    from torchvision import models

    torch.manual_seed(0)
    build = {"alex": models.alexnet, "vgg": models.vgg16}[trunk]
    # Without the classifier, which the published file carries and LPIPS ignores: it would be most of the bytes.
    with torch.device("meta"):
        shapes = build(weights=None).features.state_dict()
    state = {f"features.{name}": torch.randn(value.shape) * 0.05 for name, value in shapes.items()}
    path = directory / f"{trunk}.pth"
    torch.save({**state, "classifier.6.bias": torch.zeros(3)}, path)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def small_layers(image: Tensor) -> Sequence[Tensor]:
    first = torch.nn.functional.avg_pool2d(image, 2)
    return [first, first.square()]


@pytest.mark.parametrize("trunk", ["alex", "vgg"])
def test_the_published_metric_follows_its_formula_with_weights_from_a_file(trunk: str, tmp_path: Path) -> None:
    path, sha256 = trunk_file(tmp_path, trunk)
    network: Any = published(trunk, path, sha256=sha256)  # type: ignore[arg-type]
    assert not any(parameter.requires_grad for parameter in network.parameters())
    one, other = images(3, seed=1), images(3, seed=2)

    import lpips as package

    learnt = torch.load(Path(package.__file__).parent / f"weights/v0.1/{trunk}.pth", map_location="cpu")
    state = torch.load(path, weights_only=True)
    assert torch.equal(next(iter(network.net.parameters())), state["features.0.weight"])
    shift, scale = torch.tensor([-0.030, -0.088, -0.188]), torch.tensor([0.458, 0.448, 0.450])
    maps = [network.net((x - shift.view(3, 1, 1)) / scale.view(3, 1, 1)) for x in map(to_tensor, (one, other))]
    expected = torch.zeros(3)
    for index, (a, b) in enumerate(zip(*maps, strict=True)):
        a, b = (h / (h.norm(dim=1, keepdim=True) + 1e-10) for h in (a, b))
        expected += (learnt[f"lin{index}.model.1.weight"] * (a - b) ** 2).sum(dim=1).mean(dim=(1, 2))
    found = lpips(one, other, network, batch=2)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-7)
    assert (found > 0).all()
    assert torch.equal(lpips(one, one, network, batch=2), torch.zeros(3))
    torch.testing.assert_close(found, lpips(one, other, network, batch=1), rtol=1e-5, atol=1e-7)


def test_judge_features_equal_the_packages_unweighted_baseline() -> None:
    torchvision_ready.declare_missing()
    import warnings

    import lpips as package

    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        baseline = package.LPIPS(net="alex", pnet_rand=True, lpips=False, verbose=False)
    one, other = images(3, seed=3), images(3, seed=4)

    def layers(image: Tensor) -> Sequence[Tensor]:
        return list(baseline.net(baseline.scaling_layer(image)))

    found = lpips_judge(one, other, layers, batch=2)
    with torch.no_grad():
        torch.testing.assert_close(found, baseline(to_tensor(one), to_tensor(other)).flatten(), rtol=1e-5, atol=1e-7)
    assert torch.equal(lpips_judge(one, one, layers, batch=2), torch.zeros(3))


def test_scaling_the_features_changes_nothing() -> None:
    one, other = images(2, seed=5), images(2, seed=6)

    def scaled(image: Tensor) -> Sequence[Tensor]:
        return [3 * h for h in small_layers(image)]

    torch.testing.assert_close(
        lpips_judge(one, other, small_layers, batch=2), lpips_judge(one, other, scaled, batch=2), rtol=1e-5, atol=1e-7
    )


def test_what_is_no_8_bit_image_is_refused() -> None:
    one = images(2, seed=7)
    wrong: Any = one / np.float32(255)
    with pytest.raises(ValueError, match="takes uint8 images"):
        lpips_judge(wrong, one, small_layers, batch=2)
    with pytest.raises(ValueError, match="takes uint8 images"):
        lpips_judge(one, wrong, small_layers, batch=2)
    with pytest.raises(ValueError, match="takes uint8 images"):
        lpips(one, wrong, nn.Identity().eval(), batch=2)
    with pytest.raises(ValueError, match="eval mode"):
        lpips(one, one, nn.Dropout(), batch=2)


def test_wrong_weights_are_refused(tmp_path: Path) -> None:
    path, _ = trunk_file(tmp_path, "alex")
    with pytest.raises(ValueError, match="expected one that begins with '7be5be79'"):
        published("alex", path)
    torch.save({"features.0.weight": torch.zeros(64, 3, 11, 11)}, tmp_path / "part.pth")
    part = hashlib.sha256((tmp_path / "part.pth").read_bytes()).hexdigest()
    with pytest.raises(ValueError, match=r"no alex trunk of torchvision: it lacks features.0.bias, features.10"):
        published("alex", tmp_path / "part.pth", sha256=part)
    with pytest.raises(FileNotFoundError, match="there are no weights at"):
        published("alex", tmp_path / "absent.pth")
