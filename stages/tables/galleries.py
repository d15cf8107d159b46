"""Which rows of a problem stand side by side in its gallery on the page: teacher, untaught student, taught ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from stages.findings.naming import made
from stages.tables.gathered import Gathered
from stages.tables.summary import Group, Line, Table

MOST_STUDENTS = 8


def students(found: Gathered, group: Group, shown: Mapping[str, Any]) -> list[Line]:
    """Of the largest number of students made alike those with the most seeds, and the untaught ones in any case."""
    lines = [line for line in group.lines if line.kind in ("control", "taught") and line.name in shown]
    if not lines:
        return []
    size, _ = Counter(made(found.rows[line.name]) for line in lines).most_common(1)[0]
    alike = [line for line in lines if made(found.rows[line.name]) == size]
    most = max(line.seeds for line in alike)
    return [line for line in alike if line.seeds == most or line.kind == "control"][:MOST_STUDENTS]


def problem(found: Gathered, group: Group, shown: Mapping[str, Any]) -> dict[str, Any] | None:
    """A problem's gallery; none where its teacher has no pictures, which hold the inputs."""
    teacher = [line for line in group.lines if line.kind == "teacher" and line.name in shown]
    if not teacher:
        return None
    lines = [*teacher[:1], *students(found, group, shown)]
    return {"title": group.title, "rows": [line.name for line in lines]}


def of(tables: Sequence[tuple[Gathered, Table]], shown: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The galleries of each kind of examination; `shown` holds the rows whose sample pictures are cut into tiles."""
    galleries = []
    for found, table in tables:
        problems = [each for group in table.groups if (each := problem(found, group, shown))]
        if problems:
            galleries.append({"title": table.layout.title, "problems": problems})
    return galleries
