"""The results on a model card as programs read them: the `model-index` of its front matter.

Format: Hugging Face's model card metadata (https://github.com/huggingface/hub-docs, modelcard.md). Each row is a model;
its metrics are columns of results.csv, by their own names and in their own units, means over training seeds. They are
the project's own word: `verified` is for evaluations that Hugging Face ran.
"""

from __future__ import annotations

import io
import statistics
from collections.abc import Iterable
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from stages.findings import records
from stages.tables.columns import Column
from stages.tables.gathered import Gathered

DIGITS = 6
WIDE = 1 << 20
SPLIT = "test"
BETTER = {"min": "lower is better", "max": "higher is better", "": ""}
JUDGED = "by the pipeline's own judge"
"""What a column's sign leads to."""

Entry = dict[str, Any]


def text(found: Gathered, names: Iterable[str], columns: Iterable[Column], task: str) -> str:
    """The index of rows as YAML; of the columns those that are measured and decide in no ratio to another."""
    shown = [column for column in columns if column.measured and not column.over_input]
    writer, file = YAML(), io.StringIO()
    writer.width = WIDE
    writer.dump({"model-index": [model(found, name, shown, task) for name in names]}, file)
    return file.getvalue()


def model(found: Gathered, name: str, columns: list[Column], task: str) -> Entry:
    """What is known of a row: on which data, and by which metrics."""
    row = found.rows[name]
    data = records.names(row)["dataset"]
    resolution = found.settings.datasets[row.dataset].resolution
    metrics = [flow(metric(found, name, column)) for column in columns if found.values(name, column.key)]
    result = {
        "task": flow({"type": task, "name": f"{row.examination}, {row.problem}"}),
        "dataset": flow({"type": data, "name": f"{data}, {resolution} px", "split": SPLIT}),
        "metrics": metrics,
    }
    return {"name": name, "results": [result]}


def metric(found: Gathered, name: str, column: Column) -> Entry:
    """One number of a row with the seeds that it is of."""
    values, described = found.values(name, column.key), found.dictionary.described(column.key)
    of_seeds: Entry = {"seeds": list(found.rows[name].seeds)}
    if len(values) > 1:
        of_seeds["standard_deviation"] = round(statistics.stdev(values), DIGITS)
    told = (described.title, JUDGED if column.sign else "", BETTER[described.better])
    return {
        "type": column.key,
        "name": ", ".join(filter(None, told)),
        "value": round(statistics.fmean(values), DIGITS),
        "verified": False,
        "args": of_seeds,
    }


def flow(entry: Entry) -> CommentedMap:
    """An entry on one line."""
    made = CommentedMap(entry)
    made.fa.set_flow_style()
    return made
