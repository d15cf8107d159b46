"""`retort bench faults`: runs that are killed, files that are damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from retort.commands.bench.group import JsonFile, bench, keep, tell


@bench.command()
def faults(
    seed: Annotated[int, typer.Option(min=0, help="Of the moments of kills, and of what is damaged how.")] = 0,
    kills: Annotated[int, typer.Option(min=0, help="How often a run is killed.")] = 200,
    inputs: Annotated[int, typer.Option(min=0, help="How many files are damaged.")] = 200,
    place: Annotated[
        Path | None,
        typer.Option("--in", metavar="DIR", help="Work there and leave it; an undisturbed run there serves again."),
    ] = None,
    file: JsonFile = None,
) -> None:
    """Kill `retort repro` again and again, and give commands damaged files; count what must not happen.

    A clone at the smoke scale is run. Its driver, a worker and the program of an item are killed in turn (kill -9), at
    moments drawn from the seed, and the run is continued after each. At the end every file is held against those of an
    undisturbed run. Then good files are damaged one at a time, and each is given to a command that reads such files.

    Half an hour on two cores that have nothing else to do. Exit status: 0 without faults, 1 with some, 2 where the
    system cannot fork.
    """
    import os
    import tempfile
    from contextlib import nullcontext

    from retort.benches.faults import bench as measuring
    from retort.benches.side_by_side import BenchError

    if not hasattr(os, "fork"):
        tell("Commands are called in forked processes, which this system does not have: use Linux or macOS.")
        raise typer.Exit(2)
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True) if place is None else nullcontext(str(place))
    try:
        with folder as root:
            Path(root).mkdir(parents=True, exist_ok=True)
            found = measuring.run(Path(root).resolve(), seed, kills, inputs, tell)
    except BenchError as error:
        tell(str(error))
        raise typer.Exit(1) from None
    show_faults(found)
    keep(found, file)
    if any(found[part]["faults"] for part in ("kills", "inputs") if part in found):
        raise typer.Exit(1)


def show_faults(found: dict[str, Any]) -> None:
    """The figures as tables, and every fault."""
    from rich.console import Console
    from rich.table import Table

    from retort.benches.faults.malformed import OUTCOMES

    console = Console(highlight=False)
    if "kills" in found:
        killed = found["kills"]
        table = Table("killed", "when", "times", title=f"{killed['kills']} kills in {killed['runs']} runs")
        for whom, moments in killed["moments"].items():
            for moment, count in moments.items():
                table.add_row(whom, moment, str(count))
        console.print(table)
        console.print("at work then: " + ", ".join(f"{stage} {count}" for stage, count in killed["stages"].items()))
        console.print(
            f"{killed['passes']} times all was up to date, {killed['trainings_continued']} trainings went on from a "
            f"save, {killed['files_compared']} files were compared; {killed['seconds']:.0f} s"
        )
    if "inputs" in found:
        damaged = found["inputs"]
        table = Table("files", *OUTCOMES, title=f"{damaged['inputs']} malformed inputs")
        for kind, outcomes in damaged["outcomes"].items():
            table.add_row(kind, *(str(outcomes.get(each, "")) for each in OUTCOMES))
        console.print(table)
        console.print(f"slowest {damaged['slowest_s']:g} s, most memory {damaged['most_megabytes']} MB")
    for part in ("kills", "inputs"):
        for fault in found.get(part, {}).get("faults", []):
            console.print(fault, style="red", markup=False)
