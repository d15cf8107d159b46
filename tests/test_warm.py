"""A stage that is forked from a process with torch in memory does what it does in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from stages.settings import paths
from tests import warm
from tests.elsewhere import until
from tests.smallest import TEXT
from tests.warm.sitecustomize import SOCKET

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def forks() -> Iterator[dict[str, str]]:
    """The environment of stages that are forked."""
    with warm.stages(str(ROOT)) as more:
        if SOCKET not in more:
            pytest.skip("this system has no descriptors of processes")
        yield {**os.environ, **more}


def start(folder: Path, environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    """A stage in a folder with the smallest params."""
    folder.mkdir(exist_ok=True)
    (folder / "params.yaml").write_text(TEXT.replace("{steps: 4,", "{steps: 5000,"), encoding="utf-8")
    command, pipe = [sys.executable, "-m", *words], subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True)


def running() -> list[psutil.Process]:
    """The forks of the one process that has torch."""
    servers = [each for each in psutil.Process().children() if "server.py" in " ".join(each.cmdline())]
    return [fork for server in servers for fork in server.children()]


def test_it_makes_the_same_bytes_says_the_same_and_ends_alike(tmp_path: Path, forks: dict[str, str]) -> None:
    found = []
    for name, environment in (("own", {**os.environ, "PYTHONPATH": str(ROOT)}), ("fork", forks)):
        folder = tmp_path / name
        with start(folder, environment, "stages.acquire_data", "faces") as process:
            said, complaint = process.communicate()
        assert process.returncode == 0, complaint
        with start(folder, environment, "stages.acquire_data", "nobody") as process:
            _, complaint = process.communicate()
        data = folder / paths.dataset("faces")
        made = {file.relative_to(data): file.read_bytes() for file in sorted(data.rglob("*")) if file.is_file()}
        assert made
        found.append((made, said.splitlines()[-1], process.returncode, complaint.splitlines()[-1]))
    assert found[0] == found[1]
    assert found[1][2] == 1
    assert "no data set 'nobody'" in found[1][3]


def test_it_ends_with_the_interpreter_that_was_to_run_it(tmp_path: Path, forks: dict[str, str]) -> None:
    with start(tmp_path, forks, "stages.acquire_data", "faces") as process:
        process.communicate()
    with start(tmp_path, forks, "stages.build_teachers", "large") as process:
        until(lambda: list(tmp_path.glob(".retort/scratch/*/state.pt")))
        assert len(running()) == 1
        process.kill()
        process.communicate()
    until(lambda: not running())
