"""Who made an item and how long it took, as results/provenance tells; no number of a table may depend on it."""

from __future__ import annotations

import json
from typing import Any

from stages.settings import paths, sweeps
from stages.settings.rows import Params

DISTILLING = "distill_students"


def entry(stage: str, name: str) -> dict[str, Any] | None:
    """The record of an item; nothing where it left no sound one, for none is needed."""
    try:
        found = json.loads(paths.provenance(stage, name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def item(row: str) -> str:
    """The item of the pipeline that trains a row: its own, or the one in which it is trained with others."""
    return row.partition("/")[0]


def trainings(settings: Params, row: str) -> int:
    """How many trainings the item of a row consists of; rows of no steps are not trained."""
    rows = sweeps.of_item(settings, item(row)).values()
    return sum(len(each.seeds) for each in rows if settings.schedules[each.schedule].steps)


def seconds_of_training(settings: Params, row: str) -> dict[str, Any]:
    """The mean over the trainings of a row's item, and on what they ran; nothing where no time is known."""
    count = trainings(settings, row)
    found = entry(sweeps.stage(settings, DISTILLING, item(row)), item(row))
    if not count or not found or not isinstance(found.get("seconds"), int | float):
        return {}
    return {
        "seconds": found["seconds"] / count,
        "trainings": count,
        "machine": ", ".join(str(found[key]) for key in ("cpu", "device", "precision") if key in found),
    }
