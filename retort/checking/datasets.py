"""Data sets and their judges: readers that exist, settings that they understand, a judge wherever rows are judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from retort.checking import sentences
from retort.checking.sentences import Problem
from retort.exchange import folders
from stages.preparing.writing import Source
from stages.settings import members
from stages.settings.rows import DataRow, Params
from stages.storage import prepared

RESERVED = (folders.RAW.name, folders.WEIGHTS.name)


def check(params: Params) -> Iterator[Problem]:
    """Everything that is wrong with the data sets and the judges."""
    for name, row in params.datasets.items():
        if name in RESERVED:
            yield Problem(f"datasets.{name}", f"data/{name} holds files from elsewhere; call the data set otherwise")
        yield from reader(f"datasets.{name}", row)
    yield from judges(params)


def reader(path: str, row: DataRow) -> list[Problem]:
    """A reader that does not exist, or settings that it does not understand."""
    unknown = sentences.no_member(f"{path}.dataset", "datasets", row.dataset)
    if unknown:
        return unknown
    member = members.load("datasets", row.dataset)
    given = {**row.settings, "resolution": row.resolution}
    found = sentences.settings(f"{path}.settings", member.source, given)
    return found or (drawn(f"{path}.settings", member.source, given) if hasattr(member, "program") else [])


def drawn(path: str, source: Callable[..., Source], given: Mapping[str, Any]) -> list[Problem]:
    """Settings of a drawing program that contradict each other; such data need no files."""
    try:
        source(**members.options(source, given))
    except prepared.DataError as error:
        return [Problem(path, str(error))]
    return []


def judges(params: Params) -> Iterator[Problem]:
    """Judges of data sets that do not exist, and data sets of teachers without a judge of their name."""
    for name, row in params.judges.items():
        unknown = sentences.absent(f"judges.{name}.dataset", row.dataset, params.datasets, "a data set")
        yield from unknown
        if not unknown and row.dataset != name:
            told = f"is {row.dataset!r}, but a judge is found by its data set's name; call the judge {row.dataset!r}"
            yield Problem(f"judges.{name}.dataset", told)
    used = {name for row in params.teachers.values() for name in (row.dataset, row.partner)}
    for name in sorted(used & params.datasets.keys() - params.judges.keys()):
        yield Problem("judges", f"data set {name!r} has no judge; add a row {name!r}, nothing can be judged without")


Sources = Mapping[str, Source]
"""What data sets offer by name, of those where it can be known."""


def sources(params: Params) -> Sources:
    """What the data sets that teachers use offer, nothing drawn for it; not of those whose files are not here."""
    used = {name for row in params.teachers.values() for name in (row.dataset, row.partner)}
    found = {}
    for name in sorted(used & params.datasets.keys()):
        row = params.datasets[name]
        with suppress(prepared.DataError):
            if not reader("", row):
                source = members.load("datasets", row.dataset).source
                given = {**row.settings, "resolution": row.resolution}
                found[name] = source(**members.options(source, given))
    return found


def missing_labels(path: str, wanted: Iterable[str], name: str, known: Sources) -> Iterator[Problem]:
    """Labels that a data set does not have."""
    for index, label in enumerate(wanted if name in known else ()):
        yield from sentences.absent(f"{path}[{index}]", label, known[name].labels, f"a label of data set {name!r}")
