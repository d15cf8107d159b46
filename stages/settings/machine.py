"""What this process may use of its machine: processor, cores, memory, and whether bfloat16 is native."""

from __future__ import annotations

import ctypes
import os
import platform
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil  # type: ignore[import-untyped]

# Of mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_KEPT = 1 << 30
BUSY, LOOK_S = 0.15, 0.5
CPU_FACTS = Path("/proc/cpuinfo")
LEVELS = {
    "AVX2": ("avx2", "fma"),
    "AVX-512": ("avx512f", "avx512bw", "avx512vl"),
    "AVX512-BF16": ("avx512_bf16",),
    "AMX-BF16": ("amx_tile", "amx_bf16"),
    "NEON": ("asimd",),
    "SVE": ("sve",),
    "ARM-BF16": ("bf16",),
}


@cache
def facts() -> dict[str, str]:
    """The first processor's entries in /proc/cpuinfo; empty where there is no such file."""
    if not CPU_FACTS.exists():
        return {}
    first, _, _ = CPU_FACTS.read_text(encoding="utf-8", errors="replace").partition("\n\n")
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def cpu_model() -> str:
    """The processor by its trade name, or its architecture where the system does not tell."""
    return facts().get("model name") or platform.processor() or platform.machine()


def instruction_sets() -> tuple[str, ...]:
    """The vector instruction sets that matter for speed here."""
    flags = set((facts().get("flags") or facts().get("Features") or "").split())
    return tuple(name for name, needed in LEVELS.items() if flags.issuperset(needed))


def native_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16; otherwise that precision is emulated, and slower than float32."""
    return bool({"AVX512-BF16", "AMX-BF16"} & set(instruction_sets()))


def cores() -> int:
    """How many cores this process may keep busy: its affinity, and the quota of its container."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = Path("/sys/fs/cgroup/cpu.max")
    if not quota.exists():
        return allowed
    most, period = quota.read_text(encoding="ascii").split()
    return allowed if most == "max" else max(1, min(allowed, int(most) // int(period)))


def memory_bytes() -> int:
    """How much memory this process may use: the machine's, or its container's limit."""
    installed = int(psutil.virtual_memory().total)
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text(encoding="ascii").strip() if limit.exists() else "max"
    return installed if text == "max" else min(installed, int(text))


def keep_memory() -> None:
    """Let the C library keep what is freed; giving pages back takes a third of a step at 128 px.

    Only glibc does so, and only it is told not to.
    """
    with suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT)
        library.mallopt(M_TRIM_THRESHOLD, LARGEST_KEPT)


def rank() -> int:
    """The place of this process among those of a parallel run; 0 writes the results."""
    return int(os.environ.get("RANK", "0"))


def load() -> float:
    """How many cores other programs keep busy just now; the system's own average still counts what has ended."""
    return round(psutil.cpu_percent(LOOK_S) / 100 * (psutil.cpu_count() or 1), 2)


def busy(load: float, of: int) -> bool:
    """Whether a load leaves too little of so many cores for times to mean anything."""
    return load > BUSY * of
