"""What a reader must know to read the summary; each format says in its own words how it marks things."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from stages.findings import comparing, dictionary
from stages.settings import machine as machines
from stages.tables.columns import TRAINING, Column
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


def trained(columns: Iterable[Column]) -> Iterator[str]:
    """What the cost of training counts."""
    if any(column.key == TRAINING for column in columns):
        yield (
            "Training MACs: of the training that made the weights, one seed: forward and backward passes, and those of "
            "the teacher that is watched, by the rule of MACs; a student's are without its teacher's own training."
        )


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
    if machines.busy(machine["load_before"], machine["cores"]):
        load = machine["load_before"]
        yield f"Other programs ran while latencies were taken (load {load:g}): do not cite them."


def of_marks(groups: Sequence[Group], usual: dictionary.Column) -> Iterator[str]:
    """How to read numbers and marks; @best, @near and @control stand for how a format shows them."""
    yield "Mean ± standard deviation over training seeds (n), where n > 1."
    yield (
        "@best: best student of its problem; @near: those that the noise of training seeds cannot tell from it "
        "(Student's t, deviation pooled over the problem's rows of several seeds, 5 % over the number of rows; between "
        "the best row and its control the verdict decides)."
    )
    if not all(group.noise_known for group in groups):
        yield "§ One seed per row: the noise is unknown, the best may be so by chance and nothing is marked as near it."
    named = ", or on what is named beside it" if any(group.decides != usual for group in groups) else ""
    yield f"@control: control, the same student not taught. KD vs control: on the {usual.title}{named}, paired by seed."
    yield (
        "Verdicts follow from intervals whose noise is pooled over the problem's rows, after Holm's correction. No "
        f"difference: the interval lies within ±{comparing.NEAR * 100:g} % of the control; no evidence: it holds zero, "
        "and is wider. A single seed says nothing about the next."
    )


def in_short(found: Gathered, shown: Group, columns: Iterable[Column]) -> list[str]:
    """What the headline needs."""
    columns = list(columns)
    return [*of_marks([shown], shown.decides), *trained(columns), *timed(found), *judging(columns)]


def in_full(found: Gathered, table: Table) -> list[str]:
    """What all columns need."""
    keys = {column.key for column in table.columns}
    rule = "transposed convolutions by their input positions, the output rule by their output positions, as many "
    return [
        *of_marks(table.groups, table.usual()),
        *([f"MACs count {rule}published tables do."] if "macs_output_rule" in keys else []),
        *trained(table.columns),
        "Compression: the teacher's parameters over the row's.",
        *timed(found),
        *table.layout.notes(found),
        *judging(table.columns),
    ]


def made(notes: list[str], escape: Callable[[str], str], words: Mapping[str, str]) -> list[Made]:
    """Notes in a format; its `words` are put in after escaping."""
    texts = [escape(note) for note in notes]
    for name, word in words.items():
        texts = [text.replace(f"@{name}", word) for text in texts]
    return [Made(text) for text in texts]
