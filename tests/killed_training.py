"""A driver for the kill test: imports once, then forks trainings and kills each at a random moment."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable

import torch

from stages import build_teachers
from stages.settings import paths


def train(name: str) -> None:
    """One training in this process."""
    build_teachers.main(name)


def killed(name: str, enough: Callable[[], bool]) -> bool:
    """Fork a training and kill it once it is enough; whether it was killed before it finished."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        train(name)
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


def main(name: str, kills: int) -> None:
    """Kill once a state was saved, then at random moments around that long, then let the training finish."""
    torch.set_num_threads(1)
    moments = random.Random(0)
    began = time.monotonic()
    done = int(killed(name, lambda: any(paths.scratch("").glob("*/state.pt"))))
    first = time.monotonic() - began
    while done < kills and killed(name, clock(moments.uniform(0.0, 1.2 * first))):
        done += 1
    print(f"killed {done}", flush=True)
    train(name)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
