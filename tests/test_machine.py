"""What a process knows of its machine, and what it asks of it."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, torch
from stages.settings import machine
if {keep}:
    machine.keep_memory()
image = torch.rand(16, 16, 256, 256)
for _ in range(8):
    torch.nn.functional.relu(image * 2)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    torch.nn.functional.relu(image * 2)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep: bool) -> int:
    asked = subprocess.run([sys.executable, "-c", FAULTS.format(keep=keep)], capture_output=True, text=True, check=True)
    return int(asked.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives the pages of large tensors back")
def test_pages_of_freed_tensors_are_used_again() -> None:
    assert faults(keep=True) * 10 < faults(keep=False)
