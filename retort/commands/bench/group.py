"""What all benches share: their group of commands, what they say beside results, and how figures are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

bench = typer.Typer(no_args_is_help=True, help="Time ours against others; kill and damage, and count faults.")

JsonFile = Annotated[Path | None, typer.Option("--json", help="Write every figure to this file.")]


def tell(line: str) -> None:
    """Say what begins, beside the results."""
    typer.echo(line, err=True)


def keep(found: dict[str, Any], file: Path | None) -> None:
    """Write the figures if asked; say so if the machine was busy."""
    from stages.settings import machine

    if file is not None:
        file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    load = found["machine"]["load_before"]
    if machine.busy(load, machine.cores()):
        tell(f"Other programs keep {load:g} cores of this machine busy: these times and ratios are unsound.")
