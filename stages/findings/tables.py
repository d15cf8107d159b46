"""The published tables: which row a line is of, how cells are written, and the page about the columns."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence

SEEDS_FOR_VARIANCE = 3
SAME_DOSE = 0.01
"""Doses that differ by no more than this are the same."""

NAMES = {
    "variant": "row of `variants` in params.yaml, or `<sweep>/<point>`",
    "seed": "training seed",
    "teacher": "row of `teachers` in params.yaml",
    "family": "kind of network",
    "dataset": "data set, and behind a + the second one of joint training",
    "examination": "how the row is judged",
    "compression": "how the student is made from its teacher",
    "generator_lesson": "what teaches the generator, or the classifier",
    "discriminator_lesson": "what teaches the discriminator",
    "pace": "how the lesson's weight moves during training; behind a / the discriminator's, where it is another",
    "thesis": "the row's name in the thesis, or a short one",
    "problem": "which labels are translated, or told apart",
    "headline": "whether the text and the claims speak of the row",
}
"""The columns that params give, and what they mean."""
PROTOCOL = "protocol"
PROTOCOL_NOTE = "key of the protocol below; numbers of different protocols are not comparable"


PAGE = """\
# Results

Made by `stages/gather_results.py`; every table holds the rows of `params.yaml`, in its order. What does not exist is an
empty cell: data without exact images have no exact error. Distances to the real images (`fid`, `kid` and their kin)
say whether translations look real, not whether they did what was asked: where a data set has images of all labels,
returning the input scores best, as the columns that begin with `reference_input_` show. Read them beside `l1` and
`accuracy_target`.

## results.csv

One line per row and seed. The mean over labels of the mean over images; of two data sets, or of two directions between
domains, the mean of both. Each kind of examination has columns of its own. `columns.json` says the same to programs,
and which column decides in a problem.

{results}

## comparisons.csv

Each taught row against its control: the first row with the same teacher, compression, settings, student, schedule, play
and examination that is not taught. Seeds are paired; `difference` is `taught` minus `untaught`, and `low` and `high`
bound it (95 %, two-sided, Student's t over seeds, not corrected for the number of comparisons). `verdict` is better,
worse or no evidence; with one common seed it is `single seed`: one training each says nothing about the next.

## additions.csv

What a part of a lesson adds: rows of the same student, of which one (`variant`) is taught all that the other (`beside`)
is, and more (`added`), with no third row in between. `difference` is `more` minus `less`, over common seeds as above.

## paces.csv

What a pace changes: rows that agree in all but how λ, the factor on their lesson's weight, moves during training.
`dose` is the time average of λ; of a pace that follows the gradients it is known only afterwards, from the records.
`against` says what `beside` is: the untaught row (`no KD`), the lesson at its whole weight (`constant`), a row whose λ
never moves and has the same average within {near} (`same dose`), the pace that is mirrored here (`reversed`), the same
pace at another schedule. `difference` is `paced` minus `other`, over common seeds as above.

## picks.csv

What a search is worth: a student of the widths that it found best (`variant`) against another of its picks (`beside`),
made, taught and judged alike; `against` says which: the uniform one, or one by chance, at the same cost. `difference`
is `best` minus `other`, over common seeds as above. `choices/<search>.json` holds what the search measured, and `tau`,
how far the ranks by shared weights are those of training alone.

## evidence.csv

Do lesson and game pull against each other, and more so as the student gets better? Of each row that recorded evidence,
and of all such rows of a problem together (`variant` empty): the mean cosine of both gradients in the first and in the
last third of training, and the `slope` of the cosine per whole training, each with its 95 % interval over trainings
(Student's t). `at_end`: the gradients are opposed or pull together in the last third, or there is no evidence.
`conflict` grows where the slope is below zero, shrinks where above, and else there is no evidence. `falling`: trainings
whose slope is below zero, `sign_p` the two-sided sign test of that. `opposed`: share of the records whose cosine is
below zero. `pull_first`, `pull_last`: λ times the norm of the lesson's gradient over that of the game's, in the outer
thirds. Trainings of one seed begin with the same weights and see the same batches; all rows of a problem count as if
they did not, so that their interval is too narrow.

## variance.csv

Rows with at least {seeds} seeds. `seed_deviation`: standard deviation between trainings on the same test images;
`sample_error`: standard error of one training's mean over these images; `seed_share`: share of the former in the sum of
both variances.

## claims.csv

What becomes of each sentence of `claims.yaml`, in its order. `outcome` is `holds` or `does not hold` where the interval
lies on one side, `cannot tell` where it does not, and `other scale` where params have no such row. `figures` are those
that decided. `headline` marks the few sentences that open the page. `problems` and `rows` name what the claim is about,
`metric` what it was measured with.

## curves.csv

The losses of every training, each point the mean of the steps since the one before.

## Protocols

{protocols}
"""


class TableError(ValueError):
    """Numbers are missing, are none, or must not stand in one table; the message names the rows."""


def written(value: object) -> str:
    """A cell: counts as they are, other numbers with six decimals, nothing for what does not exist."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
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


def page(columns: Iterable[tuple[str, str, str, str, str]], protocols: Mapping[str, object]) -> str:
    """What the tables hold (column, better, unit, from, meaning), and the protocols behind their numbers."""
    names = [(name, "", "", "params", note) for name, note in NAMES.items()]
    lines = ["| column | better | unit | from | meaning |", "|---|---|---|---|---|"]
    for name, *cells in (*names, *columns, (PROTOCOL, "", "", "evaluation", PROTOCOL_NOTE)):
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    blocks = [f"`{key}`\n\n```json\n{json.dumps(each, indent=1)}\n```" for key, each in protocols.items()]
    return PAGE.format(
        results="\n".join(lines), seeds=SEEDS_FOR_VARIANCE, near=SAME_DOSE, protocols="\n\n".join(blocks)
    )
