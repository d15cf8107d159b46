"""Where a worker process works: its tree, its environment, the guard that ends what it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from platform import node
from typing import Any

from dask.typing import Key
from distributed import Worker, get_worker
from dvc.lock import Lock

from retort.engine import clones, leftovers
from retort.engine.locking import settle
from retort.engine.orders import Home, Order
from retort.engine.tree import Tree
from stages.learning.leases import OWNER
from stages.settings import machine, paths

PATIENCE_S = 10.0
WATCH_S = 1.0
ATTEMPTS = paths.STATE / "attempts"
"""Who works at which item in this tree; a file that nobody removed is a dead worker's."""


def log_of(item: str) -> Path:
    """Where an item's output goes."""
    return paths.logs() / f"{item.replace('/', '_')}.log"


@cache
def facts() -> dict[str, str]:
    """What numbers may depend on, of the machine on which this process runs."""
    return {"host": node(), "cpu": machine.cpu_model(), **{name: version(name) for name in ("torch", "dvc")}}


class Station:
    """One worker process, which works at one item at a time."""

    def __init__(self) -> None:
        self.mark = uuid.uuid4().hex
        self.free = threading.Lock()
        self.stopping = threading.Event()
        self.ended: set[str] = set()
        self.clone: tuple[Path, Lock] | None = None
        self.tree: Tree | None = None
        self.at: tuple[Any, ...] = ()
        self.guard: subprocess.Popen[str] | None = None

    def open(self, home: Home, here: bool) -> Tree:
        """The tree for an item: the driver's, or a clone at the driver's commit."""
        at = (home.run, here)
        if self.tree is None or self.at != at:
            self.equip()
            if here:
                os.chdir(home.root)
            else:
                self.clone = self.clone or clones.claimed(clones.place(home))
                clones.update(self.clone[0], home)
                os.chdir(self.clone[0])
                settle()
            self.tree, self.at = Tree(home), at
        return self.tree

    def equip(self) -> None:
        """One thread per process, unbuffered output, this interpreter for a plain `python`, a guard."""
        if self.guard:
            return
        first = str(Path(sys.executable).parent)
        os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", PYTHONUNBUFFERED="1")
        os.environ["PATH"] = os.pathsep.join((first, os.environ.get("PATH", os.defpath)))
        # The path of the program, and not `-m`: nothing of the guard depends on where it is started.
        command = [sys.executable, "-P", leftovers.__file__, self.mark]
        self.guard = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        os.environ[leftovers.MARK] = self.mark

    @contextmanager
    def at_work(self, order: Order) -> Iterator[None]:
        """Work at an item: its log takes what is printed, and whoever comes after a dead worker knows of it."""
        file = ATTEMPTS / f"{order.item.replace('/', '_')}.json"
        again = file.exists()
        if again:
            with suppress(ValueError, KeyError):
                leftovers.end(json.loads(file.read_text(encoding="utf-8"))["mark"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"mark": self.mark, "pid": os.getpid()}), encoding="utf-8")
        os.environ[OWNER] = f"{order.item} {uuid.uuid4().hex}"
        log = log_of(order.item)
        log.parent.mkdir(parents=True, exist_ok=True)
        done = threading.Event()
        watch = threading.Thread(
            target=self.watch, args=(get_worker(), get_worker().get_current_task(), done), daemon=True
        )
        watch.start()
        try:
            with printing_to(log, again):
                yield
        finally:
            done.set()
            watch.join()
            del os.environ[OWNER]
            file.unlink(missing_ok=True)

    def watch(self, worker: Worker, key: Key, done: threading.Event) -> None:
        """End an item that nobody waits for any more, as its driver is dead."""
        while not done.wait(WATCH_S):
            task = worker.state.tasks.get(key)
            if task is None or task.state == "cancelled":
                leftovers.end(self.mark, PATIENCE_S)

    def stopped(self, seconds: float) -> bool:
        """Whether the run is to end; waits so long for it."""
        return self.stopping.wait(seconds)

    def drop(self, item: str) -> None:
        """End an item, if it is the one that runs."""
        if os.environ.get(OWNER, "").startswith(f"{item} "):
            leftovers.end(self.mark)

    def stop(self, home: Home, patience_s: float) -> None:
        """End what runs for a driver, and let nothing more begin for it."""
        self.ended.add(home.run)
        if self.at[:1] == (home.run,):
            self.stopping.set()
            while not self.free.acquire(timeout=0.1):
                leftovers.end(self.mark, patience_s)
            self.free.release()
            self.stopping.clear()


@contextmanager
def printing_to(log: Path, again: bool) -> Iterator[None]:
    """Let everything this process and its children print go to a file, which is emptied unless this is another try."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | (0 if again else os.O_TRUNC))
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for one, number in zip(kept, (1, 2), strict=True):
            os.dup2(one, number)
            os.close(one)


STATION = Station()
"""This process's own. A worker of Dask is a process in which functions are called; between calls, state lives here."""
