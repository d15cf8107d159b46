"""`retort bench engine`: `retort repro` beside `dvc repro`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from retort.commands.bench.group import JsonFile, bench, keep, tell


@bench.command()
def engine(
    items: Annotated[int, typer.Option(min=1, help="How many items are brought up to date.")] = 250,
    sleep: Annotated[float, typer.Option(min=0.0, help="Seconds that each item sleeps.")] = 0.5,
    workers: Annotated[
        list[int] | None, typer.Option(min=1, help="Items side by side; may be repeated. 1, 2, 4 and 8 by default.")
    ] = None,
    dvc: Annotated[bool, typer.Option(help="Whether `dvc repro` is timed as well.")] = True,
    file: JsonFile = None,
) -> None:
    """Time what `retort repro` costs beyond the items themselves, with several numbers of workers, and `dvc repro`.

    The items only sleep, each in a process of its own, so there may be more workers than cores. They are made from
    nothing in a temporary repository each time. "Overhead per item" is the time of a worker per item, less the sleep.

    Exit status: 0 all runs made every item, 1 some did not; these have no figures.
    """
    from retort.benches import bench_engine
    from retort.benches.side_by_side import BenchError

    try:
        found = bench_engine.run(bench_engine.Work(items, sleep), workers or list(bench_engine.WORKERS), dvc, tell)
    except BenchError as error:
        tell(str(error))
        raise typer.Exit(1) from None
    show_engine(found)
    keep(found, file)
    failed = [each for each in found["runs"] if "failed" in each]
    for each in failed:
        tell(f"{each['command']} with {each['workers']} at once {each['failed']}")
    if failed:
        raise typer.Exit(1)


def show_engine(found: dict[str, Any]) -> None:
    """The figures as a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(
        "",
        "workers",
        "seconds",
        "seconds per item",
        "overhead per item, s",
        "items per second",
        "times one worker",
        title=f"Time of {found['items']} items that sleep {found['sleep_s']:g} s",
    )
    kinds = ("seconds_per_item", "overhead_per_item_s")
    for each in found["runs"]:
        name = (each["command"], str(each["workers"]))
        if "failed" in each:
            table.add_row(*name, "failed")
            continue
        times = (f"{each['seconds']:.2f}", *(f"{each[kind]:.3f}" for kind in kinds), f"{each['items_per_s']:.2f}")
        ratio = f"{each['throughput_ratio']:.2f}" if "throughput_ratio" in each else ""
        table.add_row(*name, *times, ratio)
    console, facts = Console(highlight=False), found["machine"]
    console.print(f"{facts['cpu']}, {facts['cores']} cores; DVC {facts['dvc']}")
    console.print(table)
