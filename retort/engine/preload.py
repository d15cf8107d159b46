"""Loaded by every worker process that Retort starts, before its first item."""

from __future__ import annotations

import signal
from typing import Any


def dask_setup(_: Any) -> None:  # noqa: ANN401 - Dask's worker
    """Leave Ctrl-C to the driver, which ends the items in order; a terminal sends it to every process at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
