"""Whether files of results can be read at all: the first thing asked of them, here and of those that were published."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from retort.checking.accepting import ROWS
from retort.verification import agreement
from retort.verification.published import Source, SourceError
from retort.verification.recorded import Finding
from stages.findings import claims, shapes
from stages.settings import paths, sweeps
from stages.settings.rows import Params

TABLES = (
    paths.results(),
    paths.comparisons(),
    paths.additions(),
    paths.paces(),
    paths.picks(),
    paths.evidence(),
    paths.variance(),
    paths.training_curves(),
    claims.TABLE,
)


def findings(source: Source, settings: Params) -> Iterator[Finding]:
    """What cannot be read of the results of a source; what it does not have is no matter of this."""
    for path, problem in looks(settings):
        content = source.read(path)
        told = problem(content, path) if content is not None else ""
        if told:
            yield Finding(path.as_posix(), told)


def hold(source: Source, settings: Params) -> None:
    """Refuse to compare with published results that cannot be read."""
    for each in findings(source, settings):
        raise SourceError(f"{each.where} in {source.name} cannot be used: {each.what}")


Look = Callable[[bytes, Path], str]


def looks(settings: Params) -> Iterator[tuple[Path, Look]]:
    """Every file that a comparison reads, and what tells its damage."""
    yield from ((path, table) for path in TABLES)
    yield paths.costs(), tree(shapes.Costs)
    yield ROWS, rows
    yield from ((paths.quality(name), tree(shapes.Quality)) for name in sweeps.rows(settings))
    yield from ((paths.choice(name), tree(shapes.Choice)) for name in settings.searches)


def table(content: bytes, path: Path) -> str:
    """What is wrong with a table: its text, its shape, a line twice, or a number that is none."""
    try:
        reader = list(csv.reader(io.StringIO(content.decode("utf-8")), strict=True))
    except (ValueError, csv.Error) as error:
        return f"is no table ({error})"
    header = reader[0] if reader else []
    if not header or "" in header or len(set(header)) < len(header):
        return "has a first line that does not name its columns, each once"
    for number, line in enumerate(reader[1:], 2):
        if len(line) != len(header):
            return f"line {number}: {len(line)} cells, the first line has {len(header)}"
        for column, cell in zip(header, line, strict=True):
            value = agreement.number(cell)
            if value is not None and not math.isfinite(value):
                return f"line {number}: {column} holds {cell}"
    most = Counter(map(tuple, reader[1:])).most_common(1) if path == paths.results() else []
    return f"holds a line {most[0][1]} times" if most and most[0][1] > 1 else ""


def tree(shape: type[shapes.Open]) -> Look:
    """What is wrong with a JSON file of some shape."""

    def told(content: bytes, _: Path) -> str:
        read = parsed(content)
        return read if isinstance(read, str) else shapes.problem(shape, read[0])

    return told


def rows(content: bytes, _: Path) -> str:
    """What is wrong with what params said of rows: sections of mappings."""
    read = parsed(content)
    if isinstance(read, str):
        return read
    (sections,) = read
    mappings = isinstance(sections, dict) and all(isinstance(each, dict) for each in sections.values())
    return "" if mappings else "must hold sections, and each of them rows"


class UnsoundError(ValueError):
    """JSON that says what no result may."""


def parsed(content: bytes) -> tuple[Any] | str:
    """What a JSON text says, or why it says nothing."""
    try:
        return (json.loads(content.decode("utf-8"), parse_constant=refuse, object_pairs_hook=once),)
    except UnsoundError as error:
        return str(error)
    except (ValueError, RecursionError) as error:
        return f"is not JSON ({error})"


def refuse(constant: str) -> None:
    """No number is NaN or infinite."""
    raise UnsoundError(f"holds {constant}")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping in which no key stands twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise UnsoundError(f"holds the key {twice!r} twice")
    return found
