"""`retort bundle`: everything that was published, in one archive that works without git."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def bundle(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Ends in .tar.gz, .tgz or .zip; else dist/retort-COMMIT.tar.gz."),
    ] = None,
    weights: Annotated[
        bool, typer.Option("--weights", help="With the data and weights of DVC's cache; `dvc pull` unpacks them.")
    ] = False,
    exports: Annotated[
        bool, typer.Option("--exports", help="Only the exported networks and readers, their cards and terms: no code.")
    ] = False,
    stale: Annotated[
        bool, typer.Option("--stale", help="Although results are older than code or params; BUNDLE.json lists them.")
    ] = False,
) -> None:
    """Pack the last commit, its results and figures; the same commit gives the same bytes.

    The archive is for deposits and reviewers: unpacked, without git, `dvc repro --allow-missing` renders figures and
    tables again and `retort verify` checks them. Nothing may differ from the commit, and results must be up to date.

    With --exports it is for whoever uses the networks: files that run with ONNX Runtime, and what they cost.
    """
    from rich.console import Console

    from retort.engine import graph
    from retort.exchange import bundling, commits
    from stages.storage.hashing import file_hash

    if exports and weights:
        typer.echo("retort bundle: exported networks need no object of DVC's cache; leave out --weights", err=True)
        raise typer.Exit(2)
    console = Console(stderr=True)
    try:
        with console.status("checking the results"):
            made = bundling.exports(stale) if exports else bundling.prepare(weights, stale)
        target = file or bundling.FOLDER / f"{made.name}.tar.gz"
        with console.status(f"writing {target}"):
            made.write(target)
    except (bundling.BundleError, commits.CommitError, graph.GraphError) as error:
        typer.echo(f"retort bundle: {error}", err=True)
        raise typer.Exit(1) from None
    kept = f", {made.objects} objects of DVC's cache among them" if weights else ""
    typer.echo(f"{target}: {len(made.entries)} files{kept}, {target.stat().st_size / 1e6:.1f} MB")
    typer.echo(f"SHA-256 {file_hash(target)}")
