"""A clone of the project at the smoke scale, and what commands make in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests import warm

ROOT = Path(__file__).resolve().parents[1]
SKIPPED = ("results", "paper_figures", "dvc.lock")
LOCAL = (".venv", ".retort", ".dvc/cache", ".dvc/tmp", ".dvc/config.local", "dvc_remote", "dist")
MADE = ("data", "results", "paper_figures")


def environment(**more: str) -> dict[str, str]:
    """This interpreter first on the path, and nothing of a terminal."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {"PATH": path, "PYTHONPATH": ".", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "default"}
    return {**{key: value for key, value in os.environ.items() if key not in warm.UNWANTED}, **own, **more}


def call(folder: Path, *command: str, status: int = 0, more: Mapping[str, str] | None = None) -> str:
    """Run a command in the clone, with more in its environment, and return what it printed."""
    env = environment(**(more or {}))
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == status, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def retort(folder: Path, *arguments: str, status: int = 0, more: Mapping[str, str] | None = None) -> str:
    program = "from retort.commands import app; app()"
    return call(folder, sys.executable, "-c", program, *arguments, status=status, more=more)


def everything(folder: Path) -> None:
    """Run the whole graph, undisturbed; its stages do not each import torch."""
    with warm.stages() as more:
        retort(folder, "repro", "-j", "2", more=more)


def clone(target: Path) -> Path:
    """The project's files without results, at the smoke scale, under git."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    names = listed.stdout.splitlines() or [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file()]
    for name in names:
        source = ROOT / name
        if source.is_file() and not name.startswith(SKIPPED) and not name.startswith(LOCAL):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / name)
    shutil.copyfile(ROOT / "scales" / "smoke.yaml", target / "params.yaml")
    call(target, "git", "init", "-q")
    commit(target)
    return target


def commit(folder: Path) -> None:
    """Everything that git does not ignore."""
    call(folder, "git", "add", "-A")
    call(folder, "git", "-c", "user.name=Test", "-c", "user.email=test@example.invalid", "commit", "-q", "-m", "state")


def made(folder: Path) -> dict[str, bytes]:
    """Every artifact but times."""
    files = [file for top in MADE for file in sorted((folder / top).rglob("*")) if file.is_file()]
    names = {file.relative_to(folder).as_posix(): file for file in files}
    timed = ("results/provenance", "results/latency")
    drawn_from_times = ("paper_figures/",)
    return {name: file.read_bytes() for name, file in names.items() if not name.startswith((*timed, *drawn_from_times))}
