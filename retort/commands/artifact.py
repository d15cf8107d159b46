"""`retort artifact`: the artifact appendix, of every claim the command, the time and the disk that it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def artifact(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Ends in .md or .tex; ARTIFACT.md unless named.")
    ] = None,
) -> None:
    """Write the appendix that artifact evaluations ask for: claims, what regenerates each, how long, what it leaves.

    Outcomes are those of results/claims.csv, times those of results/provenance, sizes those of dvc.lock. Exit status 1
    where one of these lacks an item: run `retort repro` first.
    """
    from retort.engine.graph import GraphError
    from retort.exchange import appendix
    from stages.settings.atomic import write_atomically

    target = file or appendix.FILE
    if target.suffix not in (".md", ".tex"):
        typer.echo(f"retort artifact: {target}: the name must end in .md or .tex", err=True)
        raise typer.Exit(2)
    try:
        text = appendix.text(target.suffix)
    except (appendix.AppendixError, GraphError) as error:
        typer.echo(f"retort artifact: {error}", err=True)
        raise typer.Exit(1) from None
    write_atomically(target, text.encode())
    typer.echo(f"{target}: {len(text.splitlines())} lines")
