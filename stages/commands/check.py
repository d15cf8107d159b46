"""`retort check`: params, members and graph, in seconds, with nothing run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def check(
    file: Annotated[Path, typer.Argument(help="The params file to check.")] = Path("params.yaml"),
) -> None:
    """Check params.yaml, the members it names and the graph; nothing is run.

    Prints every error at once, each with its path, what was found and what is allowed. Exit status 2 if there is one.
    """
    from stages.harness import params, paths

    checked = params.load_or_exit(file)
    if file == paths.PARAMS:
        from stages.harness import graph

        try:
            items = graph.items()
        except Exception as error:
            typer.echo(f"dvc.yaml: {error}", err=True)
            raise typer.Exit(2) from None
        typer.echo(f"{file} and dvc.yaml are sound: {len(items)} items, {len(checked.variants)} variants")
    else:
        typer.echo(f"{file} is sound: {len(checked.variants)} variants")
