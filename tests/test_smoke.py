"""The whole graph through real DVC in a temporary clone at the smoke scale: run, resumed, changed, re-rendered."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stages.harness import params

ROOT = Path(__file__).resolve().parents[1]
SKIPPED = ("results", "paper_figures", "dvc.lock")
MADE = ("data", "results", "paper_figures")


def environment() -> dict[str, str]:
    """This interpreter first on the path, and nothing of a terminal."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": ".", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "default"}


def call(folder: Path, *command: str, status: int = 0) -> str:
    """Run a command in the clone and return what it printed."""
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=600)
    assert done.returncode == status, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def retort(folder: Path, *arguments: str, status: int = 0) -> str:
    return call(folder, sys.executable, "-c", "from stages.commands import app; app()", *arguments, status=status)


def clone(target: Path) -> Path:
    """The project's files without results, at the smoke scale, under git."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    names = listed.stdout.splitlines() or [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file()]
    for name in names:
        source = ROOT / name
        if source.is_file() and not name.startswith(SKIPPED) and not name.startswith((".venv", ".retort")):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / name)
    shutil.copyfile(ROOT / "scales" / "smoke.yaml", target / "params.yaml")
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid")
    call(target, "git", "init", "-q")
    call(target, "git", "add", "-A")
    call(target, "git", *identity, "commit", "-q", "-m", "start")
    return target


def made(folder: Path) -> dict[str, bytes]:
    """Every artifact but times."""
    files = [file for top in MADE for file in sorted((folder / top).rglob("*")) if file.is_file()]
    names = {file.relative_to(folder).as_posix(): file for file in files}
    timed = ("results/provenance", "results/latency")
    drawn_from_times = ("paper_figures/",)
    return {name: file.read_bytes() for name, file in names.items() if not name.startswith((*timed, *drawn_from_times))}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which everything ran, undisturbed."""
    folder = clone(tmp_path_factory.mktemp("finished"))
    retort(folder, "repro", "-j", "2")
    return folder


def test_every_row_has_results(finished: Path) -> None:
    lines = (finished / "results" / "results.csv").read_text(encoding="utf-8").splitlines()
    rows = params.load(finished / "params.yaml").variants
    assert len(lines) - 1 == sum(len(row.seeds) for row in rows.values())
    assert "nan" not in "".join(lines).lower()
    assert call(finished, "dvc", "status").strip() == "Data and pipelines are up to date."


def test_a_second_run_does_nothing_and_is_quick(finished: Path) -> None:
    before = made(finished)
    began = time.monotonic()
    retort(finished, "repro", "-j", "2")
    assert time.monotonic() - began < 30
    assert made(finished) == before


def test_a_new_row_runs_itself_and_the_tail_and_a_new_member_nothing(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder, symlinks=True)
    for axis in ("datasets", "families", "compressions", "distillations", "metrics"):
        (folder / "stages" / axis / "brandnew.py").write_text('"""A new member."""\n', encoding="utf-8")
    assert call(folder, "dvc", "status").strip() == "Data and pipelines are up to date."
    file = folder / "params.yaml"
    text = file.read_text(encoding="utf-8")
    name = "  set1-w4b3-fr5out:"
    start = text.index(name)
    row = text[start : text.index("\n", start)].replace("fr5out:", "fr5out-strong:").replace("10.0}", "50.0}")
    file.write_text(text.replace(name, f"{row}\n{name}", 1), encoding="utf-8")
    status = call(folder, "dvc", "status")
    stale = {line.rstrip(":") for line in status.splitlines() if line and not line[0].isspace()}
    whole_tables = {"count_costs", "gather_results", "measure_latency", "plot_figures", "write_tables"}
    own = {"distill_students@set1-w4b3-fr5out-strong", "evaluate_quality@set1-w4b3-fr5out-strong"}
    assert own <= stale <= own | whole_tables


def test_killed_runs_are_continued_to_the_same_bytes(finished: Path, tmp_path: Path) -> None:
    folder = clone(tmp_path)
    command = [sys.executable, "-c", "from stages.commands import app; app()", "repro", "-j", "2"]
    for seconds in (6.0, 14.0):
        with subprocess.Popen(
            command,
            cwd=folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as run:
            time.sleep(seconds)
            os.kill(run.pid, signal.SIGKILL)
            run.wait()
    retort(folder, "repro", "-j", "2")
    assert made(folder) == made(finished)
