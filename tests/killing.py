"""Kills workers, or the driver, of `retort repro` in the middle of trainings; `retort bench faults` at any moment."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from retort.benches.faults import kills as kills_of_runs
from stages.learning.leases import LEASE, OWNER

PAUSES_S = (0.3, 3.0)


def half_way(folder: Path, driver: int) -> list[psutil.Process]:
    """The processes of items that have saved something since they began, and have not finished."""
    owners = set()
    for state in folder.glob(".retort/scratch/*/state.pt"):
        lease = state.parent / LEASE
        with suppress(FileNotFoundError):
            if state.stat().st_mtime_ns > lease.stat().st_mtime_ns:
                owners.add(lease.read_text(encoding="utf-8"))
    found = []
    for process in psutil.Process(driver).children(recursive=True):
        try:
            if process.environ().get(OWNER) in owners and not process.children():
                found.append(process)
        except psutil.Error:
            continue
    return found


def worker_of(process: psutil.Process, driver: int) -> psutil.Process:
    """The process of Dask's worker that an item's process descends from."""
    while process.ppid() != driver:
        process = process.parent()
    return process


def kill(folder: Path, whom: str, kills: int, seed: int, targets: tuple[str, ...] = ()) -> tuple[int, int]:
    """Kill so many times, then let the run end; how many kills there were, and the exit status."""
    moments, done = random.Random(seed), 0
    driver = kills_of_runs.started(folder, targets)
    while done < kills and driver.poll() is None:
        time.sleep(moments.uniform(*PAUSES_S))
        victims: list[psutil.Process] = []
        while not victims and driver.poll() is None:
            victims = half_way(folder, driver.pid)
            time.sleep(0.02)
        if not victims:
            break
        if whom == "driver":
            driver.kill()
            driver.wait()
            driver = kills_of_runs.started(folder, targets)
        else:
            worker_of(moments.choice(victims), driver.pid).kill()
        done += 1
    return done, driver.wait()
