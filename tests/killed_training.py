"""A driver for the kill test: imports once, then forks trainings and kills each at a random moment."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from importlib import import_module

import torch
import torch._dynamo  # which an optimiser imports for a second: forks are to be killed while they train

from stages.settings import paths

STATES = ("state.pt", "fitness.json")
"""What a training and a search save."""


def killed(run: Callable[[], None], enough: Callable[[], bool]) -> bool:
    """Fork a run and kill it once it is enough; whether it was killed before it finished."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        run()
        os._exit(0)
    while not enough():
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if status:
                raise SystemExit(f"the training failed with status {status}")
            return False
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def clock(seconds: float) -> Callable[[], bool]:
    """True once the time is over."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def saved() -> bool:
    """Whether something was saved."""
    return any(file for state in STATES for file in paths.scratch("").glob(f"*/{state}"))


def main(name: str, kills: int, stage: str = "build_teachers") -> None:
    """Kill once a state was saved, then at random moments around that long, then let the item of a stage finish."""
    torch.set_num_threads(1)
    module = import_module(f"stages.{stage}")

    def run() -> None:
        module.main(name)

    moments = random.Random(0)
    began = time.monotonic()
    done = int(killed(run, saved))
    first = time.monotonic() - began
    while done < kills and killed(run, clock(moments.uniform(0.0, 1.2 * first))):
        done += 1
    print(f"killed {done}", flush=True)
    run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
