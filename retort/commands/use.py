"""`retort use`: put one of the params files in scales/ in the place of params.yaml."""

from __future__ import annotations

import difflib
from datetime import datetime
from typing import Annotated

import typer

from stages.settings import git, paths
from stages.settings.atomic import write_atomically

DEFAULT = "default"


def use(
    scale: Annotated[str, typer.Argument(help="A file name in scales/ without its ending, or `default`.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace params.yaml although it holds edits; they are kept in .retort/.")
    ] = False,
) -> None:
    """Copy scales/SCALE.yaml over params.yaml; `default` brings back the params.yaml of the last commit.

    Edits are not lost: a params.yaml that is neither the committed one nor one of the scales is replaced only with
    --force, and kept as .retort/params-TIME.yaml.
    """
    scales = available()
    if scale not in scales:
        near = difflib.get_close_matches(scale, scales, 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        absent = "; `default` needs a params.yaml that git has committed" if scale == DEFAULT else ""
        fail(f"there is no scale {scale!r}{hint}{absent} There are: {', '.join(sorted(scales)) or 'none'}")
    present = paths.PARAMS.read_bytes() if paths.PARAMS.exists() else None
    if present is not None and present not in scales.values():
        if not force:
            fail("params.yaml holds edits that are neither committed nor a scale; commit them, or use --force")
        kept = paths.STATE / f"params-{datetime.now():%Y%m%d-%H%M%S}.yaml"
        write_atomically(kept, present)
        typer.echo(f"The replaced params.yaml is kept as {kept}.")
    if present == scales[scale]:
        typer.echo(f"params.yaml is the {scale} scale already.")
        return
    write_atomically(paths.PARAMS, scales[scale])
    typer.echo(
        f"params.yaml is now the {scale} scale; `retort repro` runs it, `retort prune` removes what is left over."
    )


def available() -> dict[str, bytes]:
    """The scales by name, and the committed params.yaml as `default` where there is one."""
    scales = {file.stem: file.read_bytes() for file in sorted(paths.SCALES.glob("*.yaml"))}
    committed = committed_params()
    return {DEFAULT: committed, **scales} if committed is not None else scales


def committed_params() -> bytes | None:
    """The params.yaml of the last commit, if git has one."""
    return git.said("show", f"HEAD:./{paths.PARAMS}")


def fail(sentence: str) -> None:
    """Say what is wrong and leave with exit status 2."""
    typer.echo(sentence, err=True)
    raise typer.Exit(2)
