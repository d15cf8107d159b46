"""The columns of the published tables: their order, what they mean, how their numbers are written."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stages.metrics import attributes, calibration, classification, cost, diversity, fid, kid, lpips, pixels, subclasses

NAMES = ("variant", "seed", "teacher", "family", "dataset", "compression", "generator_lesson", "discriminator_lesson",
         "thesis", "problem")  # fmt: skip
SEEDS_FOR_VARIANCE = 3
COSTS = ("parameters", "macs", "macs_output_rule", "bytes", "activations")
BOUNDED = ("l1", "accuracy_target", "accuracy_kept")
EACH_IMAGE = ("error", "accuracy", "cross_entropy", "cross_entropy_votes")
OWNERS = (cost, pixels, attributes, lpips, fid, kid, diversity, classification, calibration, subclasses)
INPUT, PERFECT = "reference_input_", "perfect_"

NOTES = {
    "variant": "row of `variants` in params.yaml, or `<sweep>/<point>`",
    "seed": "training seed",
    "teacher": "row of `teachers` in params.yaml",
    "family": "kind of network",
    "dataset": "data set, and behind a + the second one of joint training",
    "compression": "how the student is made from its teacher",
    "generator_lesson": "what teaches the generator, or the classifier",
    "discriminator_lesson": "what teaches the discriminator",
    "thesis": "the row's name in the thesis, or a short one",
    "problem": "which labels are translated, or told apart",
    "protocol": "key of the protocol below; numbers of different protocols are not comparable",
    "parameters": "parameters of the network that is kept: the generator, or the classifier",
    "macs": "multiply-accumulates of this network for one image, transposed convolutions by their input positions",
    "macs_output_rule": "multiply-accumulates, transposed convolutions by their output positions, as in many tables",
    "bytes": "length of this network's weights on disk",
    "activations": "output elements of this network's convolutions and linear layers",
    "l1": "mean absolute error to the exact image, levels from 0 to 1",
    "l1_inside": "mean absolute error over the pixels that should change",
    "l1_outside": "mean absolute error over the pixels that should not change",
    "l1_identity": "mean absolute error to the input, when asked for the labels it has",
    "psnr": "peak signal-to-noise ratio to the exact image",
    "ssim": "structural similarity to the exact image",
    "accuracy_target": "share of images in which the judge sees the label that was asked for",
    "accuracy_kept": "share of the labels that should not change and in the judge's eyes did not",
    "lpips_judge": "perceptual distance in the judge's maps",
    "lpips_alex": "LPIPS with AlexNet",
    "lpips_vgg": "LPIPS with VGG-16",
    "fid": "Fréchet distance of the pooled translations to the real images of the validation split",
    "fid_infinity": "the Fréchet distance, extrapolated to infinitely many translations",
    "kid": "kernel distance of the pooled translations to the real images of the validation split",
    "kid_spread": "standard deviation of the kernel distance over subsets",
    "precision": "share of the translations among the real images",
    "recall": "share of the real images among the translations",
    "error": "share of the test images that are given another class than theirs",
    "accuracy": "share of the test images that are given their class",
    "cross_entropy": "mean −log of the probability of the true class",
    "cross_entropy_votes": "cross-entropy to the shares of the annotators' votes",
    "f1": "F1 score, mean over classes",
    "f1_weakest": "F1 score of the class that has the lowest",
    "auc": "area under the ROC curve of each class against the rest, mean over classes",
    "ece": "expected calibration error: how far accuracy is from confidence, over 15 bins",
    "subclass_ami": "adjusted mutual information of the strongest subclass and the true label, never seen in training",
}
AFFIXES = {
    "_low": "lower bound of the 95 % bootstrap interval over test images",
    "_high": "upper bound of the 95 % bootstrap interval over test images",
    "_truth": "to the exact image",
    "_teacher": "to the teacher's image",
    "_identity": "when asked for the labels it has",
    INPUT: "what returning the input scores",
    PERFECT: "what the exact images score",
}


PAGE = """\
# Results

Made by `stages/gather_results.py`; every table holds the rows of `params.yaml`, in its order. What does not exist is an
empty cell: data without exact images have no exact error. Distances to the real images (`fid`, `kid` and their kin)
say whether translations look real, not whether they did what was asked: returning the input scores best, as the columns
that begin with `reference_input_` show. Read them beside `l1` and `accuracy_target`.

## results.csv

One line per row and seed. The mean over labels of the mean over images; of two data sets, the mean of both. Rows that
translate and rows that classify have columns of their own.

{results}

## comparisons.csv

Each taught row against its control: the first row with the same teacher, compression, settings, student and schedule
that is not taught. Seeds are paired; `difference` is `taught` minus `untaught`, and `low` and `high` bound it (95 %,
two-sided, Student's t over seeds, not corrected for the number of comparisons). `verdict` is better, worse or no
evidence; with one common seed it is `single seed`: one training each says nothing about the next.

## variance.csv

Rows with at least {seeds} seeds. `seed_deviation`: standard deviation between trainings on the same test images;
`sample_error`: standard error of one training's mean over these images; `seed_share`: share of the former in the sum of
both variances.

## curves.csv

The losses of every training but those of sweeps, each point the mean of the steps since the one before.

## Protocols

{protocols}
"""


class TableError(ValueError):
    """Numbers are missing, are none, or must not stand in one table; the message names the rows."""


@dataclass(frozen=True)
class Column:
    """A column: the metric column it comes from, which direction is better, its unit, and what it is."""

    name: str
    source: str
    better: str
    unit: str
    meaning: str


def described(name: str) -> Column:
    """What a measured column means, from the COLUMNS of the metric it comes from."""
    stem = name
    notes: list[str] = []
    for affix, note in AFFIXES.items():
        shorter = stem.removesuffix(affix) if affix.startswith("_") else stem.removeprefix(affix)
        if shorter != stem:
            stem, notes = shorter, [*notes, note]
    for owner in OWNERS:
        if stem in owner.COLUMNS:
            better, unit = owner.COLUMNS[stem]
            if name.startswith((INPUT, PERFECT)) or name.endswith(("_low", "_high")):
                better = ""
            features = ["in the judge's features"] if stem.removesuffix("_judge") not in (stem, "lpips") else []
            base = stem if stem in NOTES else stem.removesuffix("_judge")
            meaning = NOTES[name] if name in NOTES else "; ".join([NOTES[base], *features, *notes])
            return Column(name, owner.__name__.rpartition(".")[2], better, unit, meaning)
    raise TableError(f"no metric in stages/metrics has a column {stem!r}, so {name!r} cannot be documented")


def measured(extractor: str, perceptual: str) -> list[str]:
    """Every measured column under one choice of networks, in the order of the table."""
    judge, distance = extractor == "judge", f"lpips_{perceptual}"
    sets = [name for owner in (fid, kid, diversity) for name in owner.COLUMNS if name.endswith("_judge") == judge]
    single = [*pixels.COLUMNS, *attributes.COLUMNS, f"{distance}_truth"]
    bounded = [*BOUNDED, f"{distance}_truth", f"{distance}_teacher"]
    columns = []
    for name in (*pixels.COLUMNS, "l1_identity", *attributes.COLUMNS, f"{distance}_truth", f"{distance}_teacher"):
        columns += [name, f"{name}_low", f"{name}_high"] if name in bounded else [name]
    inputs, perfect = [f"{INPUT}{name}" for name in (*single, *sets)], [f"{PERFECT}{name}" for name in (*single, *sets)]
    return [*columns, *sets, *inputs, *perfect]


def classified() -> list[str]:
    """Every column of rows that classify, in the order of the table."""
    columns = []
    for name in (*classification.COLUMNS, *calibration.COLUMNS, *subclasses.COLUMNS):
        columns += [name, f"{name}_low", f"{name}_high"] if name in EACH_IMAGE else [name]
    return columns


def kept(costs: Mapping[str, Any]) -> dict[str, int]:
    """The counts of the network of a row that is kept, which a family builds first."""
    return next(each for each in costs.values() if isinstance(each, dict))


def written(value: object) -> str:
    """A cell: counts as they are, other numbers with six decimals, nothing for what does not exist."""
    if value is None:
        return ""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise TableError(f"{value} cannot be written into a table")
        return f"{value + 0.0:.6f}".replace("-0.000000", "0.000000")
    return str(value)


def text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """A table as comma-separated lines."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([written(row[column]) for column in columns] for row in rows)
    return file.getvalue()


def markdown(columns: Iterable[Column]) -> str:
    """The meaning of columns as a Markdown table."""
    lines = ["| column | better | unit | from | meaning |", "|---|---|---|---|---|"]
    lines += [f"| `{c.name}` | {c.better} | {c.unit} | {c.source} | {c.meaning} |" for c in columns]
    return "\n".join(lines)


def page(measured: Iterable[str], protocols: Mapping[str, object]) -> str:
    """What the tables hold, and the protocols behind their numbers."""
    names = [Column(name, "params", "", "", NOTES[name]) for name in NAMES]
    protocol = Column("protocol", "evaluation", "", "", NOTES["protocol"])
    columns = [*names, *(described(name) for name in (*COSTS, *measured)), protocol]
    blocks = [f"`{key}`\n\n```json\n{json.dumps(each, indent=1)}\n```" for key, each in protocols.items()]
    return PAGE.format(results=markdown(columns), seeds=SEEDS_FOR_VARIANCE, protocols="\n\n".join(blocks))
