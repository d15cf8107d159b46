"""The summary as comma-separated values: numbers in the units of `results/`, empty where none exists."""

from __future__ import annotations

from collections.abc import Iterator

from stages.findings import tables
from stages.tables.summary import Group, Line, Table

NAMES = ("problem", "row", "label", "kind", "seeds")


def fields(table: Table) -> list[str]:
    """The columns: each number, its standard deviation over seeds, its mark, the verdict against the control."""
    found = list(NAMES)
    for column in table.columns:
        found.append(column.key)
        if column.measured:
            found += [f"{column.key}_sd", f"{column.key}_mark", f"{column.key}_verdict"]
    return found


def cells(table: Table, group: Group, line: Line) -> Iterator[tuple[str, object]]:
    """The cells of a line that hold something."""
    yield from zip(NAMES, (group.problem, line.name, line.label, line.kind, line.seeds or None), strict=True)
    for column in table.columns:
        value = line.cells.get(column.key)
        if value is not None:
            yield column.key, value.value
            yield f"{column.key}_sd", value.spread
            yield f"{column.key}_mark", value.mark
        yield f"{column.key}_verdict", line.verdicts.get(column.key, "")


def summary(table: Table) -> str:
    """summary.csv."""
    columns = fields(table)
    lines = [dict(cells(table, group, line)) for group in table.groups for line in group.lines]
    return tables.text(columns, [{**dict.fromkeys(columns), **line} for line in lines])
