"""Rows that translate between two domains, each direction by itself."""

from __future__ import annotations

from collections.abc import Iterator

from stages.tables.columns import RELATIVE, TRAINING, Column, costs, measured
from stages.tables.gathered import Gathered
from stages.tables.layouts import Layout, translation

MEASURED = (
    Column("fid", "FID"),
    Column("fid_judge", "FID", sign="†"),
    Column("kid", "KID", "10⁻³", 1e3),
    Column("kid_judge", "KID", "10⁻³", 1e3, sign="†"),
    Column("accuracy_target", "Accuracy", "%", 100),
    Column("class_iou_fcn_judge", "Class IoU, fcn_judge", "%", 100),
    Column("class_accuracy_fcn_judge", "Class accuracy, fcn_judge", "%", 100),
    Column("pixel_accuracy_fcn_judge", "Pixel accuracy, fcn_judge", "%", 100),
    Column("class_iou_exact", "Class IoU, rule", "%", 100),
    Column("class_accuracy_exact", "Class accuracy, rule", "%", 100),
    Column("pixel_accuracy_exact", "Pixel accuracy, rule", "%", 100),
    Column("kept_colour", "Colour kept", "%", 100),
    Column("l1_cycle", "Cycle error", "10⁻³", 1e3),
    Column("stray", "Stray"),
    Column("gain", "Gain"),
    Column("l1_bayes", "L1 / Bayes"),
    Column("l1", "Exact error L1", "10⁻³", 1e3),
    Column(RELATIVE, "L1 / input", over_input="l1"),
)
MADE = ("fid", "fid_judge", "accuracy_target", "pixel_accuracy_fcn_judge", "stray", "gain", "l1_bayes", "l1")
SHORT = ("parameters", "macs", TRAINING, "speed_up", *MADE, RELATIVE)
ON_CARD = ("parameters", "macs", TRAINING, "latency_ms", "speed_up", *MADE, RELATIVE)


TOLD = (
    (
        {"fid", "fid_judge", "kid", "kid_judge"},
        "FID, KID: translations of a direction against real images of its target label, at most {images} of each; they "
        "say whether images look real, not whether they are the right ones.",
    ),
    (
        {"accuracy_target"},
        "Accuracy: the judge sees the target label; what it makes of the exact images is the ceiling.",
    ),
    (
        {"l1"},
        "Exact error: mean absolute difference from the image a perfect translator returns; L1 / input: over that of "
        "returning the input.",
    ),
    (
        {"gain"},
        "Gain: the change along the exact one, over that: 1 is all of it, 0 returns the input. Stray: the rest of the "
        "change, over the exact one.",
    ),
    (
        {"l1_bayes"},
        "L1 / Bayes: the exact error over that of the best answer, the pixelwise median over renderings of the same "
        "layout: photographs have light and colours that a label map does not tell.",
    ),
    (
        {"pixel_accuracy_fcn_judge", "pixel_accuracy_exact"},
        "Pixel accuracy, class accuracy, class IoU: classes read in the photographs against those asked for, by "
        "fcn_judge, a small network trained on train photographs, or by rule, the nearest chromaticity; what they read "
        "in the exact images is the ceiling. Not comparable with scores by FCN-8s.",
    ),
    (
        {"kept_colour"},
        "Cycle error: to the input, translated there and back. Colour kept: share of the variance of the colour of "
        "what changes that is there after the cycle; where data hide this colour in the other domain, it was smuggled.",
    ),
)
"""What is said of the columns that a table has, in this order."""


def columns(found: Gathered) -> tuple[Column, ...]:
    """Costs and what was measured."""
    shown = (column for column in MEASURED if found.any_has(column.source))
    return (*costs(both_rules=True), *measured(found.dictionary, shown))


def notes(found: Gathered) -> Iterator[str]:
    """What the numbers of translators between two domains mean."""
    keys = {column.key for column in columns(found)}
    yield "Numbers are means over the directions that a row translates; results/quality holds those of each."
    for about, text in TOLD:
        if keys & about:
            yield text.format(images=found.evaluation()["images"])


def limits(found: Gathered) -> Iterator[str]:
    """Rows that hardly translate, and what distances are measured with."""
    yield from translation.limits(found)


LAYOUT = Layout(
    "Two domains", "directions", columns, notes, limits, SHORT, ON_CARD, "card_of_directions.md.j2",
    {"generators are taught": "generator", "discriminators are taught": "discriminator"},
)  # fmt: skip
