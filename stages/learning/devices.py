"""Where and with which precision a process computes: device, threads, bfloat16, and the group of a parallel run."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
import torch.distributed as dist

from stages.settings import machine


@dataclass(frozen=True)
class Place:
    """What was chosen, recorded with every result."""

    device: torch.device
    precision: str
    rank: int = 0
    world: int = 1

    def autocast(self) -> AbstractContextManager[object]:
        """bfloat16 arithmetic where it was chosen, nothing otherwise."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def reseed(self, seed: int) -> None:
        """Let dropout draw from this seed on; `torch.manual_seed` would keep a list for every absent kind of device."""
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)


def full_precision(tensor: torch.Tensor) -> AbstractContextManager[object]:
    """float32 arithmetic on a tensor's device even inside `Place.autocast`; the meta device computes nothing."""
    return nullcontext() if tensor.is_meta else torch.autocast(tensor.device.type, enabled=False)


def native_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is computed by the hardware; emulated it is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and (
        torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()  # no public query yet
    )


def choose(device: str, precision: str) -> Place:
    """Resolve `auto`, keep one thread per process on a CPU, and join the group when started by torchrun."""
    kind = device if device != "auto" else ("cuda" if torch.cuda.is_available() else "cpu")
    if kind == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("params.yaml asks for run.device: cuda, but torch sees no GPU; use auto or cpu")
    world = int(os.environ.get("WORLD_SIZE", "1"))
    chosen = torch.device(kind, int(os.environ.get("LOCAL_RANK", "0"))) if kind == "cuda" else torch.device(kind)
    if kind == "cpu":
        torch.set_num_threads(1)
        machine.keep_memory()
    if world > 1 and not dist.is_initialized():
        dist.init_process_group("nccl" if kind == "cuda" else "gloo")
    if precision == "auto":
        precision = "bfloat16" if native_bfloat16(chosen) else "float32"
    return Place(chosen, precision, machine.rank(), world)
