"""Scores of classifiers against scikit-learn's and cases by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, log_loss, roc_auc_score

from stages.measuring import plane
from stages.measuring.contracts import Logits
from stages.metrics import calibration, classification, subclasses


def drawn(classes: int, count: int = 200) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(classes)
    truth = torch.randint(classes, (count,), generator=random)
    logits = torch.randn(count, classes, generator=random) + 1.5 * torch.eye(classes)[truth]
    # Ties, as a network that saturates makes them.
    logits[::7] = logits[::7].round()
    return logits, truth


def scores(logits: torch.Tensor, truth: torch.Tensor) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Means over images, and what is known of each class."""
    given = Logits(logits, logits, truth, 1, None)
    means = {
        name: float(torch.as_tensor(value).double().mean()) for name, value in classification.measure(given).items()
    }
    each = classification.by_class(given)
    return means, [dict(zip(each, numbers, strict=True)) for numbers in zip(*each.values(), strict=True)]


@pytest.mark.parametrize("classes", [2, 5])
def test_scores_are_scikit_learns(classes: int) -> None:
    logits, truth = drawn(classes)
    found, each = scores(logits, truth)
    shares, predicted = logits.double().softmax(dim=1).numpy(), logits.argmax(dim=1)
    assert found["accuracy"] == pytest.approx((predicted == truth).double().mean().item())
    assert found["error"] == pytest.approx(1 - found["accuracy"])
    assert found["cross_entropy"] == pytest.approx(log_loss(truth, shares))
    theirs = f1_score(truth, predicted, average=None)
    assert [one["f1"] for one in each] == pytest.approx(theirs.tolist())
    assert (found["f1"], found["f1_weakest"]) == pytest.approx((theirs.mean(), theirs.min()))
    areas = [roc_auc_score(truth == label, shares[:, label]) for label in range(classes)]
    assert [one["auc"] for one in each] == pytest.approx(areas)
    assert found["auc"] == pytest.approx(np.mean(areas))


def test_the_majority_class_has_accuracy_and_nothing_else() -> None:
    """Why accuracy is not what unequal classes are judged by."""
    truth = torch.tensor([0] * 9 + [1])
    found, each = scores(torch.tensor([[2.0, 0.0]]).expand(10, 2), truth)
    assert found["accuracy"] == pytest.approx(0.9)
    assert each[1]["f1"] == found["f1_weakest"] == 0
    assert found["auc"] == pytest.approx(0.5)


def test_perfect_and_opposite_rankings() -> None:
    score, positive = torch.tensor([0.1, 0.2, 0.8, 0.9]), torch.tensor([False, False, True, True])
    assert classification.area_under_curve(score, positive) == 1
    assert classification.area_under_curve(-score, positive) == 0
    with pytest.raises(ValueError, match="images of the class and others"):
        classification.area_under_curve(score, torch.ones(4, dtype=torch.bool))


def test_votes_are_met_best_by_their_own_shares() -> None:
    votes = torch.tensor([[5.0, 2.0], [1.0, 6.0]])
    mine = (votes / 7).log()
    entropy = -(votes / 7 * mine).sum(dim=1)
    torch.testing.assert_close(classification.against_votes(mine, votes), entropy.double())
    surer = classification.against_votes(3 * mine, votes)
    assert (surer > entropy).all()


@pytest.mark.parametrize(
    ("logits", "truth", "told"),
    [
        (torch.zeros(3, 1), torch.zeros(3, dtype=torch.int64), "two or more classes"),
        (torch.full((3, 2), math.nan), torch.zeros(3, dtype=torch.int64), "finite"),
        (torch.zeros(3, 2), torch.zeros(2, dtype=torch.int64), "a class for each of 3"),
        (torch.zeros(3, 2), torch.tensor([0, 1, 2]), "must be 0 to 1"),
    ],
)
def test_wrong_inputs_are_refused(logits: torch.Tensor, truth: torch.Tensor, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        scores(logits, truth)


def confident(share: float, right: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Images all given class 0 with one confidence, of which some are of class 0."""
    logits = torch.tensor([[math.log(share), math.log(1 - share)]]).expand(count, 2)
    return logits, torch.tensor([0] * right + [1] * (count - right))


def test_calibration_of_cases_by_hand() -> None:
    logits, truth = confident(0.9, 9, 10)
    assert calibration.expected_error(calibration.reliability(logits, truth)) == pytest.approx(0, abs=1e-6)
    others, truths = confident(0.7, 4, 10)
    assert calibration.expected_error(calibration.reliability(others, truths)) == pytest.approx(0.3, abs=1e-6)
    both = calibration.reliability(torch.cat([logits, others]), torch.cat([truth, truths]))
    assert calibration.expected_error(both) == pytest.approx(0.15, abs=1e-6)
    assert [count for count in both.images if count] == [10, 10]


def test_confidence_of_one_stays_in_the_last_bin() -> None:
    found = calibration.reliability(torch.tensor([[100.0, 0.0]]), torch.tensor([0]))
    assert found.images == [0] * 14 + [1]
    assert (found.confidence[-1], found.accuracy[-1]) == (1.0, 1.0)


def test_raising_all_logits_makes_a_network_overconfident() -> None:
    logits, truth = confident(0.7, 7, 10)
    errors = [calibration.expected_error(calibration.reliability(k * logits, truth)) for k in (1.0, 3.0, 9.0)]
    assert errors[0] < 0.01 < 0.1 < errors[1] < errors[2] < 0.31


def test_subclasses_are_found_only_where_labels_were_merged() -> None:
    labels = torch.arange(40) % 4
    logits = torch.nn.functional.one_hot(labels, 4).float()
    assert subclasses.measure(Logits(logits, logits, labels, 1, None)) == {}
    merged = Logits(logits[:, ::2], logits, labels, 2, None)
    assert merged.truth.tolist()[:4] == [0, 0, 1, 1]
    assert subclasses.measure(merged) == {"subclass_ami": pytest.approx(1)}


def test_rediscovery_ignores_names_and_chance() -> None:
    labels = torch.arange(400) % 10
    renamed = torch.nn.functional.one_hot((labels * 3 + 1) % 10, 10).float()
    assert subclasses.rediscovery(renamed, labels) == pytest.approx(1)
    chance = torch.randn(400, 10, generator=torch.Generator().manual_seed(0))
    assert abs(subclasses.rediscovery(chance, labels)) < 0.05


def test_projection_keeps_distances_of_a_plane() -> None:
    points = torch.randn(30, 2, dtype=torch.float64) * torch.tensor([3.0, 1.0])
    axes, _ = torch.linalg.qr(torch.randn(6, 2, dtype=torch.float64))
    found = plane.projection(points @ axes.T + 5)
    torch.testing.assert_close(torch.cdist(found, found), torch.cdist(points, points))
    assert found[:, 0].var() >= found[:, 1].var()
    torch.testing.assert_close(found, plane.projection(points @ axes.T + 5))
