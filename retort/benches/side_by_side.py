"""Processes that take steps side by side when told to, each with its own threads: how throughput is measured."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import Tensor

from stages.learning.counting import HANDLES, Tally

PEAK_SECONDS = 0.5


class BenchError(RuntimeError):
    """The comparison cannot be made; says why."""


class Operations(Tally):
    """Adds up the floating-point operations of convolutions and matrix products, both ways, and their time."""

    # PyTorch's own counter hooks modules, which autograd refuses where a gradient is differentiated again; its profiler
    # takes longer over a step than the step.
    seconds = 0.0

    @property
    def total(self) -> int:
        """A multiplication and an addition for each multiply-accumulate."""
        return 2 * self.of()["macs"]

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401 - torch's own
        began = time.perf_counter()
        found = super().__torch_dispatch__(function, types, args, kwargs)
        if function.overloadpacket in HANDLES:
            self.seconds += time.perf_counter() - began
        return found


def product(one: Tensor, other: Tensor) -> Tensor:
    """A matrix product."""
    return one @ other


class Stepper:
    """What one process can be asked for; `make` gives what is done in a turn, a step or more."""

    def __init__(self, threads: int) -> None:
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.step: Callable[[], object]

    def prepare(self, make: Callable[..., Callable[[], object]], *given: object) -> None:
        """Build what steps, and take a first step, in which memory is claimed and kernels are chosen."""
        self.step = make(*given)
        self.step()

    def run(self) -> float:
        """Seconds that a step takes."""
        began = time.perf_counter()
        self.step()
        return time.perf_counter() - began

    def operations(self) -> tuple[int, float]:
        """Floating-point operations of a step, and the seconds that went into them."""
        with Operations() as counted:
            self.step()
        return counted.total, counted.seconds

    def multiply(self, side: int, kind: torch.dtype) -> float:
        """Floating-point operations per second in the best of many products of square matrices."""
        one, other = torch.randn(2, side, side).to(kind)
        best, end = float("inf"), time.perf_counter() + PEAK_SECONDS
        while time.perf_counter() < end:
            began = time.perf_counter()
            product(one, other)
            best = min(best, time.perf_counter() - began)
        return 2 * side**3 / best


def serve(pipe: Connection, threads: int) -> None:
    """Do what is asked for, until nothing is."""
    stepper = Stepper(threads)
    for name, given in iter(pipe.recv, None):
        pipe.send(getattr(stepper, name)(*given))


def ask(pipes: list[Connection], name: str, *given: object) -> list[Any]:
    """The answers of some processes, which work at the same time."""
    try:
        for pipe in pipes:
            pipe.send((name, given))
        return [pipe.recv() for pipe in pipes]
    except (EOFError, BrokenPipeError):
        raise BenchError("a process of the comparison ended early; its own message stands above") from None


@contextmanager
def steppers(threads: list[int]) -> Iterator[list[Connection]]:
    """A process for each number of threads; they end with the block."""
    context = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    try:
        for each in threads:
            mine, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs, each), daemon=True)
            process.start()
            theirs.close()
            pipes.append(mine)
            processes.append(process)
        yield pipes
    finally:
        for process in processes:
            process.kill()
            process.join()
        for pipe in pipes:
            pipe.close()
