"""The summary of rows that classify, the points of every sweep, with columns of their own."""

from __future__ import annotations

from dataclasses import replace

from stages.harness.settings import sweeps
from stages.harness.settings.rows import Params
from stages.tables import gathered, latex, markdown, page, separated, summary
from stages.tables.columns import Column
from stages.tables.gathered import Gathered
from stages.tables.summary import Table

COLUMNS = (
    Column("parameters", "Parameters", "k", 1e-3),
    Column("macs", "MACs", "k", 1e-3),
    Column("bytes", "Weights", "kB", 1e-3),
    Column("compression", "Compression", "×", 1),
    Column("latency_ms", "Latency", "ms", 1),
    Column("speed_up", "Speed-up", "×", 1),
    Column("error", "Error", "%", 100, True),
    Column("cross_entropy", "Cross-entropy", "nat", 1, True),
    Column("cross_entropy_votes", "Cross-entropy to votes", "nat", 1, True),
    Column("f1", "F1, mean", "%", 100, True),
    Column("f1_weakest", "F1, weakest class", "%", 100, True),
    Column("auc", "AUC", "%", 100, True),
    Column("ece", "ECE", "%", 100, True),
    Column("subclass_ami", "Subclass AMI", "", 1, True),
)
JUDGED_BY = "error"


def load(settings: Params) -> Gathered:
    """What was gathered of the points of all sweeps."""
    swept = {name: row for name, row in sweeps.rows(settings).items() if name not in settings.variants}
    return gathered.load(settings.model_copy(update={"variants": swept}))


def build(found: Gathered) -> Table:
    """A group per problem; of the columns those that some row has."""
    problems: dict[str, list[str]] = {}
    for name, row in found.settings.variants.items():
        problems.setdefault(row.problem, []).append(name)
    groups = [
        replace(summary.group(found, problem, names, COLUMNS), judged_by=JUDGED_BY)
        for problem, names in problems.items()
    ]
    filled = {key for group in groups for line in group.lines for key in line.cells}
    columns = tuple(column for column in COLUMNS if column.key in filled)
    return Table(columns, tuple(groups), summary.places(columns, groups))


def tables(settings: Params) -> list[tuple[Gathered, Table]]:
    """What was gathered and the table of it; nothing where nothing is swept."""
    if not settings.sweeps:
        return []
    found = load(settings)
    return [(found, build(found))]


def texts(settings: Params) -> dict[str, str]:
    """Every file by its name; none where nothing is swept."""
    made = tables(settings)
    if not made:
        return {}
    ((found, table),) = made
    return {
        "classifiers.tex": latex.summary(found, table),
        "classifiers.md": markdown.summary(found, table),
        "classifiers.html": page.summary(found, table),
        "classifiers.csv": separated.summary(table),
    }
