"""Rows that no file leaves the repository of, exported in memory from their weights; this needs torch."""

from __future__ import annotations

from retort.checking.params import ParamsError, typed
from retort.exporting import choosing, reading
from retort.trying.networks import Row, opened
from retort.trying.refusals import Refused
from stages.exporting import making
from stages.exporting.contracts import Unexportable
from stages.learning import checkpoints
from stages.settings import paths, sweeps
from stages.settings.rows import Params
from stages.storage.prepared import DataError


def settings() -> Params:
    """The params, or what is wrong with them."""
    try:
        return typed(paths.PARAMS)
    except ParamsError as error:
        raise Refused(str(error)) from None


def row(name: str, given: Params) -> tuple[Row, str]:
    """A row's networks, of its first seed, and its problem."""
    rows = sweeps.rows(given)
    if name not in rows:
        points = ", ".join(each for each in rows if each.startswith(f"{name.partition('/')[0]}/"))
        raise Refused(f"{name!r} is no row of params.yaml" + (f"; its sweep has {points}" if points else ""))
    variant = rows[name]
    try:
        checkpoint = reading.networks(paths.student(name, variant.seeds[0]))
        made = making.made(name, choosing.as_export(name, variant, variant.seeds[0]), checkpoint, given)
        files = [(each.outside.network, making.in_precision(each, "float32", given)) for each in made]
    except (checkpoints.CheckpointError, DataError, Unexportable) as error:
        raise Refused(f"{name} is not among the exported rows, and cannot be exported now: {error}") from None
    networks = tuple(opened(content, f"{name}, {network}") for network, content in sorted(files))
    return Row(name, networks, variant.compression == "none"), variant.problem


def teacher(problem: str, given: Params) -> list[Row]:
    """The row of a problem's teacher, if its weights are at hand."""
    for name, variant in sweeps.rows(given).items():
        here = paths.student(name, variant.seeds[0]).exists()
        if variant.problem == problem and variant.compression == "none" and here:
            return [row(name, given)[0]]
    return []
