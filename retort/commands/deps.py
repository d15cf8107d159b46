"""`retort deps`: what dvc.yaml has to list, derived from the code and from the params files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stages.settings import paths


def deps(
    write: Annotated[
        bool, typer.Option("--write", help="Write the lists into dvc.yaml; the rest of it stays.")
    ] = False,
) -> None:
    """Print dvc.yaml's deps as they follow from imports and from the members that params name.

    params.yaml and all files in scales/ count, so that `retort use` needs no other lists. With --write the lists are
    exchanged in dvc.yaml; data, results and comments stay as they are.
    """
    from retort.checking.params import ParamsError
    from retort.engine import lists
    from stages.settings.atomic import write_atomically

    root = Path()
    try:
        right, text = lists.derived(root), lists.rewritten(root)
    except ParamsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if not write:
        for stage, listed in right.items():
            typer.echo("\n".join([f"{stage}:", *(f"  - {each}" for each in (*listed.schedules, *listed.deps))]))
        return
    if text == (root / paths.GRAPH).read_text(encoding="utf-8"):
        typer.echo(f"{paths.GRAPH} lists what the code says already.")
        return
    write_atomically(root / paths.GRAPH, text.encode())
    typer.echo(f"{paths.GRAPH} lists what the code says now; `retort dag --why` shows what that makes stale.")
