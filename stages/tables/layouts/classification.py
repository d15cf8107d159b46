"""Rows that classify images."""

from __future__ import annotations

from collections.abc import Iterator

from stages.tables.columns import TRAINING, Column, costs, measured
from stages.tables.gathered import Gathered
from stages.tables.layouts import Layout

MEASURED = (
    Column("error", "Error", "%", 100),
    Column("cross_entropy", "Cross-entropy", "nat"),
    Column("cross_entropy_votes", "Cross-entropy to votes", "nat"),
    Column("f1", "F1, mean", "%", 100),
    Column("f1_weakest", "F1, weakest class", "%", 100),
    Column("auc", "AUC", "%", 100),
    Column("ece", "ECE", "%", 100),
    Column("subclass_ami", "Subclass AMI"),
)
SCORES = ("error", "f1", "auc", "ece", "subclass_ami")


def columns(found: Gathered) -> tuple[Column, ...]:
    """Costs and what was measured."""
    shown = (column for column in MEASURED if found.any_has(column.key))
    return (*costs("k", 1e-3), *measured(found.dictionary, shown))


def notes(found: Gathered) -> Iterator[str]:  # noqa: ARG001 - the contract
    """What the numbers of classifiers mean."""
    yield (
        "Error: share of the test images given another class than theirs. F1 and AUC, of each class against the rest, "
        "are means over classes: where classes are unequal they say more than the error."
    )
    yield (
        "ECE: expected calibration error, 15 bins of equal width. Cross-entropy to votes: to the shares of the "
        "annotators' votes. Subclass AMI: adjusted mutual information of the strongest subclass and the true label."
    )


def limits(found: Gathered) -> Iterator[str]:  # noqa: ARG001 - the contract
    """Nothing beside what holds for all rows."""
    yield from ()


LAYOUT = Layout(
    "Classification", "classifiers", columns, notes, limits,
    ("parameters", "macs", TRAINING, "speed_up", *SCORES),
    ("parameters", "macs", TRAINING, "latency_ms", "speed_up", *SCORES),
    "card_of_classifiers.md.j2",
    {"is taught": "generator"},
)  # fmt: skip
