"""Both parts in one scratch folder: a run that is killed, and files that are damaged; every figure of both."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from retort.benches.faults import kills, malformed
from stages.settings import machine


def run(place: Path, seed: int, killed: int, damaged: int, report: Callable[[str], None]) -> dict[str, Any]:
    """So many kills and malformed inputs; a part of which none are wanted has no figures."""
    load = machine.load()
    found: dict[str, Any] = {
        "seed": seed,
        "machine": {
            "cpu": machine.cpu_model(),
            "cores": machine.cores(),
            "load_before": load,
            **{name: version(name) for name in ("torch", "dvc")},
        },
    }
    if killed:
        found["kills"] = kills.run(place, killed, seed, report)
    if damaged:
        report("a run that nobody disturbs, whose files are damaged then")
        kills.undisturbed(place / "undisturbed")
        found["inputs"] = malformed.run(place / "undisturbed", damaged, seed, report)
    return found
