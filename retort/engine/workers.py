"""Worker processes of one thread each, and what they announce."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from distributed import Nanny
from distributed.security import Security

from retort.engine.where import Certificates
from stages.settings import paths

CPU, GPU, HERE = "CPU", "GPU", "here"
"""What workers announce: a thread for one item, a GPU, that they work in the driver's tree."""
ROLES = ("client", "worker", "scheduler")
PRELOAD = "retort.engine.preload"
SILENT = logging.CRITICAL + 1
"""A level that nothing reaches: Dask calls it critical that a client who has all it wants is gone."""
UNMEASURED: Mapping[str, object] = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.cycle": "10s",
    "distributed.admin.system-monitor.interval": "1m",
    "distributed.admin.system-monitor.disk": False,
    "distributed.admin.system-monitor.host-cpu": False,
    "distributed.admin.system-monitor.gil.enabled": False,
}
"""Dask's settings without its profiler and monitors, which take six hundredths of two cores from the items."""


@cache
def gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [each.strip() for each in visible.split(",") if each.strip() not in ("", "-1")]
    program = shutil.which("nvidia-smi")
    if not program:
        return []
    listed = subprocess.run([program, "-L"], capture_output=True, text=True)
    return [str(number) for number, line in enumerate(listed.stdout.splitlines()) if line.startswith("GPU ")]


def worker(number: int, devices: list[str], announced: Mapping[str, float], **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """The options of one worker process; the first ones have a GPU each, where there are some, and the rest none."""
    own = {GPU: 1.0} if number < len(devices) else {}
    environment = {"CUDA_VISIBLE_DEVICES": devices[number] if own else ""} if devices else {}
    return {
        "nthreads": 1,
        # The memory is that of the items' own processes, which Dask does not see.
        "memory_limit": 0,
        "preload": [PRELOAD],
        "dashboard": False,
        "silence_logs": logging.CRITICAL,
        "local_directory": str(paths.STATE.absolute()),
        "env": environment,
        "resources": {**announced, **own},
        **options,
    }


def specified(number: int, devices: list[str], announced: Mapping[str, float], **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """The same, as Dask specifies a worker of a cluster."""
    return {"cls": Nanny, "options": worker(number, devices, announced, **options)}


def secured(certificates: Certificates, address: str) -> Security:
    """What a connection to a scheduler asks for; its files are those named, or those of Dask's configuration."""
    if not address.startswith("tls:"):
        return Security()
    ca_file, certificate, key = (
        str(each) if each else None for each in (certificates.ca_file, certificates.certificate, certificates.key)
    )
    named = {
        "tls_ca_file": ca_file,
        **{f"tls_{role}_cert": certificate for role in ROLES},
        **{f"tls_{role}_key": key for role in ROLES},
    }
    return Security(require_encryption=True, **{name: file for name, file in named.items() if file})


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing of Dask's own talk: what matters is said in a sentence."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(SILENT)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="distributed")
            yield
    finally:
        logger.setLevel(before)
