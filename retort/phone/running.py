"""A file of ExecuTorch's run by its own runtime on this machine, one thread, beside the network it was made of."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Any

import torch
from executorch.extension.pybindings import portable_lib
from executorch.runtime import Runtime
from torch import Tensor, nn

WARMUP, REPEATS = 3, 30


class Running:
    """A loaded file."""

    def __init__(self, content: bytes) -> None:
        portable_lib._unsafe_reset_threadpool(1)
        self.program: Any = Runtime.get().load_program(content)
        self.method: Any = self.program.load_method("forward")

    def __call__(self, given: Sequence[Tensor]) -> Tensor:
        # The runtime's own memory, which the next call writes to.
        return self.method.execute(list(given))[0].clone()  # type: ignore[no-any-return]


def milliseconds(running: Running, network: nn.Module, given: Sequence[Tensor]) -> tuple[float, float]:
    """Medians of the processor's time of a file and of its network, in turn; other programs do not count."""
    file, torch_ = [], []
    with torch.inference_mode():
        for repeat in range(WARMUP + REPEATS):
            begun = time.process_time()
            running(given)
            between = time.process_time()
            network(*given)
            if repeat >= WARMUP:
                file.append(between - begun)
                torch_.append(time.process_time() - between)
    return 1000 * statistics.median(file), 1000 * statistics.median(torch_)
