"""Who can be killed of a running `retort repro`: the driver, a worker, the program of an item; what each was doing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil  # type: ignore[import-untyped]

from stages.learning.leases import LEASE, OWNER

Whom = Literal["driver", "worker", "program"]
WHOM: tuple[Whom, ...] = ("driver", "worker", "program")
STATE = "state.pt"
"""What a training saves on its way."""


@dataclass(frozen=True)
class Victim:
    """A process, the items it worked at, and how far it was."""

    process: psutil.Process
    items: tuple[str, ...]
    moment: str


def of(whom: Whom, folder: Path, driver: psutil.Process) -> list[Victim]:
    """The processes of a kind that there are at this moment."""
    try:
        children = driver.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    if whom == "driver":
        at_work = tuple(sorted(item for item, pid in attempts(folder) if any(pid == each.pid for each in children)))
        started = any(map(is_worker, children))
        moment = "with items at work" if at_work else "with idle workers" if started else "before it has workers"
        return [Victim(driver, at_work, moment)]
    if whom == "worker":
        return [worker(folder, each) for each in children if is_worker(each)]
    return list(programs(folder, children))


def attempts(folder: Path) -> Iterator[tuple[str, int]]:
    """Who works at which item, as workers write it down."""
    for file in folder.glob(".retort/attempts/*.json"):
        with suppress(OSError, ValueError, KeyError):
            yield file.stem, int(json.loads(file.read_text(encoding="utf-8"))["pid"])


def is_worker(process: psutil.Process) -> bool:
    """Whether a process is one of Dask's workers, and not the program of an item or a helper."""
    with suppress(psutil.Error):
        return any("spawn_main" in part for part in process.cmdline()) and OWNER not in process.environ()
    return False


def worker(folder: Path, process: psutil.Process) -> Victim:
    """A worker and its item."""
    items = tuple(item for item, pid in attempts(folder) if pid == process.pid)
    return Victim(process, items, "with an item" if items else "idle or starting")


def programs(folder: Path, processes: list[psutil.Process]) -> Iterator[Victim]:
    """The programs of items that run now."""
    for process in processes:
        with suppress(psutil.Error):
            owner = process.environ().get(OWNER, "")
            if owner and not process.children() and process.status() != psutil.STATUS_ZOMBIE:
                yield Victim(process, (owner.rpartition(" ")[0],), progress(folder, owner))


def progress(folder: Path, owner: str) -> str:
    """How far a program is, by the scratch folders of which it has the lease."""
    held = [lease for lease in folder.glob(f".retort/scratch/*/{LEASE}") if text_of(lease) == owner]
    if not held:
        return "before or after training"
    for lease in held:
        with suppress(FileNotFoundError):
            began = lease.stat().st_mtime_ns
            if (lease.parent / STATE).stat().st_mtime_ns > began:
                return "training, saved since it began"
    return "training, nothing saved since it began"


def text_of(file: Path) -> str:
    """A file's text; nothing where it is gone."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
