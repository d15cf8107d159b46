"""Exported rows: that each is trained, is called as what it exports, and says the same as its source."""

from __future__ import annotations

from collections.abc import Iterator

from retort.checking import sentences
from retort.checking.sentences import Problem
from stages.settings import sweeps
from stages.settings.rows import ExportRow, Params, VariantRow

SHARED = ("teacher", "family", "dataset", "partner", "examination", "problem")
"""What an exported row says again of its source, so that its item's deps are known."""


def check(params: Params) -> Iterator[Problem]:
    """Everything that is wrong with the exported rows."""
    for name, row in params.exports.items():
        yield from check_row(name, row, params)


def check_row(name: str, row: ExportRow, params: Params) -> Iterator[Problem]:
    """What is wrong with one of them; what hangs on its source is looked at only if there is one."""
    path = f"exports.{name}"
    yield from sentences.no_member(f"{path}.examination", "exports", row.examination)
    unknown = [*no_source(path, row, params)]
    yield from unknown
    if unknown:
        return
    wanted = f"{row.source}-{row.point}" if row.point else row.source
    if name != wanted:
        yield Problem(path, f"is not called as what it exports; call it {wanted!r}")
    source = of(row, params)
    for field in SHARED:
        mine, theirs = getattr(row, field), getattr(source, field)
        if mine != theirs:
            yield Problem(f"{path}.{field}", f"{mine!r} is not the {field} of {row.source!r}; write {theirs!r}")
    if row.seed not in source.seeds:
        trained = ", ".join(map(str, source.seeds))
        yield Problem(f"{path}.seed", f"{row.seed} is not trained; {row.source!r} has {trained}")


def no_source(path: str, row: ExportRow, params: Params) -> Iterator[Problem]:
    """A source that does not exist, and a point that it does not have."""
    yield from sentences.absent(f"{path}.source", row.source, sweeps.items(params), "a trained row or sweep")
    if row.source not in params.sweeps:
        if row.point:
            yield Problem(f"{path}.point", f"{row.source!r} is no sweep and has no points; take it out")
        return
    points = [name.partition("/")[2] for name in sweeps.points(row.source, params.sweeps[row.source])]
    yield from sentences.absent(f"{path}.point", row.point, points, f"a point of sweep {row.source!r}")


def of(row: ExportRow, params: Params) -> VariantRow:
    """The trained row."""
    return sweeps.of_item(params, row.source)[f"{row.source}/{row.point}" if row.point else row.source]
