"""`retort check`: params, members and graph, in seconds, with nothing run."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer


def check(
    file: Annotated[Path, typer.Argument(help="The params file to check.")] = Path("params.yaml"),
) -> None:
    """Check params.yaml, the members it names and the graph; nothing is run.

    Prints every error at once, each with its path, what was found and what is allowed. Exit status 2 if there is one.
    """
    from stages.harness.settings import params, paths

    if file != paths.PARAMS:
        typer.echo(f"{file} is sound: {len(params.load_or_exit(file).variants)} variants")
        return
    # Members and graph take a second each, and need nothing of each other.
    with ProcessPoolExecutor(1, get_context("spawn")) as beside:
        graph = beside.submit(items)
        checked = params.load_or_exit(file)
        try:
            found = graph.result()
        except Exception as error:
            typer.echo(f"dvc.yaml: {error}", err=True)
            raise typer.Exit(2) from None
    typer.echo(f"{file} and dvc.yaml are sound: {len(found)} items, {len(checked.variants)} variants")


def items() -> list[str]:
    """The items of the graph."""
    from stages.harness.pipeline import graph

    return graph.items()
