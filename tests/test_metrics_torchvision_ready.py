"""After the declaration torchvision and all that stands on it import, in a fresh interpreter and without a warning."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from stages.blocks import torchvision_ready

FRESH = """
import torch
from stages.blocks import torchvision_ready
torchvision_ready.declare_missing()
torchvision_ready.declare_missing()
assert all(hasattr(torch.ops.torchvision, name) for name in torchvision_ready.OPERATORS)
import torchvision, lpips, pytorch_fid.inception, pytorch_fid.fid_score
assert torchvision.models.alexnet(weights=None, num_classes=2)(torch.zeros(1, 3, 64, 64)).shape == (1, 2)
"""


def test_torchvision_imports_in_a_fresh_interpreter() -> None:
    root = Path(torchvision_ready.__file__).parents[2]
    command = [sys.executable, "-W", "error", "-c", FRESH]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_exists_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    torchvision_ready.declare_missing()
    defined: list[str] = []
    monkeypatch.setattr(torch.library, "define", lambda name, *_: defined.append(name))
    torchvision_ready.declare_missing()
    assert defined == []
