"""Worker processes that join a scheduler elsewhere and stay until it ends."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import suppress
from urllib.parse import urlsplit

import dask
from distributed import Nanny

from retort.engine.graph import GraphError
from retort.engine.where import LOCAL_HOSTS, LOOPBACK, REACH_S, Certificates
from retort.engine.workers import CPU, UNMEASURED, quiet, secured, worker


def serve(scheduler: str, certificates: Certificates, jobs: int, devices: list[str]) -> None:
    """Start so many workers, and wait for their end."""
    # Read by the worker processes, which do not inherit what `quiet` does in this one.
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "critical")
    with quiet(), suppress(KeyboardInterrupt), dask.config.set(UNMEASURED):
        asyncio.run(work(scheduler, certificates, jobs, devices))


async def work(scheduler: str, certificates: Certificates, jobs: int, devices: list[str]) -> None:
    """The same, inside an event loop."""
    security = secured(certificates, scheduler)
    host = LOOPBACK if urlsplit(scheduler).hostname in LOCAL_HOSTS else None
    options = {"security": security, "host": host, "death_timeout": REACH_S, "local_directory": tempfile.gettempdir()}
    nannies = [Nanny(scheduler, **worker(number, devices, {CPU: 1.0}, **options)) for number in range(jobs)]
    try:
        await asyncio.wait_for(asyncio.gather(*nannies), REACH_S)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        await close(nannies)
        raise GraphError(f"{scheduler} cannot be reached: {error or type(error).__name__}") from None
    print(f"{jobs} at work for {scheduler}", flush=True)
    try:
        await asyncio.gather(*(nanny.finished() for nanny in nannies))
    finally:
        await close(nannies)
    print("the scheduler has ended", flush=True)


async def close(nannies: list[Nanny]) -> None:
    """End the workers, and with them what they run."""
    await asyncio.gather(*(nanny.close(timeout=5) for nanny in nannies), return_exceptions=True)
