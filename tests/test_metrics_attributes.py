"""What the judge sees against what was asked, with exclusive groups, and for expressions."""

import pytest
import torch

from stages.measuring.contracts import Answers
from stages.measuring.decisions import decisions
from stages.metrics.attributes import attribute_accuracy, measure, strongest_accuracy

LABELS = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
HAIR = (("Black_Hair", "Blond_Hair", "Brown_Hair"),)


def test_of_an_exclusive_group_at_most_the_strongest_is_seen() -> None:
    logits = torch.tensor([[3.0, 1, -1, 2, -2], [-3, -1, -2, -2, 2]])
    assert decisions(logits, LABELS, HAIR).tolist() == [
        [True, False, False, True, False],
        [False, False, False, False, True],
    ]
    assert decisions(logits, LABELS, ()).tolist()[0] == [True, True, False, True, False]


def test_target_and_kept_attributes() -> None:
    wanted = torch.tensor([[0, 1, 0, 1, 0]]).repeat(4, 1)
    logits = torch.tensor(
        [
            [-1.0, 1, -1, 1, -1],  # all as wanted
            [2.0, 1, -1, 1, -1],  # another hair colour is stronger
            [-1.0, 1, -1, -1, -1],  # hair as wanted, Male lost
            [-1.0, -1, -1, -1, 1],  # nothing as wanted
        ]
    )
    blond = attribute_accuracy(logits, wanted, 1, labels=LABELS, exclusive=HAIR)
    assert blond["accuracy_target"].tolist() == [1, 0, 1, 0]
    assert blond["accuracy_kept"].tolist() == [1, 1, 0.5, 0]
    male = attribute_accuracy(logits, wanted, 3, labels=LABELS, exclusive=HAIR)
    assert male["accuracy_target"].tolist() == [1, 1, 0, 0]
    assert male["accuracy_kept"].tolist() == pytest.approx([1, 0.5, 1, 0.5])


def test_perfect_logits_score_one_whatever_is_asked() -> None:
    wanted = torch.tensor([[1, 0, 0, 1, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 1]])
    for target in range(5):
        found = attribute_accuracy(wanted * 2.0 - 1, wanted, target, labels=LABELS, exclusive=HAIR)
        assert all(values.eq(1).all() for values in found.values())
        found = attribute_accuracy(1 - wanted * 2.0, wanted, target, labels=LABELS, exclusive=())
        assert all(values.eq(0).all() for values in found.values())


def test_a_group_alone_keeps_nothing() -> None:
    wanted = torch.tensor([[0, 1, 0]])
    found = attribute_accuracy(wanted * 2.0 - 1, wanted, 1, labels=LABELS[:3], exclusive=HAIR)
    assert found["accuracy_target"].tolist() == [1]
    assert found["accuracy_kept"].isnan().all()


def test_expressions_take_the_strongest() -> None:
    wanted = torch.eye(3)
    logits = torch.tensor([[-1.0, -2, -3], [5, 4, 3], [0, 0.1, 0.2]])
    found = strongest_accuracy(logits, wanted)
    assert list(found) == ["accuracy_target"]
    assert found["accuracy_target"].tolist() == [1, 0, 1]


@pytest.mark.parametrize("kind", ["expressions", "classes"])
def test_of_labels_that_all_exclude_each_other_nothing_is_kept(kind: str) -> None:
    given = Answers(torch.eye(3), torch.eye(3), 1, LABELS[:3], kind, ())
    assert {name: values.tolist() for name, values in measure(given).items()} == {"accuracy_target": [1, 1, 1]}
    assert set(measure(Answers(torch.eye(3), torch.eye(3), 1, LABELS[:3], "attributes", ()))) == {
        "accuracy_target",
        "accuracy_kept",
    }


def test_bad_labels_and_logits_are_refused() -> None:
    logits = torch.zeros(2, 5)
    with pytest.raises(ValueError, match="0 or 1"):
        attribute_accuracy(logits, torch.full((2, 5), 0.5), 0, labels=LABELS, exclusive=HAIR)
    with pytest.raises(ValueError, match="finite logits"):
        decisions(logits * torch.nan, LABELS, HAIR)
    with pytest.raises(ValueError, match="exactly one"):
        strongest_accuracy(logits, torch.ones(2, 5))
    with pytest.raises(ValueError, match="not finite"):
        strongest_accuracy(logits * torch.nan, torch.eye(5)[:2])
