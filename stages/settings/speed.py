"""How fast this machine trains, in steps of a small fixed network per second of one thread."""

from __future__ import annotations

import json
import platform
import time

from stages.settings import machine, paths
from stages.settings.atomic import write_atomically

SECONDS = 2.0


def measured() -> float:
    """Steps per second: of the fastest step within two seconds, so that what else runs here counts little."""
    import torch
    import torch.nn.functional as F

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        image = torch.full((8, 16, 32, 32), 0.5)
        weight = torch.full((16, 16, 3, 3), 0.01, requires_grad=True)
        fastest, began = float("inf"), time.perf_counter()
        while time.perf_counter() - began < SECONDS:
            start = time.perf_counter()
            for _ in range(4):
                hidden = F.leaky_relu(F.conv2d(image, weight, padding=1))
                F.conv2d(hidden, weight, padding=1).square().mean().backward()
            fastest = min(fastest, time.perf_counter() - start)
    finally:
        torch.set_num_threads(threads)
    return round(4 / fastest, 1)


def here(measure: bool = False) -> float | None:
    """The speed that was measured on this machine before; where there is none, nothing, or a measurement if wanted."""
    this = {"host": platform.node(), "cpu": machine.cpu_model()}
    try:
        found = json.loads(paths.speed().read_text(encoding="utf-8"))
        if {key: found[key] for key in this} == this:
            return float(found["steps_per_second"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    if not measure:
        return None
    steps = measured()
    write_atomically(paths.speed(), json.dumps({**this, "steps_per_second": steps}).encode())
    return steps
