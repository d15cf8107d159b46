"""`retort check`: params, members, graph and its deps, in seconds, with nothing run."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer


def check(
    file: Annotated[Path, typer.Argument(help="The params file to check.")] = Path("params.yaml"),
    accept: Annotated[
        bool, typer.Option("--accept", help="Check the params alone, then write what dvc.yaml's first stage makes.")
    ] = False,
) -> None:
    """Check params.yaml, claims.yaml, the members named, the graph and the deps in dvc.yaml; nothing is run.

    Prints every error at once, each with its path, what was found and what is allowed. Exit status 2 if there is one.
    """
    from retort.checking import accepting, claims, params
    from stages.settings import paths, speed

    if accept or file != paths.PARAMS:
        settings = params.checked_or_exit(file)
        if accept:
            accepting.write(settings)
            speed.here(measure=True)
        typer.echo(f"{file} is sound: {len(settings.variants)} variants, {len(settings.sweeps)} sweeps")
        return
    # Members and graph take a second each, and need nothing of each other.
    with ProcessPoolExecutor(1, get_context("spawn")) as beside:
        graph = beside.submit(items)
        settings = params.checked_or_exit(file)
        claims.checked_or_exit()
        try:
            found = graph.result()
        except Exception as error:
            typer.echo(f"dvc.yaml: {error}", err=True)
            raise typer.Exit(2) from None
    hold_deps()
    counts = f"{len(found)} items, {len(settings.variants)} variants, {len(settings.sweeps)} sweeps"
    typer.echo(f"{file} and dvc.yaml are sound: {counts}")


def items() -> list[str]:
    """The items of the graph."""
    from retort.engine import graph

    return graph.items()


def hold_deps() -> None:
    """Say what dvc.yaml lists otherwise than the code, and leave with exit status 2 if there is something."""
    from retort.checking.params import ParamsError
    from retort.engine import lists

    try:
        wrong = [str(problem) for problem in lists.problems(Path())]
    except ParamsError as error:
        wrong = [str(error)]
    if wrong:
        typer.echo("\n".join(wrong), err=True)
        raise typer.Exit(2)
