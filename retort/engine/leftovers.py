"""What a worker started, found by a mark in the environment; ended when the worker asks for it, or when it is dead.

Run as a program this is the guard of one worker. Its standard input is a pipe from the worker. When the worker ends in
whatever way, the system closes the pipe, and the guard ends what the worker left running. Environments are inherited,
so the processes of `torchrun` are found too, and no operating system needs a call of its own.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress

import psutil  # type: ignore[import-untyped]

MARK = "RETORT_WORKER"
PAUSE_S = 0.05


def left_by(mark: str) -> list[psutil.Process]:
    """The processes that carry the mark."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def end(mark: str, patience_s: float = 0.0) -> None:
    """Ask the marked processes to end, kill what outlives the patience, return when none is left."""
    deadline = time.monotonic() + patience_s
    asked: set[int] = set()
    while processes := left_by(mark):
        late = time.monotonic() >= deadline
        for process in processes:
            with suppress(psutil.Error):
                if late:
                    process.kill()
                elif process.pid not in asked:
                    process.terminate()
            asked.add(process.pid)
        time.sleep(PAUSE_S)


def main(mark: str) -> None:
    """Wait for the end of the worker, then end what it left."""
    with suppress(KeyboardInterrupt):
        sys.stdin.read()
    end(mark)


if __name__ == "__main__":
    main(sys.argv[1])
