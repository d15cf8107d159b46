"""The published tables: which row a line is of, how cells are written, and the page about the columns."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence

from stages.findings import comparing, detecting, pooling

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
and examination that is not taught. Seeds are those of the student's training and are paired: `difference` is `taught`
minus `untaught` over common seeds. All students of a problem share one teacher; intervals are conditional on it.

The lines of one problem and metric in one table are a family. How far their differences scatter is pooled:

- `scale` says how. `raw`: one deviation for the family. `log`: the same of logarithms, where all numbers are positive
  and a test of equal variances (Brown and Forsythe's spreads, {refused}) refuses the differences, not those of
  logarithms. `taught` and `untaught` are then geometric means, and the bounds of their ratio are turned into
  differences from `untaught`, so that all stay in the metric's unit. `own`: the test refuses both, and each line has
  its own deviation.
- `deviation` is that of one paired difference (on `log`, of the logarithm of the ratio), so that the error of
  `difference` is `deviation` / √`n`. `degrees` are its degrees of freedom. Lines that share a control share its noise:
  they have fewer together than as many independent ones.
- `low` and `high` bound the difference by Student's t, and `p_holm` is its p-value after Holm's correction for all
  lines of the family. The interval is taken at the level at which Holm tested the line last: {alarms} over the number
  of lines that had not passed yet. So it leaves zero out exactly where `p_holm` is below {alarms}. Each interval
  covers at least {level}; all of a family together cover less often than that.
- `verdict` follows from `low` and `high`. `better` or `worse`: zero is left out. `no difference`: it is not, and the
  whole interval lies within ±{narrow} of `untaught`. `no evidence`: neither; the true difference may be large or none.
  Of scores near 1 (accuracy, F1) ±{narrow} is much; read the error beside them.
- `detectable` is the smallest true difference, in the better direction, that so many seeds would have shown in
  {power} of all experiments, at the level of the line's interval.

Where all rows of a family have one variance, about {alarms} of families hold a false `better` or `worse` where lines
share no row, and 2 to {alarms} where they share a control. (Of the one family in twenty whose variances are refused by
chance, more do: where little noise was seen by luck, `own` believes it.) Where one row is four times as noisy as the
others, it is 8 to 14 %, since so few seeds hardly show that it is. Where it is far noisier still, five seeds show it,
and it is {alarms} again; two seeds may agree by chance, and it is up to 22 %. All is simulated in
`tests/test_alarms.py`.

With one common seed the verdict is `single seed`, and there is no interval, though others of its problem may have
several: nothing of the line's own could contradict their deviation. It is no part of the family. Where no noise was
seen at all and the difference is not zero (counts over few images), there is no interval either.

## additions.csv

What a part of a lesson adds: rows of the same student, of which one (`variant`) is taught all that the other (`beside`)
is, and more (`added`), with no third row in between. `difference` is `more` minus `less`; all else is as above.

## paces.csv

What a pace changes: rows that agree in all but how λ, the factor on their lesson's weight, moves during training.
`dose` is the time average of λ; of a pace that follows the gradients it is known only afterwards, from the records.
`against` says what `beside` is: the untaught row (`no KD`), the lesson at its whole weight (`constant`), a row whose λ
never moves and has the same average within {near} (`same dose`), the pace that is mirrored here (`reversed`), the same
pace at another schedule. `difference` is `paced` minus `other`; all else is as above.

## picks.csv

What a search is worth: a student of the widths that it found best (`variant`) against another of its picks (`beside`),
made, taught and judged alike; `against` says which: the uniform one, or one by chance, at the same cost. `difference`
is `best` minus `other`; all else is as above. `choices/<search>.json` holds what the search measured, and `tau`,
how far the ranks by shared weights are those of training alone.

## factorial.csv

What teaching each network and matching each layer does, on average over the rows taught by layers (`rows`): each effect
is the mean difference between rows that have it (`with`) and rows that agree with these in all else (`without`).
`generator alone`, `discriminator alone` and `both` are held against the row that is taught nothing. Of two effects with
× between them it is half of how much one depends on the other. Numbers are shares of what the untaught student of the
same size scores, on average over its seeds, so that problems can be averaged: `over` is `all`, the mean over problems
that can tell, or one size of student on one problem. The effects of one metric in all problems together are a family,
and those in each; all else is as above.

## lengths.csv

Does what a lesson wins last? The same students trained for more and fewer steps: rows that agree in all but the steps
of their schedule, taught (`variant`) and untaught. `at` says how both are held against each other. `equal steps`: both
were trained for `steps`. `equal cost`: the training of the taught row took `training_macs`, which counts the teacher
that is watched, and `untaught` is interpolated between the two rows (`beside`) whose costs enclose that, linearly in
the logarithm of the cost; where no two do there is no line. `change of the difference`: how much the difference at
equal steps at the longest training (`taught`) exceeds that at the shortest (`untaught`); `worse` means that the
lesson's lead shrank. The lines of one problem and metric are a family, but for the last kind, where each is its own.

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

## moments.csv

What rows that ask for evidence recorded during training: λ (`weight`), the cosine of the gradients of lesson and game
at the images, and their norms, on the first batch of the validation split.

## judging.csv

How far numbers move with the judge alone: the teacher and an untaught student of some problems, each examined by the
published judge and by judges of other seeds (`seed`). `retort bench judges` makes it, no stage does.

## metrics, plots

Small files for `dvc metrics show`, `dvc metrics diff` and `dvc plots show`. `metrics` holds, of each problem, the
headline rows (of one that has none, the first of its rows): means over seeds of what decides, costs, the verdict.
`plots/quality` holds every row by what decides in its problem; `plots/curves` the losses that all rows of a plot have,
means over seeds.

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
    shares = {
        "refused": pooling.REFUSED,
        "alarms": comparing.ALARMS,
        "level": comparing.LEVEL,
        "narrow": comparing.NEAR,
        "power": detecting.POWER,
    }
    return PAGE.format(
        results="\n".join(lines), seeds=SEEDS_FOR_VARIANCE, near=SAME_DOSE, protocols="\n\n".join(blocks),
        **{name: f"{share * 100:g} %" for name, share in shares.items()},
    )  # fmt: skip
