"""Trainings that survive a kill: state in undeclared scratch, keyed by a hash of everything that determines the run."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from stages.harness.learning import progress, training
from stages.harness.learning.devices import Place
from stages.harness.learning.game import Batch
from stages.harness.settings import paths
from stages.harness.settings.atomic import write_atomically
from stages.harness.settings.rows import Schedule

CURVE_POINTS = 200


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def source_hash() -> str:
    """SHA-256 of every module of this project that is loaded: the code that determines a run."""
    files = {
        name: module.__file__
        for name, module in sys.modules.items()
        if name.startswith("stages.") and getattr(module, "__file__", None)
    }
    return hashlib.sha256(
        "".join(f"{n}{file_hash(Path(f))}" for n, f in sorted(files.items()) if f).encode()
    ).hexdigest()


def key(place: Place, **determinants: Any) -> str:  # noqa: ANN401 - anything that prints as JSON
    """The name of a run's scratch folder."""
    environment = {
        "torch": torch.__version__,
        "device": place.device.type,
        "precision": place.precision,
        "world": place.world,
        "source": source_hash(),
    }
    text = json.dumps({**environment, **determinants}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


class Curve:
    """Named losses, averaged over equal stretches of steps, as tab-separated lines."""

    def __init__(self, total: int) -> None:
        self.stretch = max(1, total // CURVE_POINTS)
        self.rows: list[dict[str, float]] = []
        self.sums: dict[str, float] = {}

    def add(self, step: int, losses: dict[str, float]) -> None:
        """Take one step in."""
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        if step % self.stretch == 0:
            means = {name: round(value / self.stretch, 6) for name, value in self.sums.items()}
            self.rows.append({"step": step, **means})
            self.sums = {}

    def text(self) -> str:
        """The table."""
        if not self.rows:
            return "step\n"
        names = list(self.rows[0])
        lines = ["\t".join(names), *("\t".join(f"{row[name]:g}" for name in names) for row in self.rows)]
        return "\n".join(lines) + "\n"


def save_state(path: Path, run: training.Run, curve: Curve) -> None:
    """A snapshot under its final name only once it is whole."""
    buffer = io.BytesIO()
    torch.save({"run": run.state(), "rows": curve.rows, "sums": curve.sums}, buffer)
    write_atomically(path, buffer.getvalue())


def load_state(path: Path, run: training.Run, curve: Curve) -> None:
    """Continue from a snapshot, if there is one."""
    if path.exists():
        state = torch.load(path, weights_only=True, map_location="cpu")
        run.load(state["run"])
        curve.rows, curve.sums = state["rows"], state["sums"]


def fit(
    title: str,
    run: training.Run,
    draw: Callable[[int, int], Batch],
    schedule: Schedule,
    place: Place,
    scratch: Path,
    save_every: int,
) -> str:
    """Train to the end from wherever an earlier process was stopped; returns the curve as text."""
    curve, state = Curve(schedule.steps), scratch / "state.pt"
    load_state(state, run, curve)
    if run.step:
        print(f"{title}: continuing at step {run.step} of {schedule.steps}", flush=True)
    with progress.shown(title, schedule.steps, run.step) as report:
        for step, losses in training.steps(run, draw, schedule, place):
            curve.add(step, losses)
            report(step, losses)
            if step % save_every == 0 and step < schedule.steps and place.rank == 0:
                save_state(state, run, curve)
    if place.world > 1:
        dist.barrier()
    return curve.text()


def once(key_: str, artifacts: dict[str, Path], make: Callable[[Path], dict[str, bytes]], place: Place) -> None:
    """Put the artifacts of a run in place, making them only if no earlier process finished the very same run."""
    scratch = paths.scratch(key_)
    finished = {name: scratch / name for name in artifacts}
    if not all(file.exists() for file in finished.values()):
        made = make(scratch)
        if place.rank == 0:
            for name, content in made.items():
                write_atomically(finished[name], content)
            (scratch / "state.pt").unlink(missing_ok=True)
    if place.rank == 0:
        for name, target in artifacts.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(target.name + ".partial")
            shutil.copyfile(finished[name], partial)
            partial.replace(target)
