"""A clone of this project at the smoke scale in a scratch folder, what a run makes in it, and what it recorded."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from retort.benches.programs import called

PROJECT = Path(__file__).resolve().parents[3]
SCALE = Path("scales/smoke.yaml")
SKIPPED = ("results", "paper_figures", "dvc.lock")
LOCAL = (".venv", ".retort", ".dvc/cache", ".dvc/tmp", ".dvc/config.local", "dvc_remote", "dist")
MADE = ("data", "results", "paper_figures")
TIMED = ("results/provenance", "results/latency", "paper_figures/")
"""What holds times, or is drawn from them, and never has the same bytes twice."""
ITEMS_OF_TIMES = ("measure_latency", "plot_figures", "write_tables")


def clone(target: Path) -> Path:
    """The project's files without results, at the smoke scale, under git."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=PROJECT, capture_output=True, text=True
    )
    names = listed.stdout.splitlines() or [str(p.relative_to(PROJECT)) for p in PROJECT.rglob("*") if p.is_file()]
    for name in names:
        source = PROJECT / name
        if source.is_file() and not name.startswith(SKIPPED) and not name.startswith(LOCAL):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / name)
    shutil.copyfile(PROJECT / SCALE, target / "params.yaml")
    called(target, "git", "init", "-q")
    commit(target)
    return target


def commit(folder: Path) -> None:
    """Everything that git does not ignore."""
    called(folder, "git", "add", "-A")
    who = ("-c", "user.name=retort", "-c", "user.email=retort@example.invalid", "-c", "commit.gpgsign=false")
    called(folder, "git", *who, "commit", "-q", "--allow-empty", "-m", "state")


def made(folder: Path) -> dict[str, bytes]:
    """Every file that a run makes, but those of times."""
    files = [file for top in MADE for file in sorted((folder / top).rglob("*")) if file.is_file()]
    names = {file.relative_to(folder).as_posix(): file for file in files}
    return {name: file.read_bytes() for name, file in names.items() if not name.startswith(TIMED)}


def entries(folder: Path) -> dict[str, str]:
    """What dvc.lock says of each item."""
    file = folder / "dvc.lock"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    _, _, inside = text.partition("\nstages:\n")
    pieces = re.split(r"^(?=  \S)", inside, flags=re.MULTILINE)
    return {piece.partition(":\n")[0].strip(): piece for piece in pieces if piece.startswith("  ")}
