"""Rows that make images of latents alone."""

from __future__ import annotations

from collections.abc import Iterator

from stages.tables.columns import TRAINING, Column, costs, measured
from stages.tables.gathered import Gathered
from stages.tables.layouts import Layout

MEASURED = (
    Column("l1_teacher", "L1 to teacher", "10⁻³", 1e3),
    Column("agreement", "Agreement with teacher", "%", 100),
    Column("copies", "Copies", "%", 100),
    Column("rendered", "Rendered", "%", 100),
    Column("coverage", "Coverage", "%", 100),
    Column("tv_cells", "TV of cells", "%", 100),
    Column("tv_joint", "TV of joint", "%", 100),
    Column("w1_traits", "W1 of traits", "%", 100),
    Column("frequency_gap", "Gap of frequencies", "%", 100),
    Column("tv_marginal", "TV of marginals", "%", 100),
    Column("recall_judge", "Recall", "%", 100, sign="†"),
    Column("recall", "Recall", "%", 100),
    Column("precision_judge", "Precision", "%", 100, sign="†"),
    Column("precision", "Precision", "%", 100),
    Column("kid_judge", "KID", "10⁻³", 1e3, sign="†"),
    Column("kid", "KID", "10⁻³", 1e3),
    Column("fid_judge", "FID", sign="†"),
    Column("fid", "FID"),
)
"""What decides comes last."""
MADE = ("fid", "fid_judge", "recall", "recall_judge", "frequency_gap", "tv_joint", "coverage", "rendered", "agreement")
SHORT = ("parameters", "macs", TRAINING, "speed_up", *MADE)
ON_CARD = ("parameters", "macs", TRAINING, "latency_ms", "speed_up", *MADE)

TOLD = (
    (
        {"fid", "fid_judge", "kid", "kid_judge", "precision", "precision_judge", "recall", "recall_judge"},
        "FID, KID, precision, recall: {images} images of latents that are the same for all rows, truncation "
        "{truncation:g}, against real images that no network was trained on. Real draws: as many real images, the "
        "floor of the sample.",
    ),
    (
        {"tv_marginal", "frequency_gap", "w1_traits"},
        "Marginals: how far the shares of each factor's values are from the chances of the drawing program, as a "
        "reader sees them, corrected by its confusion on real images. TV: total variation, mean over categories. Gap: "
        "mean over attributes of the difference to the known share. W1: Wasserstein-1 per trait, its range being 1.",
    ),
    (
        {"tv_joint", "tv_cells", "coverage"},
        "TV of joint and of cells: total variation over the joint cells of a few categories, and of all that are "
        "counted; real draws show what so many images leave of it by chance. Coverage: combinations found over those "
        "expected in as many draws.",
    ),
    (
        {"rendered", "copies"},
        "Rendered: images that the program draws again, from the factors read, as closely as 99 % of real ones. "
        "Copies: images nearer to a train image than to as many fresh draws; 50 % is none.",
    ),
    (
        {"agreement", "l1_teacher"},
        "Agreement: categories read alike in the teacher's image of the same latent; L1 to teacher: mean difference "
        "from it. Both say whether a student does what its teacher does, not whether that is good.",
    ),
)
"""What is said of the columns that a table has, in this order."""


def columns(found: Gathered) -> tuple[Column, ...]:
    """Costs and what was measured."""
    shown = (column for column in MEASURED if found.any_has(column.source))
    return (*costs(both_rules=True), *measured(found.dictionary, shown))


def notes(found: Gathered) -> Iterator[str]:
    """What the numbers of images of latents mean."""
    keys, settings = {column.key for column in columns(found)}, found.evaluation()
    for about, text in TOLD:
        if keys & about:
            yield text.format(images=settings["images"], truncation=settings.get("truncation", 1.0))
    yield from searched(found)


def searched(found: Gathered) -> Iterator[str]:
    """What each search cost, and whether its ranking can be trusted."""
    for name, choice in found.choices.items():
        cost = choice["cost"]["training_macs"] * 1e-9
        verdict = "its ranking is evidence" if choice["trusted"] else "its ranking is no evidence"
        tau, low, high = (f"{choice[key]:.2f}".replace("-", "−") for key in ("tau", "tau_low", "tau_high"))
        yield (
            f"Search {name}: {cost:,.0f} G MACs, which the training MACs of its rows do not hold. Kendall's τ between "
            f"shared weights and training alone: {tau} ({low} to {high}, 95 % bootstrap); {verdict}."
        )


def limits(found: Gathered) -> Iterator[str]:
    """What distances are measured with, and what a reader sees."""
    if found.any_has("fid_judge"):
        yield "Distances between sets of images are in the features of a small judge, not of Inception."
    if found.any_has("tv_marginal"):
        yield "Factors are read by a small network; its confusion is corrected in shares, not in single images."


LAYOUT = Layout(
    "Images of latents", "synthesis", columns, notes, limits, SHORT, ON_CARD, "card_of_synthesis.md.j2",
    {"generator is taught": "generator", "critic is taught": "discriminator"},
)  # fmt: skip
