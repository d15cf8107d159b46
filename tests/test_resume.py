"""A training that is killed, again and again, ends with the very bits of one that was left alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import chdir
from pathlib import Path

import pytest

from stages import acquire_data, build_teachers, distill_students
from stages.learning.leases import LEASE, OWNER
from stages.settings import paths
from tests.smallest import TEXT

ROOT = Path(__file__).resolve().parents[1]
STEPS = 600


def python(folder: Path, *arguments: str) -> str:
    """Run a program of this project in another folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project folder with the smallest params and its data."""
    (tmp_path / "params.yaml").write_text(steps(STEPS), encoding="utf-8")
    with chdir(tmp_path):
        acquire_data.main("faces")
    return tmp_path


def steps(count: int) -> str:
    """The smallest params with trainings of so many steps."""
    return TEXT.replace("short: {steps: 4,", f"short: {{steps: {count},").replace("save_every: 2", "save_every: 5")


def test_fifty_kills_change_no_bit(folder: Path) -> None:
    python(folder, "-m", "stages.build_teachers", "large")
    target, curve = folder / paths.teacher("large"), folder / paths.teacher_curve("large")
    undisturbed = target.read_bytes(), curve.read_bytes()
    target.unlink()
    subprocess.run(["rm", "-rf", str(folder / ".retort")], check=True)
    output = python(folder, "-m", "tests.killed_training", "large", "50")
    killed = re.search(r"killed (\d+)", output)
    assert killed
    assert int(killed[1]) == 50, "the training must still be unfinished after fifty kills"
    resumed = re.search(rf"continuing at step (\d+) of {STEPS}", output)
    assert resumed
    assert int(resumed[1]) > 0
    assert (target.read_bytes(), curve.read_bytes()) == undisturbed


def test_a_finished_seed_is_not_trained_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    paths.PARAMS.write_text(steps(4).replace("seeds: [0, 1]", "seeds: [0]"), encoding="utf-8")
    build_teachers.main("large")
    distill_students.main("taught")
    assert "taught seed 0 step 4/4" in capfd.readouterr().out
    weights = paths.student("taught", 0).read_bytes()
    paths.student("taught", 0).unlink()
    paths.PARAMS.write_text(steps(4), encoding="utf-8")
    distill_students.main("taught")
    second = capfd.readouterr().out
    assert "taught seed 0" not in second
    assert "taught seed 1 step 4/4" in second
    assert paths.student("taught", 0).read_bytes() == weights
    assert paths.student("taught", 1).read_bytes() != weights


def test_a_training_whose_folder_another_process_has_taken_stops_and_saves_no_more(folder: Path) -> None:
    (folder / "params.yaml").write_text(steps(200), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), OWNER: "build_teachers@large first"}
    command = [sys.executable, "-m", "stages.build_teachers", "large"]
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as training:
        while not (states := list(folder.glob(".retort/scratch/*/state.pt"))):
            assert training.poll() is None
            time.sleep(0.01)
        lease = states[0].parent / LEASE
        assert lease.read_text(encoding="utf-8") == "build_teachers@large first"
        lease.write_text("build_teachers@large second", encoding="utf-8")
        _, said = training.communicate()
    assert training.returncode == 1
    assert "another process continues this run" in said
    assert not (folder / paths.teacher("large")).exists()
    assert lease.read_text(encoding="utf-8") == "build_teachers@large second"
    output = python(folder, "-m", "stages.build_teachers", "large")
    assert "continuing at step" in output


def test_a_loss_that_leaves_the_numbers_stops_and_spares_what_was_there(folder: Path) -> None:
    params = folder / "params.yaml"
    params.write_text(steps(4), encoding="utf-8")
    with chdir(folder):
        build_teachers.main("large")
    before = (folder / paths.teacher("large")).read_bytes()
    params.write_text(steps(4).replace("cycle: 10.0", "cycle: 1.0e+39"), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "stages.build_teachers", "large"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.search(r"step \d+: generator/\S+.* is not finite; last finite values: ", done.stderr)
    assert (folder / paths.teacher("large")).read_bytes() == before
