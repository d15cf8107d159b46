"""Kills workers, or the driver, of `retort repro` in the middle of trainings, at random moments, again and again.

As a program, for as many kills as one likes: `python -m tests.killing FOLDER worker 20 --seed 0`, in a clone of this
project whose trainings take some seconds.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from stages.learning.leases import LEASE, OWNER

PROJECT = Path(__file__).resolve().parents[1]
PAUSES_S = (0.3, 3.0)


def start(folder: Path, targets: tuple[str, ...]) -> subprocess.Popen[str]:
    """`retort repro -j 2` in a folder, in the background; what it prints is kept there."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    (folder / ".retort").mkdir(exist_ok=True)
    with (folder / ".retort" / "driver.log").open("a", encoding="utf-8") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "retort", "repro", "-j", "2", *targets],
            cwd=folder,
            env={**os.environ, "PATH": path, "PYTHONPATH": str(folder)},
            stdout=log,
            stderr=log,
            text=True,
        )


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
    driver = start(folder, targets)
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
            driver = start(folder, targets)
        else:
            worker_of(moments.choice(victims), driver.pid).kill()
        done += 1
    return done, driver.wait()


def main() -> None:
    """Kill as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("whom", choices=("worker", "driver"))
    parser.add_argument("kills", type=int)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    kills, status = kill(given.folder.absolute(), given.whom, given.kills, given.seed, tuple(given.targets))
    print(f"{kills} kills, exit status {status}")


if __name__ == "__main__":
    main()
