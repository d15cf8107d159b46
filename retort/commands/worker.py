"""`retort worker`: bring items up to date on this machine, for drivers elsewhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from retort.commands.certificates import CaFile, Certificate, Insecure, Key
from retort.engine.graph import GraphError
from retort.engine.where import Certificates, check_address
from stages.settings import machine


def worker(
    scheduler: Annotated[str, typer.Argument(help="Where Dask's scheduler listens, such as tls://HOST:8786.")],
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="Items side by side; one per GPU by default, or else one per core."),
    ] = None,
    clones: Annotated[
        Path | None,
        typer.Option(help="The folder for the clones of the driver's tree; in the user's cache by default."),
    ] = None,
    tls_ca_file: CaFile = None,
    tls_cert: Certificate = None,
    tls_key: Key = None,
    insecure: Insecure = False,
) -> None:
    """Work for `retort repro --scheduler ADDRESS` until the scheduler ends, or Ctrl-C comes.

    Start it where this project's environment is, git included. Each of its processes has a clone of its own at the
    driver's commit, and a GPU of its own where there are some. `dask worker --nthreads 1 --resources CPU=1` does the
    same for one process.

    Exit status: 0 the scheduler ended or Ctrl-C came, 2 it cannot be reached.
    """
    from retort.engine import serving
    from retort.engine.clones import CLONES
    from retort.engine.workers import gpus

    certificates, devices = Certificates(tls_ca_file, tls_cert, tls_key), gpus()
    try:
        check_address(scheduler, insecure)
        certificates.check()
        if clones:
            os.environ[CLONES] = str(clones.absolute())
        serving.serve(scheduler, certificates, jobs or len(devices) or machine.cores(), devices)
    except GraphError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
