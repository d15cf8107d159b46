"""What trainings recorded of lesson and game, moment by moment: of every row that asked for evidence, in one table.

A moment is a point of a training's curve at which the weight of the lesson and the gradients at the images were looked
at. The curves stay in the cache of who trained; this table is in git, so that whatever follows from it can be made in
any clone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence

from stages.findings import curves
from stages.findings.tables import TableError
from stages.settings import paths
from stages.settings.rows import VariantRow

WEIGHT, COSINE, LESSON, GAME = "weight", "cosine", "lesson_norm", "game_norm"
FIELDS = (WEIGHT, COSINE, LESSON, GAME)
STEP = "step"
COLUMNS = ("variant", "seed", STEP, *FIELDS)
PREFIX = "evidence/"
"""What a curve calls the fields begins with this."""

Moment = Mapping[str, float]
Moments = Mapping[tuple[str, int], Sequence[Moment]]
"""Row and seed -> its moments, in the order of its steps."""


def lines(rows: Mapping[str, VariantRow]) -> Iterator[dict[str, object]]:
    """The moments of all trainings, in the order of params, with the digits that their curves have."""
    for name, row in rows.items():
        for seed in row.seeds if row.evidence else ():
            for point in curves.read(paths.student_curve(name, seed)):
                found = {field: f"{point[PREFIX + field]:g}" for field in FIELDS if PREFIX + field in point}
                if found:
                    about = {"variant": name, "seed": seed, STEP: int(point[STEP])}
                    yield {**dict.fromkeys(COLUMNS), **about, **found}


def of(found: Iterable[Mapping[str, object]]) -> Moments:
    """The lines of the table by training."""
    sorted_out: dict[tuple[str, int], list[Moment]] = {}
    for line in found:
        numbers = {field: float(str(line[field])) for field in (STEP, *FIELDS) if line[field] not in (None, "")}
        sorted_out.setdefault((str(line["variant"]), int(str(line["seed"]))), []).append(numbers)
    return sorted_out


def read() -> Moments:
    """The table at hand."""
    path = paths.moments()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return of(csv.DictReader(file))
    except FileNotFoundError:
        raise TableError(f"{path} does not exist; `retort repro gather_curves` makes it") from None
    except (KeyError, ValueError) as error:
        raise TableError(f"{path} is not the table that gather_curves writes ({error})") from error
