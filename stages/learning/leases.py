"""Who writes into a scratch folder: the last process that asked. An earlier one that is still alive notices, and stops.

A worker that lost only its network may train on while its successor continues the same run from the same folder.
"""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

from stages.settings.atomic import write_atomically

OWNER = "RETORT_OWNER"
"""Set by whoever starts this process: the item, and a number of its own for every attempt at it."""


LEASE = "lease"
"""The file in a scratch folder that says who writes there."""


class LeaseLostError(RuntimeError):
    """Another process continues this run."""


class Lease:
    """The right to write into a folder."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / LEASE
        self.owner = os.environ.get(OWNER) or f"{platform.node()} {os.getpid()} {time.time_ns()}"
        write_atomically(self.file, self.owner.encode())

    def check(self) -> None:
        """Stop this process, in order, if it no longer has the right."""
        if self.file.read_text(encoding="utf-8") != self.owner:
            raise LeaseLostError(f"another process continues this run in {self.file.parent}; this one stops")
