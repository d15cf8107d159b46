"""Running a stage again beside the results, on links to its inputs, so that nothing of them is overwritten."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stages.harness import paths

PROJECT = Path(__file__).resolve().parents[2]


class RerunError(RuntimeError):
    """The stage did not end well; says how."""


@contextmanager
def apart(inputs: Iterable[Path]) -> Iterator[Path]:
    """A folder that looks like this repository, with params.yaml and links to those inputs that are here."""
    with tempfile.TemporaryDirectory(prefix="retort-") as name:
        root = Path(name)
        shutil.copyfile(paths.PARAMS, root / paths.PARAMS)
        for each in inputs:
            if each.exists():
                (root / each).parent.mkdir(parents=True, exist_ok=True)
                (root / each).symlink_to(each.absolute())
        yield root


def run(stage: str, arguments: list[str], root: Path) -> None:
    """Run a stage in such a folder, on one thread."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", f"stages.{stage}", *arguments]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise RerunError(f"{' '.join([stage, *arguments])} cannot be run again: {last[0]}")
