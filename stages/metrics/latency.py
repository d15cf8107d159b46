"""How long a network takes, and how much faster it is than its teacher timed in the same rounds.

Networks are called in turns, per device and number of threads. Medians and quartiles, for times have a long upper tail.
A ratio is taken round by round before it is summed up, so that whatever slows the machine for a while slows both of its
sides. Beside the times stand peak memory and the share of each operator.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from stages.learning import counting, roles
from stages.learning.contracts import Family
from stages.measuring.columns import Column
from stages.settings import machine, members
from stages.settings.rows import Latency
from stages.settings.specs import Spec

COLUMNS = {
    "latency_ms": Column("min", "ms", "latency", "median time of one call"),
    "speed_up": Column("max", "", "speed-up", "how many times as fast as the teacher, round by round"),
    "peak_bytes": Column("min", "B", "peak memory", "most that weights, input and tensors made meanwhile hold at once"),
}

PROFILED = 3
NAMED_FROM = 0.01
LIMIT_S = 60.0
LEAST_ROUNDS = 3


def profiler(memory: bool = False) -> profile:
    """PyTorch's profiler of the processor, without its own lines on standard error."""
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    return profile(activities=[ProfilerActivity.CPU], profile_memory=memory)


class Network:
    """The network of a family that is kept, of several the first, ready to be called."""

    def __init__(self, name: str, spec: Spec) -> None:
        family = cast(Family, members.load("families", name))
        networks, examples = family.example(asdict(spec))
        kept = roles.names(family, "generator")[0]
        self.module: nn.Module = networks[kept].eval().requires_grad_(False)
        self.example: tuple[Tensor, ...] = examples[kept]
        self.macs = counting.of_pass(self.module, self.example)["macs"]

    def call(self, batch: int, device: torch.device) -> Callable[[], Any]:
        """One forward pass over a batch of noise, finished when it returns."""
        module = self.module.to(device)
        inputs = [torch.randn(batch, *each.shape[1:]).to(device) for each in self.example]

        def forward() -> None:
            with torch.inference_mode():
                module(*inputs)
            if device.type == "cuda":
                torch.cuda.synchronize()

        return forward

    def peak_bytes(self, batch: int, device: torch.device) -> int:
        """Weights, input, and the most that tensors made during a call hold at once."""
        weights = sum(each.nbytes for each in self.module.state_dict().values())
        inputs = batch * sum(each.nbytes for each in self.example)
        return weights + inputs + held_bytes(self.call(batch, device), device)

    def operators(self, batch: int) -> dict[str, float]:
        """The share of each operator in the time of a call on the processor, the small ones together."""
        call = self.call(batch, torch.device("cpu"))
        with profiler() as watched:
            for _ in range(PROFILED):
                call()
        times = {event.key.removeprefix("aten::"): event.self_cpu_time_total for event in watched.key_averages()}
        shares = {name: spent / sum(times.values()) for name, spent in times.items()}
        named = {name: share for name, share in shares.items() if share >= NAMED_FROM}
        ordered = dict(sorted(named.items(), key=lambda item: -item[1]))
        return {**ordered, "other": 1 - sum(named.values())}


def held_bytes(call: Callable[[], Any], device: torch.device) -> int:
    """The most that tensors made during a call hold at once."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        call()
        return torch.cuda.max_memory_allocated() - before
    with profiler(memory=True) as watched:
        call()
    held = most = 0
    for event in watched.profiler.kineto_results.events():  # type: ignore[union-attr] # the only record in order
        if event.name() == "[memory]":
            held += event.nbytes()
            most = max(most, held)
    return most


def in_turns(calls: list[Callable[[], Any]], plan: Latency) -> Tensor:
    """Seconds of each call in each round, after the warm-up; fewer rounds than planned where they take too long."""
    rounds: list[list[float]] = []
    end = time.perf_counter() + LIMIT_S
    while len(rounds) < plan.warmup + plan.repeats and (len(rounds) <= LEAST_ROUNDS or time.perf_counter() < end):
        seconds = [0.0] * len(calls)
        for place in range(len(calls)):
            # Another call begins each round, so that none always follows the same one.
            index = (place + len(rounds)) % len(calls)
            began = time.perf_counter()
            calls[index]()
            seconds[index] = time.perf_counter() - began
        rounds.append(seconds)
    return torch.tensor(rounds[min(plan.warmup, len(rounds) - LEAST_ROUNDS) :], dtype=torch.float64).T


def places() -> list[tuple[torch.device, int]]:
    """Devices and threads: one and all on the processor, and the GPU if there is one."""
    threads = sorted({1, machine.cores()})
    gpu = [(torch.device("cuda"), threads[-1])] if torch.cuda.is_available() else []
    return [*((torch.device("cpu"), each) for each in threads), *gpu]


def checked_times(seconds: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """The same times in float64, or an error when they are none."""
    if seconds.ndim != 1 or len(seconds) == 0 or not bool((seconds > 0).all()):
        raise ValueError(f"expected at least one positive time, found {seconds.tolist()}")
    return seconds.double()


def quartiles(values: Float[Tensor, " n"]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile."""
    low, middle, high = torch.quantile(values, torch.tensor([0.25, 0.5, 0.75], dtype=values.dtype)).tolist()
    return low, middle, high


def latency(seconds: Float[Tensor, " n"]) -> dict[str, float]:
    """Milliseconds of one call."""
    low, middle, high = quartiles(1e3 * checked_times(seconds))
    return {"latency_ms": middle, "latency_ms_q1": low, "latency_ms_q3": high}


def speed_up(teacher: Float[Tensor, " n"], student: Float[Tensor, " n"]) -> dict[str, float]:
    """How many times as fast the student is, from the rounds in which both were timed."""
    if teacher.shape != student.shape:
        raise ValueError(f"a ratio needs both timed in every round, found {len(teacher)} and {len(student)} times")
    low, middle, high = quartiles(checked_times(teacher) / checked_times(student))
    return {"speed_up": middle, "speed_up_q1": low, "speed_up_q3": high}
