"""`retort bench training`: our training step beside the published one."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from retort.commands.bench.group import JsonFile, bench, keep, tell


class Precision(StrEnum):
    """How our side multiplies; the published side always uses float32."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


@bench.command()
def training(
    family: Annotated[str, typer.Option(help="A file name in retort/benches/cases, e.g. cyclegan.")] = "stargan",
    resolution: Annotated[
        list[int] | None, typer.Option(help="32, 64 or 128; may be repeated. All by default.")
    ] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Turns of each side; fewer at more pixels.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Images per batch; mostly the published one.")] = None,
    precision: Annotated[Precision, typer.Option(help="Of our side.")] = Precision.AUTO,
    file: JsonFile = None,
) -> None:
    """Time one training step of a family's teacher and of its student, all moves of all players.

    The published procedure runs in float32 in one process with all cores; ours runs in one process per core, as
    `retort repro` does. Both train the same networks on the same batch size, in turns, and medians are shown.
    "At peak" is the ratio if our operations ran as fast as this machine multiplies matrices.
    """
    from retort.benches import bench_training
    from retort.benches.side_by_side import BenchError
    from stages.settings import machine

    if family not in bench_training.families():
        tell(f"there are no cases of {family!r}; there are some of {', '.join(bench_training.families())}")
        raise typer.Exit(2)
    sizes = bench_training.of(family).SIZES
    chosen = resolution or list(sizes)
    unknown = [each for each in chosen if each not in sizes]
    if unknown:
        tell(f"there is no case at {unknown[0]} px; there are {', '.join(map(str, sizes))}")
        raise typer.Exit(2)
    cases = list(bench_training.cases(family, chosen, rounds, batch))
    try:
        found = bench_training.run(family, cases, precision.value, machine.cores(), tell)
    except BenchError as error:
        tell(str(error))
        raise typer.Exit(1) from None
    show_training(found)
    keep(found, file)


def show_training(found: dict[str, Any]) -> None:
    """The figures as tables."""
    from rich.console import Console
    from rich.table import Table

    cores, peaks = found["machine"]["cores"], found["matrix_product_peak_gflop_per_s"]
    times = Table(
        "network",
        "published, s",
        f"ours, s, {cores} at once",
        "ratio",
        "throughput ratio",
        "at peak",
        title=f"Time of a training step of {found['family']}, and how much more all cores do of them",
    )
    shares = Table(
        "network", "px", "side", "GFLOP/step", "GFLOP/s, all cores", "of peak", "in convolutions", title="Where it goes"
    )
    for case in found["cases"]:
        name = f"{case['role']} {case['width']}/{case['critic_width']}"
        steps = (f"{case[side]['step_s']:.3f}" for side in ("published", "ours"))
        kinds = ("step_time_ratio", "throughput_ratio", "throughput_ratio_at_peak")
        ratios = (f"{case[kind]:.2f}" for kind in kinds)
        times.add_row(f"{name}, {case['resolution']} px, batch {case['batch']}", *steps, *ratios)
        for side in ("published", "ours"):
            one = case[side]
            rates = (f"{one['gflop_per_step']:.1f}", f"{one['gflop_per_s']:.1f}")
            parts = (f"{one['fraction_of_peak']:.0%}", f"{one['convolution_share']:.0%}")
            shares.add_row(name, str(case["resolution"]), side, *rates, *parts)
    console = Console(highlight=False)
    console.print(
        f"{found['machine']['cpu']}, {cores} cores, {', '.join(found['machine']['instruction_sets'])}; "
        f"torch {found['machine']['torch']}; ours in {found['precision']['ours']}, published in float32; peak "
        f"of matrix products on all cores {peaks['ours']:.0f} GFLOP/s in ours, {peaks['published']:.0f} in float32"
    )
    console.print(times)
    console.print(shares)
