"""From what was seen of a rehearsal: seconds and memory of each training, and what the whole scale would take.

Seconds are those of the processor that worked for a process, so that other programs of the machine count little. A
training that was rehearsed is scaled by its multiplications, any other one of its family at the pace of the family's.
Lazy penalties fall into the first step, so a rehearsal's steps cost more than a training's do on average.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retort.rehearsing import observing
from retort.rehearsing.counting import Work
from stages.settings import paths, sweeps
from stages.settings.rows import Params, StudentRow, TaughtRow

HOUR, TERA, PER_MAC = 3600.0, 1e12, 2
"""Floating-point operations of a multiply-accumulate are two."""
GENERATION = ("build_teachers", "build_wide_students", "choose_students")


@dataclass(frozen=True)
class Rehearsed:
    """A training item as it was seen; seconds are of all its steps, `macs` of them too."""

    item: str
    family: str
    lesson: str
    resolution: int
    batch: int
    published_batch: int
    steps: int
    published_steps: int
    trainings: int
    published_trainings: int
    seconds: float
    macs: int
    published_macs: int
    peak_bytes: int

    @property
    def step_seconds(self) -> float:
        """Of one step, on average."""
        return self.seconds / self.steps

    @property
    def hours(self) -> float:
        """What all its trainings take at their published length on one core here."""
        return self.published_macs / self.macs * self.seconds / HOUR


@dataclass(frozen=True)
class System:
    """All trainings of a family in the scale, from what was rehearsed of it."""

    family: str
    rehearsed: int
    trainings: int
    macs: int
    macs_per_second: float
    slowest_step: Rehearsed
    peak_bytes: int

    @property
    def hours(self) -> float:
        """On one core here."""
        return self.macs / self.macs_per_second / HOUR


def seen(folder: Path, item: str) -> dict[str, Any]:
    """What was written of an item that ran."""
    stage, _, name = item.partition("@")
    found: dict[str, Any] = json.loads((folder / observing.file(sweeps.file(stage), name)).read_text(encoding="utf-8"))
    return found


def items(settings: Params) -> Iterator[tuple[str, TaughtRow | Any, Sequence[tuple[str, Any]]]]:
    """Every item of a rehearsal that trains, its row, and the rows that it trains by name."""
    for name, teacher in settings.teachers.items():
        yield f"build_teachers@{name}", teacher, [(name, teacher)]
    for name, wide in settings.wides.items():
        yield f"build_wide_students@{name}", wide, [(name, wide)]
    for name, search in settings.searches.items():
        yield f"choose_students@{name}", search, [(name, search)]
    for name in sweeps.items(settings):
        rows = [each for each in sweeps.of_item(settings, name).items() if settings.schedules[each[1].schedule].steps]
        if rows:
            yield f"{sweeps.stage(settings, 'distill_students', name)}@{name}", rows[0][1], rows


def macs_of(folder: Path, item: str, rows: Sequence[tuple[str, Any]], costs: Mapping[str, Any]) -> int:
    """Multiply-accumulates of the steps that were made, as the stages themselves counted them."""
    stage = item.partition("@")[0]
    if stage == "build_teachers":
        return int(sum(costs["teachers"][name]["training"]["macs"] for name, _ in rows))
    if stage in GENERATION:
        choices = [
            json.loads(file.read_text(encoding="utf-8")) for file in sorted((folder / paths.choices()).glob("*.json"))
        ]
        part = "wide" if stage == "build_wide_students" else "alone"
        return int(sum(choice["cost"][part] for choice in choices if part == "wide" or choice["search"] == rows[0][0]))
    return int(sum(costs["variants"][name]["training"]["macs"] for name, _ in rows))


def rehearsed(folder: Path, settings: Params, published: Params, works: Sequence[Work]) -> list[Rehearsed]:
    """What was seen of all items that train, beside what the scale asks of them."""
    from retort.rehearsing.choosing import lesson

    costs = json.loads((folder / paths.costs()).read_text(encoding="utf-8"))
    whole = {work.item: work for work in works}
    found = []
    for item, row, rows in items(settings):
        told = seen(folder, item)
        steps = [step for loop in told["loops"] for step in loop["steps"]]
        schedule, theirs = settings.schedules[rows[0][1].schedule], published.schedules[rows[0][1].schedule]
        found.append(
            Rehearsed(
                item=item,
                family=row.family,
                lesson=lessons([each for _, each in rows], lesson),
                resolution=settings.datasets[row.dataset].resolution,
                batch=schedule.batch,
                published_batch=theirs.batch,
                steps=len(steps),
                published_steps=theirs.steps,
                trainings=len(told["loops"]),
                published_trainings=whole[item].trainings,
                seconds=sum(processor for _, processor in steps),
                macs=macs_of(folder, item, rows, costs),
                published_macs=whole[item].macs,
                peak_bytes=told["peak_bytes"],
            )
        )
    return found


def lessons(rows: Sequence[Any], lesson: Any) -> str:  # noqa: ANN401 - choosing.lesson
    """What an item's rows are taught; nothing is said of teachers."""
    if not isinstance(rows[0], TaughtRow):
        return "teacher"
    made = [f"{row.compression}: {lesson(row)}" if isinstance(row, StudentRow) else lesson(row) for row in rows]
    return "; ".join(dict.fromkeys(made))


def systems(found: Sequence[Rehearsed], works: Sequence[Work]) -> list[System]:
    """Family by family, all trainings of the scale."""
    made = []
    for family in dict.fromkeys(each.family for each in found):
        mine = [each for each in found if each.family == family]
        all_of_it = [work for work in works if work.family == family]
        own = {each.item: each.macs / each.seconds for each in mine}
        pace = sum(each.macs for each in mine) / sum(each.seconds for each in mine)
        seconds = sum(work.macs / own.get(work.item, pace) for work in all_of_it)
        macs = sum(work.macs for work in all_of_it)
        made.append(
            System(
                family=family,
                rehearsed=len(mine),
                trainings=sum(work.trainings for work in all_of_it),
                macs=macs,
                macs_per_second=macs / seconds,
                slowest_step=max(mine, key=lambda each: each.step_seconds),
                peak_bytes=max(each.peak_bytes for each in mine),
            )
        )
    return made


def on_a_gpu(macs: int, tflops: float) -> float:
    """Hours on a GPU that sustains so many floating-point operations per second."""
    return macs * PER_MAC / (tflops * TERA) / HOUR


def stages(folder: Path) -> dict[str, dict[str, float]]:
    """Of every stage how many items ran, their processor's seconds, and the most memory of one."""
    found: dict[str, Counter[str]] = {}
    for file in sorted((folder / observing.file("", "")).parent.glob("*@*.json")):
        told = json.loads(file.read_text(encoding="utf-8"))
        one = found.setdefault(told["stage"], Counter())
        one.update(items=1, seconds=told["processor_seconds"])
        one["peak_bytes"] = max(one["peak_bytes"], told["peak_bytes"])
    return {stage: dict(each) for stage, each in found.items()}
