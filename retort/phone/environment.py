"""The environment that has ExecuTorch: a folder beside the project's own, since its needs are many and its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv-phone"
ABSENT = "ExecuTorch is not installed; `make phone` makes an environment for it"


class PhoneError(ValueError):
    """No file for phones could be made; the message says why, or what to do."""


def python() -> Path | None:
    """The interpreter that has ExecuTorch: this one, or that of its own environment."""
    if find_spec("executorch") is not None:
        return Path(sys.executable)
    found = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return found if found.exists() else None


def run(arguments: Sequence[str]) -> None:
    """`python -m retort.phone` there, in silence; what it refuses is raised as it was said."""
    program = python()
    if program is None:
        raise PhoneError(ABSENT)
    done = subprocess.run(
        [str(program), "-m", "retort.phone", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise PhoneError(lines[-1])
