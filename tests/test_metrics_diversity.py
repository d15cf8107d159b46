"""Precision and recall equal torch-fidelity's and behave at the known extremes."""

import pytest
import torch
from torch import Tensor

from stages.blocks import torchvision_ready
from stages.measuring.contracts import Sets
from stages.metrics.diversity import measure, precision_recall


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_equals_torch_fidelity() -> None:
    torchvision_ready.declare_missing()
    from torch_fidelity.metric_prc import prc_features_to_metric

    real, fake = normal(150, 6, seed=0), normal(120, 6, seed=1) * 0.7 + 0.3
    reference = prc_features_to_metric(
        fake, real, prc_neighborhood=3, prc_batch_size=50, save_cpu_ram=False, verbose=False
    )
    precision, recall = precision_recall(real, fake, neighbours=3)
    assert 0 < recall < precision < 1
    assert precision == pytest.approx(reference["precision"], rel=1e-6)
    assert recall == pytest.approx(reference["recall"], rel=1e-6)


def test_identical_sets_cover_each_other_and_distant_ones_do_not() -> None:
    real = normal(60, 6, seed=2)
    assert precision_recall(real, real, neighbours=3) == (1, 1)
    assert precision_recall(real, real + 100, neighbours=3) == (0, 0)


def test_one_repeated_image_is_precise_but_not_diverse() -> None:
    real = normal(60, 6, seed=3)
    precision, recall = precision_recall(real, real[:1] + 1e-3 * normal(60, 6, seed=4), neighbours=3)
    assert precision == 1
    assert recall < 0.1


def test_too_few_images_are_refused() -> None:
    with pytest.raises(ValueError, match="3 neighbours need more"):
        precision_recall(normal(60, 6, seed=5), normal(3, 6, seed=5), neighbours=3)


def test_as_many_of_both_sets_as_are_asked_for_are_compared() -> None:
    real, fake = normal(300, 4, seed=3), normal(120, 4, seed=4)
    found = measure(Sets(real, fake, 0), neighbours=3, images=100)
    assert found == measure(Sets(real[:100], fake[:100], 0), neighbours=3)
    assert found != measure(Sets(real, fake, 0), neighbours=3)
