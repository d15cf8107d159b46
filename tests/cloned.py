"""A clone of the project at the smoke scale, and what commands make in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from retort.benches.faults.scratch import ITEMS_OF_TIMES, clone, commit, entries, made
from tests import warm

__all__ = (
    "ITEMS_OF_TIMES",
    "ROOT",
    "call",
    "clone",
    "commit",
    "entries",
    "environment",
    "everything",
    "made",
    "retort",
)

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 1800
"""How long a command may take: all stages of the smoke scale, on a slow machine that others use too."""


def environment(**more: str) -> dict[str, str]:
    """This interpreter first on the path, and nothing of a terminal."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {"PATH": path, "PYTHONPATH": ".", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "default"}
    return {**{key: value for key, value in os.environ.items() if key not in warm.UNWANTED}, **own, **more}


def call(folder: Path, *command: str, status: int = 0, more: Mapping[str, str] | None = None) -> str:
    """Run a command in the clone, with more in its environment, and return what it printed."""
    env = environment(**(more or {}))
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == status, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def retort(folder: Path, *arguments: str, status: int = 0, more: Mapping[str, str] | None = None) -> str:
    program = "from retort.commands import app; app()"
    return call(folder, sys.executable, "-c", program, *arguments, status=status, more=more)


def everything(folder: Path) -> None:
    """Run the whole graph, undisturbed; its stages do not each import torch."""
    with warm.stages() as more:
        retort(folder, "repro", "-j", "2", more=more)
