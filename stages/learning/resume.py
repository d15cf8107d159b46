"""Trainings that survive a kill: state in undeclared scratch, and what is finished is not made again."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
import torch.distributed as dist

from stages.learning import progress, training
from stages.learning.contracts import Draw
from stages.learning.curves import Curve
from stages.learning.devices import Place
from stages.learning.evidence import Record, nothing
from stages.learning.leases import Lease
from stages.settings import paths
from stages.settings.atomic import atomically, write_atomically
from stages.settings.rows import Schedule


def save_state(path: Path, run: training.Run, curve: Curve) -> None:
    """A snapshot under its final name only once it is whole."""
    buffer = io.BytesIO()
    torch.save({"of": path.parent.name, "run": run.state(), "curve": curve.state()}, buffer)
    write_atomically(path, buffer.getvalue())


def restore_state(path: Path, run: training.Run, curve: Curve) -> None:
    """Continue from a snapshot, if there is one of this very run."""
    if path.exists():
        state = torch.load(path, weights_only=True, map_location="cpu")
        if not isinstance(state, dict) or state.get("of") != path.parent.name:
            print(f"{path} is of another run; this one begins at its start", flush=True)
            return
        run.restore(state["run"])
        curve.restore(state["curve"])


def fit(
    title: str,
    run: training.Run,
    draw: Draw,
    schedule: Schedule,
    place: Place,
    scratch: Path,
    save_every: int,
    record: Record = nothing,
) -> str:
    """Train to the end from wherever an earlier process was stopped; returns the curve as text."""
    curve, state = Curve(schedule.steps), scratch / "state.pt"
    lease = Lease(scratch) if place.rank == 0 else None
    restore_state(state, run, curve)
    if run.step:
        print(f"{title}: continuing at step {run.step} of {schedule.steps}", flush=True)
    with progress.shown(title, schedule.steps, run.step) as report:
        for step, losses in training.steps(run, draw, schedule, place):
            curve.add(step, {**losses, **record(step)})
            report(step, losses)
            if lease and step % save_every == 0 and step < schedule.steps:
                lease.check()
                save_state(state, run, curve)
    if lease:
        lease.check()
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
            with atomically(target) as partial:
                shutil.copyfile(finished[name], partial)
