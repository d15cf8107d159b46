"""What a reader must know to read the summary; each format says in its own words how it marks things."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from stages.harness.benches import timing
from stages.tables.columns import Column
from stages.tables.gathered import Gathered
from stages.tables.summary import Group, Table
from stages.tables.templating import Made


def judging(columns: Iterable[Column]) -> Iterator[str]:
    """Which networks stand in for the published ones."""
    signs = {column.sign for column in columns}
    if "†" in signs:
        yield "† In the features of the pipeline's own judge, not of Inception: not comparable with published values."
    if "‡" in signs:
        yield "‡ In the maps of the pipeline's own judge, not of a published LPIPS network."


def timed(found: Gathered) -> Iterator[str]:
    """On what the times were taken, and whether they can be trusted."""
    machine = found.latency["machine"]
    taken = [found.time(name) for name in found.lines]
    if not any(taken):
        yield "Latency was not measured at batch 1."
        return
    yield (
        f"Latency: median of a call at batch 1 on one thread, {found.latency['precision']}, {machine['cpu']}, "
        f"PyTorch {machine['torch']}; the speed-up is over the row's teacher, round by round."
    )
    if not all(taken):
        yield "Rows without a latency were not timed at batch 1."
    if machine["load_before"] > timing.BUSY * machine["cores"]:
        load = machine["load_before"]
        yield f"Other programs ran while latencies were taken (load {load:g}): do not cite them."


def of_marks(groups: Sequence[Group]) -> Iterator[str]:
    """How to read numbers and marks; @best, @near and @control stand for how a format shows them."""
    yield "Mean ± standard deviation over training seeds (n), where n > 1."
    yield (
        "@best: best student of its problem; @near: those that the noise of training seeds cannot tell from it "
        "(Student's t, 95 %, deviation pooled over the problem's rows of several seeds)."
    )
    if not all(group.noise_known for group in groups):
        yield "§ One seed per row: the noise is unknown, the best may be so by chance and nothing is marked as near it."
    error = "error" if all(group.judged_by == "error" for group in groups) else "exact error"
    yield (
        f"@control: control, the same student not taught. KD vs control: on the {error}, paired by seed, 95 % "
        "interval; a single seed says nothing about the next."
    )


def in_short(found: Gathered, shown: Group, columns: Iterable[Column]) -> list[str]:
    """What the headline needs."""
    return [*of_marks([shown]), *timed(found), *judging(columns)]


def in_full(found: Gathered, table: Table) -> list[str]:
    """What all columns need."""
    keys = {column.key for column in table.columns}
    rule = "transposed convolutions by their input positions, the output rule by their output positions, as many "
    return [
        *of_marks(table.groups),
        *([f"MACs count {rule}published tables do."] if "macs_output_rule" in keys else []),
        "Compression: the teacher's parameters over the row's.",
        *timed(found),
        *(translated(found) if "l1" in keys else []),
        *(classified() if "error" in keys else []),
        *judging(table.columns),
    ]


def translated(found: Gathered) -> Iterator[str]:
    """What the numbers of translators mean."""
    yield (
        f"FID, KID: pooled translations against the real images, at most {found.settings.evaluation.images} of each; "
        "they say whether images look real, not whether they did what was asked: a network that returns its input does "
        "well."
    )
    yield (
        "Accuracy: the judge sees what was asked for; what it makes of the exact images is the ceiling. Exact error: "
        "mean absolute difference from the image a perfect translator returns; L1 / input: over that of returning "
        "the input."
    )


def classified() -> Iterator[str]:
    """What the numbers of classifiers mean."""
    yield (
        "Error: share of the test images given another class than theirs. F1 and AUC, of each class against the rest, "
        "are means over classes: where classes are unequal they say more than the error."
    )
    yield (
        "ECE: expected calibration error, 15 bins of equal width. Cross-entropy to votes: to the shares of the "
        "annotators' votes. Subclass AMI: adjusted mutual information of the strongest subclass and the true label."
    )


def made(notes: list[str], escape: Callable[[str], str], words: Mapping[str, str]) -> list[Made]:
    """Notes in a format; its `words` are put in after escaping."""
    texts = [escape(note) for note in notes]
    for name, word in words.items():
        texts = [text.replace(f"@{name}", word) for text in texts]
    return [Made(text) for text in texts]
