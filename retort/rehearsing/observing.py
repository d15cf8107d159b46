"""A stage run as it is, and watched: seconds of each step of its trainings, and the most memory that its process held.

Called in place of a stage, in a rehearsal's own clone: `python -m retort.rehearsing.observing stages.NAME ITEM`.
"""

from __future__ import annotations

import json
import runpy
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from stages.settings import paths
from stages.settings.atomic import write_atomically

LOOPS = ("build_judges", "build_teachers", "build_wide_students", "choose_students", "distill_students")
"""Stages that train."""


@dataclass
class Loop:
    """One training: its title, and of each step the seconds on the clock and those of this process's processor."""

    title: str
    steps: list[tuple[float, float]] = field(default_factory=list)


def clocks() -> tuple[float, float]:
    """Now, by the clock and by what the processor has done for this process."""
    return time.perf_counter(), time.process_time()


def since(began: tuple[float, float]) -> tuple[float, float]:
    """Seconds since then by both."""
    now = clocks()
    return now[0] - began[0], now[1] - began[1]


def most_memory() -> int:
    """The most bytes that this process held; where the system does not tell, what it holds at its end."""
    told = Path("/proc/self/status")
    if told.exists():
        (peak,) = (
            line.split()[1] for line in told.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM")
        )
        return int(peak) * 1024
    now = psutil.Process().memory_info()
    return int(getattr(now, "peak_wset", now.rss))


def watch(loops: list[Loop]) -> None:
    """Time what trainings of this process do from step to step; of games without what is recorded beside."""
    from stages.learning import progress, training

    shown, steps = progress.shown, training.steps

    @contextmanager
    def timed(title: str, total: int, start: int) -> Iterator[progress.Report]:
        loop, games = Loop(title), len(loops)
        loops.append(loop)
        with shown(title, total, start) as report:
            began = clocks()

            def told(step: int, losses: dict[str, float]) -> None:
                nonlocal began
                if len(loops) == games + 1:
                    loop.steps.append(since(began))
                report(step, losses)
                began = clocks()

            yield told

    def stepped(*given: Any, **named: Any) -> Iterator[tuple[int, dict[str, float]]]:  # noqa: ANN401 - the loop's own
        inner, loop = steps(*given, **named), loops[-1]
        # Of a game the steps alone are timed, here.
        loops.append(Loop(loop.title))
        while True:
            began = clocks()
            step = next(inner, None)
            if step is None:
                return
            loops[-1].steps.append(since(began))
            yield step

    progress.shown = timed
    training.steps = stepped


def file(stage: str, name: str) -> Path:
    """Where what was seen of an item is written."""
    return paths.STATE / "rehearsal" / f"{stage}@{name}.json"


def main(module: str, *arguments: str) -> None:
    """Run a stage; what was seen of it is written once it is through."""
    stage, loops, began = module.removeprefix("stages."), list[Loop](), clocks()
    sys.argv = [module, *arguments]
    if stage in LOOPS:
        watch(loops)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    seconds, processor = since(began)
    seen = {
        "stage": stage,
        "name": "".join(arguments),
        "seconds": seconds,
        "processor_seconds": processor,
        "peak_bytes": most_memory(),
        "loops": [asdict(loop) for loop in loops if loop.steps],
    }
    write_atomically(file(stage, "".join(arguments)), json.dumps(seen, indent=1).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
