"""Checkpoints, damaged: the state of a training that was stopped, and what one had finished before it was recorded."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import time
from pathlib import Path

import torch

from retort.benches import programs
from retort.benches.faults import mutations, texts
from retort.benches.faults.inputs import Case, Kind, damaged
from retort.benches.faults.mutations import Mutation, Random
from retort.benches.side_by_side import BenchError
from retort.engine import saved
from stages.learning.leases import LEASE, OWNER
from stages.settings import paths

STAGE, NAME = "build_teachers", "digits"
ITEM = f"{STAGE}@{NAME}"
GOOD = Path(".retort/stopped")
"""Copies of scratch of two kinds: of a training that was stopped after a save, and of one at its end."""
KEPT = {"state.pt": "stopped", "networks": "finished", "curve": "finished", saved.SEAL: "finished"}
PATIENCE_S = 120.0


def rewritten(value: object) -> bytes:
    """An archive of torch's that is whole, and holds something else."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


STATES = (
    *mutations.BYTES,
    Mutation("an archive of something else", lambda _, draw: rewritten(draw.choice(([], {}, {"run": {}}, 3)))),
)


def home(folder: Path) -> Path:
    """The scratch folder of the training."""
    (found,) = [each for each in (folder / paths.scratch("")).iterdir() if text(each / LEASE).startswith(f"{ITEM} ")]
    return found


def prepare(folder: Path) -> None:
    """Stop the training after its first save, and keep its scratch as it is then and as it was at the end."""
    place = home(folder)
    lease = text(place / LEASE)
    shutil.copytree(place, folder / GOOD / "finished")
    shutil.rmtree(place)
    command, environment = [sys.executable, "-m", f"stages.{STAGE}", NAME], programs.environment(**{OWNER: lease})
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + PATIENCE_S
        while not (place / "state.pt").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        process.kill()
    if not (place / "state.pt").exists():
        raise BenchError(f"the training of {ITEM} could not be stopped after a save")
    shutil.copytree(place, folder / GOOD / "stopped")


def of_checkpoints(folder: Path, draw: Random) -> Case:
    """A file of a training's scratch; what it must be continued to is known."""
    if not (folder / GOOD).exists():
        prepare(folder)
    name = draw.choice(("state.pt", "state.pt", *KEPT))
    place = home(folder)
    shutil.rmtree(place)
    shutil.copytree(folder / GOOD / KEPT[name], place)
    file = (place / name).relative_to(folder)
    ways = STATES if name == "state.pt" else texts.JSON_TEXT if name == saved.SEAL else mutations.BYTES
    words = ("retort.benches.faults.resuming", STAGE, NAME)
    return damaged("checkpoints", folder, file, ways, draw, words)


def text(file: Path) -> str:
    """A file's text, if there is one."""
    return file.read_text(encoding="utf-8") if file.is_file() else ""


CHECKPOINTS = Kind("checkpoints", 15, of_checkpoints)
MADE = (paths.teacher(NAME), paths.teacher_curve(NAME))
"""What the training makes."""
