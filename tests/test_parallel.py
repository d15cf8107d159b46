"""Two processes that share each batch train the network that one process trains."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from stages.settings import paths
from tests.smallest import TEXT

ROOT = Path(__file__).resolve().parents[1]
TOLERANCE = 0.02
"""Of the distance that training moved the weights. Adam's first steps follow the gradient's sign, so a gradient that
is zero but for rounding (of the label planes, which instance normalisation cancels inside the picture) moves freely."""


def run(folder: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_two_processes_equal_one(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(TEXT, encoding="utf-8")
    run(tmp_path, "-m", "stages.acquire_data", "faces")
    run(tmp_path, "-m", "stages.build_teachers", "large")
    alone = load_file(tmp_path / paths.teacher("large"))
    (tmp_path / paths.teacher("large")).unlink()
    run(tmp_path, "-m", "torch.distributed.run", "--nproc_per_node=2", "-m", "stages.build_teachers", "large")
    together = load_file(tmp_path / paths.teacher("large"))
    assert alone.keys() == together.keys()
    untrained = TEXT.replace("schedule: short, seed: 0}", "schedule: untrained, seed: 0}")
    (tmp_path / "params.yaml").write_text(untrained, encoding="utf-8")
    run(tmp_path, "-m", "stages.build_teachers", "large")
    start = load_file(tmp_path / paths.teacher("large"))

    def distance(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
        return float(sum((one[name] - other[name]).square().sum() for name in one)) ** 0.5

    moved, apart = distance(alone, start), distance(alone, together)
    assert moved > 0.1
    assert 0 < apart < TOLERANCE * moved, f"apart {apart:.2g} of {moved:.2g}; 0 would mean that both ran as one process"
