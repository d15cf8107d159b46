"""Stages that tests start as processes of their own, without the seconds in which each imports torch."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.warm.sitecustomize import SOCKET

HERE = Path(__file__).parent
UNWANTED = ("PYTHONDONTWRITEBYTECODE",)
"""Of the environment: what is started a hundred times in one clone need not be compiled a hundred times."""


@contextmanager
def stages(path: str = ".") -> Iterator[dict[str, str]]:
    """What the environment needs so that `python -m stages.<name>` is a fork of a process that has torch in memory.

    `path` is where Python looks for modules otherwise. Without Linux's descriptors of processes stages start as ever.
    """
    if not hasattr(os, "pidfd_open"):
        yield {"PYTHONPATH": path}
        return
    # A socket's path may have 108 characters.
    with tempfile.TemporaryDirectory() as folder:
        place = str(Path(folder) / "socket")
        command = [sys.executable, "-P", str(HERE / "server.py"), place]
        own = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONWARNINGS": "default"}
        environment = {**{key: value for key, value in os.environ.items() if key not in UNWANTED}, **own}
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdin
            assert server.stdout
            try:
                assert server.stdout.readline() == "ready\n"
                yield {SOCKET: place, "PYTHONPATH": f"{HERE}{os.pathsep}{path}"}
            finally:
                server.stdin.close()
                server.wait(60)
