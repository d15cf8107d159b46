"""The processes that `retort repro` hands items to: started, ordered, answered, and let go."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

from retort.engine.worker import PATIENCE_S, log_of, settle

PROJECT = Path(__file__).resolve().parents[2]
WORKER = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); from retort.engine.worker import serve; serve()"
GRACE_S = PATIENCE_S + 10


def environment() -> dict[str, str]:
    """One thread per process, unbuffered output, and this interpreter for a plain `python`."""
    first = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
        "PATH": os.pathsep.join((first, os.environ.get("PATH", os.defpath))),
    }


def start_worker(item: str) -> subprocess.Popen[str]:
    """A process that brings items up to date, in a group of its own so that Ctrl-C does not reach into DVC."""
    with open_log(item) as log:
        return subprocess.Popen(
            [sys.executable, "-c", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(),
            text=True,
            start_new_session=True,
        )


def open_log(item: str) -> IO[str]:
    """The item's log, emptied."""
    return log_of(item).open("w", encoding="utf-8")


def hand(worker: subprocess.Popen[str], item: str) -> None:
    """Order an item from a worker."""
    assert worker.stdin
    open_log(item).close()
    with suppress(BrokenPipeError):
        worker.stdin.write(f"{item}\n")
        worker.stdin.flush()


def answer(worker: subprocess.Popen[str]) -> tuple[str, str]:
    """What became of the ordered item; a worker that died took its item with it."""
    assert worker.stdout
    line = worker.stdout.readline()
    if line:
        reply = json.loads(line)
        return reply["outcome"], reply["sentence"]
    with suppress(subprocess.TimeoutExpired):
        worker.wait(GRACE_S)
    end_group(worker)
    how = f"was killed by signal {-worker.returncode}" if worker.returncode < 0 else f"ended with {worker.returncode}"
    memory = "; most likely memory ran out, try fewer --jobs" if worker.returncode == -signal.SIGKILL else ""
    return "failed", f"its process {how}{memory}"


def end_group(worker: subprocess.Popen[str]) -> None:
    """Kill a worker with everything it has started."""
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    assert worker.stdin
    assert worker.stdout
    with suppress(BrokenPipeError):
        worker.stdin.close()
    worker.stdout.close()


def dismiss(workers: Iterable[subprocess.Popen[str]], caught: list[int]) -> None:
    """Let the workers go: each ends its item and leaves DVC's locks in order; a further signal cuts that short."""
    workers = list(workers)
    for worker in workers:
        assert worker.stdin
        with suppress(BrokenPipeError):
            worker.stdin.close()
    deadline = time.monotonic() + GRACE_S
    signals = len(caught)
    while any(worker.poll() is None for worker in workers) and time.monotonic() < deadline and len(caught) == signals:
        time.sleep(0.05)
    for worker in workers:
        end_group(worker)
    settle()
