"""Programs that a bench starts in folders of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from retort.benches.side_by_side import BenchError


def environment(**more: str) -> dict[str, str]:
    """This interpreter first on the path, one thread, and nothing of a terminal."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": ".", "OMP_NUM_THREADS": "1", **more}


def called(folder: Path, *command: str, **more: str) -> str:
    """What a program that must succeed printed; more variables may be named."""
    done = subprocess.run(command, cwd=folder, env=environment(**more), capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout
