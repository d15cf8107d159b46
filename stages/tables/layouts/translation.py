"""Rows that translate images between labels."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from stages.tables.columns import RELATIVE, TRAINING, Column, costs, measured
from stages.tables.gathered import Gathered
from stages.tables.layouts import Layout

HARDLY = 0.9
MEASURED = (
    Column("fid", "FID"),
    Column("fid_judge", "FID", sign="†"),
    Column("kid", "KID", "10⁻³", 1e3),
    Column("kid_judge", "KID", "10⁻³", 1e3, sign="†"),
    Column("lpips_judge_truth", "LPIPS to truth", sign="‡"),
    Column("lpips_alex_truth", "LPIPS to truth"),
    Column("lpips_vgg_truth", "LPIPS to truth"),
    Column("lpips_judge_teacher", "LPIPS to teacher", sign="‡"),
    Column("lpips_alex_teacher", "LPIPS to teacher"),
    Column("lpips_vgg_teacher", "LPIPS to teacher"),
    Column("accuracy_target", "Accuracy", "%", 100),
    Column("l1", "Exact error L1", "10⁻³", 1e3),
    Column(RELATIVE, "L1 / input", over_input="l1"),
)
SHORT = ("parameters", "macs", TRAINING, "speed_up", "fid", "fid_judge", "accuracy_target", "l1", RELATIVE)
ON_CARD = ("parameters", "macs", TRAINING, "latency_ms", "speed_up", "fid", "fid_judge", "accuracy_target", "l1")


def columns(found: Gathered) -> tuple[Column, ...]:
    """Costs and what was measured; of perceptual distances the one to the exact images, where any row has them."""
    known = [column for column in MEASURED if found.any_has(column.source)]
    exact = any(column.key.endswith("_truth") for column in known)
    shown = (column for column in known if not (exact and column.key.endswith("_teacher")))
    return (*costs(both_rules=True), *measured(found.dictionary, shown))


def notes(found: Gathered) -> Iterator[str]:
    """What the numbers of translators mean."""
    keys = {column.key for column in columns(found)}
    if keys & {"fid", "fid_judge", "kid", "kid_judge"}:
        most = found.evaluation().get("images")
        bound = f", at most {most} of each" if most else ""
        yield (
            f"FID, KID: pooled translations against the real images{bound}; they say whether images look real, not "
            "whether they did what was asked: a network that returns its input does well."
        )
    if "accuracy_target" in keys:
        yield "Accuracy: the judge sees what was asked for; what it makes of the exact images is the ceiling."
    if "l1" in keys:
        yield (
            "Exact error: mean absolute difference from the image a perfect translator returns; L1 / input: over that "
            "of returning the input."
        )


def limits(found: Gathered) -> Iterator[str]:
    """Rows that hardly translate, and what distances are measured with."""
    hardly = [name for name in found.rows if left(found, name) > HARDLY]
    if hardly:
        share = f"{HARDLY:.0%}".replace("%", " %")
        yield f"More than {share} of the error of returning the input is left by {', '.join(hardly)}."
    if found.any_has("fid_judge"):
        yield "Distances between sets of images are in the features of a small judge, not of Inception."


def left(found: Gathered, name: str) -> float:
    """The share of the error of returning the input that a row still makes; none where it is not known."""
    shares = found.over_input(name, "l1")
    return statistics.fmean(shares) if shares else 0.0


LAYOUT = Layout(
    "One network for many labels", "summary", columns, notes, limits, SHORT, ON_CARD, "card_of_translators.md.j2",
    {"generator is taught": "generator", "discriminator is taught": "discriminator"},
)  # fmt: skip
