"""Rows by name: those whose exported networks are in the repository, and who is whose teacher."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from retort.trying import networks
from retort.trying.networks import Reader, Row
from retort.trying.refusals import Refused
from stages.settings import paths

ROWS = paths.RESULTS / "rows.json"


@dataclass(frozen=True)
class Exported:
    """A row of `exports` whose files are here, and whether its weights are the teacher's."""

    name: str
    problem: str
    teacher: bool


def exported() -> dict[str, Exported]:
    """All of them, in the order of params.yaml."""
    content = described()
    found = {name: Exported(name, row["problem"], of_teacher(content, row)) for name, row in content["exports"].items()}
    return {name: row for name, row in found.items() if any(paths.exported_networks(name).glob("*.onnx"))}


def described() -> dict[str, dict[str, Any]]:
    """What params.yaml says of rows, as the check wrote it down."""
    try:
        content = json.loads(ROWS.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refused(f"{ROWS} is not here: run this in a clone of the project") from None
    return {"exports": {}, **content}


def of_teacher(content: dict[str, dict[str, Any]], row: dict[str, Any]) -> bool:
    """Whether an exported row is not compressed."""
    source, point = row["source"], row.get("point", "")
    if not point:
        trained = {**content.get("variants", {}), **content.get("chosen", {})}[source]
        return bool(trained["compression"] == "none")
    sweep = content["sweeps"][source]
    # A grid's points are called by their settings behind its own name.
    (changes,) = (each for name, each in sweep["points"].items() if point == name or point.startswith(f"{name}-"))
    return bool(changes.get("compression", sweep["compression"]) == "none")


def beside(name: str) -> list[Row]:
    """A row and what it is compared with: before a student its teacher, behind a teacher all of its students."""
    known = exported()
    if name not in known:
        return from_weights(name, known)
    row = known[name]
    others = [each for each in known.values() if each.problem == row.problem and each.teacher != row.teacher]
    return ordered(of_file(row), [of_file(each) for each in others])


def ordered(row: Row, others: list[Row]) -> list[Row]:
    """A teacher before its students."""
    return [row, *others] if row.teacher else [*others, row]


def of_file(row: Exported) -> Row:
    """The networks of an exported row."""
    return networks.row(paths.exported_networks(row.name), row.teacher)


def from_weights(name: str, known: Mapping[str, Exported]) -> list[Row]:
    """A row that was trained here and has no files, and what it is compared with."""
    content = described()
    trained = {**content.get("variants", {}), **content.get("chosen", {})}
    if name not in trained and name.partition("/")[0] not in content.get("sweeps", {}):
        raise unknown(name, list(known))
    from retort.trying import weights

    settings = weights.settings()
    row, problem = weights.row(name, settings)
    others = [of_file(each) for each in known.values() if each.problem == problem and each.teacher != row.teacher]
    return ordered(row, others or ([] if row.teacher else weights.teacher(problem, settings)))


def unknown(name: str, known: list[str]) -> Refused:
    """That there is no such row, and which there are."""
    from retort.checking.sentences import hint

    return Refused(f"{name!r} is neither an exported row nor one of params.yaml{hint(name, known)}")


def readers(datasets: Iterable[str]) -> dict[str, Reader]:
    """The exported readers of some data sets that are here."""
    return {name: Reader(networks.of_file(paths.reader(name))) for name in datasets if paths.reader(name).is_file()}
