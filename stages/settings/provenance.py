"""Who made an item, when, and how long it took: results/provenance/, on which nothing depends."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from stages.settings import git, machine, paths, speed
from stages.settings.atomic import write_atomically

PACKAGES = ("torch", "dvc")
SPEED = "machine_speed"
"""How fast the machine was, in steps per second; null where that was not measured."""


def item_name(stage: str, name: str) -> str:
    """The item as DVC addresses it; `name` is empty for a stage of one item."""
    return f"{stage}@{name}" if name else stage


def record(stage: str, name: str, seconds: float, extra: dict[str, Any]) -> None:
    """Write down a finished item; `extra` holds what only the stage knows, as device and precision."""
    entry = {
        "stage": stage,
        "name": name,
        "seconds": round(seconds, 3),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": machine.cpu_model(),
        "vectors": list(machine.instruction_sets()),
        "cores": machine.cores(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        SPEED: speed.here(),
        **git.commit(),
        **extra,
    }
    text = json.dumps(entry, indent=1, ensure_ascii=False) + "\n"
    write_atomically(paths.provenance(stage, name), text.encode())


@contextmanager
def timed(stage: str, name: str = "", **extra: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """Record what is done inside, unless it fails; what it yields may be added to. A parallel run records once."""
    began = time.perf_counter()
    yield extra
    if machine.rank() == 0:
        record(stage, name, time.perf_counter() - began, extra)


def records() -> dict[str, tuple[float, Any]]:
    """Item -> the seconds of its last run, and the machine's speed; a file that is no such record counts as none."""
    found: dict[str, tuple[float, Any]] = {}
    for file in sorted(paths.provenances().glob("*.json")):
        try:
            entry = json.loads(file.read_text(encoding="utf-8"))
            found[item_name(entry["stage"], entry["name"])] = float(entry["seconds"]), entry.get(SPEED)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def durations() -> dict[str, float]:
    """The seconds that each item took when it last ran, wherever that was."""
    return {item: seconds for item, (seconds, _) in records().items()}
