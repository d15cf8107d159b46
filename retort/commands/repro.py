"""`retort repro`: bring the graph up to date, several items side by side, on this machine or on others."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from retort.commands.certificates import CaFile, Certificate, Insecure, Key
from retort.engine.graph import GraphError
from retort.engine.where import Certificates, Where
from stages.settings import machine

HERE, ELSEWHERE = "On this machine", "On other machines"


def repro(
    targets: Annotated[
        list[str] | None,
        typer.Argument(help="Items (distill_students@NAME) or stages (distill_students); their ancestors come along."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="Items side by side, one thread each; all cores by default."),
    ] = None,
    dashboard: Annotated[bool, typer.Option("--dashboard", help="Serve Dask's dashboard, and say where.")] = False,
    scheduler: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Join a cluster that somebody started.", rich_help_panel=ELSEWHERE)
    ] = "",
    slurm: Annotated[
        bool, typer.Option("--slurm", help="Ask SLURM for jobs; the same as --queue slurm.", rich_help_panel=ELSEWHERE)
    ] = False,
    queue: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Ask a queueing system for jobs: slurm, pbs, sge, lsf, …", rich_help_panel=ELSEWHERE
        ),
    ] = "",
    cluster_file: Annotated[
        Path, typer.Option(metavar="FILE", help="What jobs to ask for.", rich_help_panel=ELSEWHERE)
    ] = Path("cluster.yaml"),
    remote: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The DVC remote through which data travel, and from which finished items are restored.",
            rich_help_panel=ELSEWHERE,
        ),
    ] = "",
    tls_ca_file: CaFile = None,
    tls_cert: Certificate = None,
    tls_key: Key = None,
    insecure: Insecure = False,
) -> None:
    """Run what is stale and whatever follows from it, several items side by side.

    Does what `dvc repro` does, with its run cache and its dvc.lock. Each item writes to .retort/logs/ITEM.log. An item
    that fails holds back what needs it and nothing else. Ctrl-C ends the running items; the next call continues.

    Exit status: 0 up to date, 1 an item failed, 2 nothing was tried, 130 stopped by Ctrl-C, 143 by SIGTERM.
    """
    where = Where(
        jobs=jobs or machine.cores(),
        scheduler=scheduler,
        queue=queue or ("slurm" if slurm else ""),
        cluster_file=cluster_file,
        certificates=Certificates(tls_ca_file, tls_cert, tls_key),
        insecure=insecure,
        remote=remote,
        dashboard=dashboard,
    )
    raise typer.Exit(started(targets or [], where, check))


def check() -> None:
    """Hold params.yaml and claims.yaml to their rules; the import costs more than finding that all is up to date."""
    from retort.checking import claims, params

    params.checked_or_exit()
    claims.checked_or_exit()


def run(targets: list[str], jobs: int, check: Callable[[], object]) -> int:
    """Bring the targets up to date on this machine; `check` is called before anything runs. Returns the exit status."""
    return started(targets, Where(jobs), check)


def started(targets: list[str], where: Where, check: Callable[[], object]) -> int:
    """The same, wherever the workers are."""
    from retort.engine import running

    try:
        return running.run(targets, where, check)
    except GraphError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
