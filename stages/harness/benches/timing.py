"""Timing generators: in turns, per device and number of threads, with peak memory and the share of each operator."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import psutil  # type: ignore[import-untyped]
import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from stages.harness.settings import machine, members
from stages.harness.settings.rows import Latency
from stages.metrics import cost

PROFILED = 3
NAMED_FROM = 0.01
BUSY = 0.15
LOOK_S = 0.5
LIMIT_S = 60.0
LEAST_ROUNDS = 3


def profiler(memory: bool = False) -> profile:
    """PyTorch's profiler of the processor, without its own lines on standard error."""
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    return profile(activities=[ProfilerActivity.CPU], profile_memory=memory)


def load() -> float:
    """How many cores other programs keep busy just now; the system's own average still counts what has ended."""
    return round(psutil.cpu_percent(LOOK_S) / 100 * (psutil.cpu_count() or 1), 2)


def busy(cores: float) -> bool:
    """Whether other programs leave too little of the machine for its times to mean anything."""
    return cores > BUSY * machine.cores()


class Network:
    """The network of a family that is kept, a generator for one, ready to be called."""

    def __init__(self, family: str, spec: Any) -> None:  # noqa: ANN401 - each family has its own Spec
        networks, examples = members.load("families", family).example(asdict(spec))
        kept = next(iter(networks))
        self.generator: nn.Module = networks[kept].eval().requires_grad_(False)
        self.example: tuple[Tensor, ...] = examples[kept]
        self.costs = cost.costs(self.generator, self.example)

    def call(self, batch: int, device: torch.device) -> Callable[[], Any]:
        """One forward pass over a batch of noise, finished when it returns."""
        generator = self.generator.to(device)
        inputs = [torch.randn(batch, *each.shape[1:]).to(device) for each in self.example]

        def forward() -> None:
            with torch.inference_mode():
                generator(*inputs)
            if device.type == "cuda":
                torch.cuda.synchronize()

        return forward

    def peak_bytes(self, batch: int, device: torch.device) -> int:
        """Weights, input, and the most that tensors made during a call hold at once."""
        weights = sum(each.nbytes for each in self.generator.state_dict().values())
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
