"""`retort bench`: our training loop, our FID and `retort repro` timed against others; faults, counted."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

bench = typer.Typer(no_args_is_help=True, help="Time ours against others; kill and damage, and count faults.")

JsonFile = Annotated[Path | None, typer.Option("--json", help="Write every figure to this file.")]


class Precision(StrEnum):
    """How our side multiplies; the published side always uses float32."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


class Ruler(StrEnum):
    """The network that supplies features."""

    JUDGE = "judge"
    INCEPTION = "inception"


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


@bench.command()
def metrics(
    images: Annotated[int, typer.Option(min=2, help="In each of the two sets.")] = 2000,
    resolution: Annotated[int, typer.Option(min=16, help="Of the images.")] = 32,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each side.")] = 3,
    extractor: Annotated[
        Ruler, typer.Option(help="A random judge, or Inception if its weights are here.")
    ] = Ruler.JUDGE,
    file: JsonFile = None,
) -> None:
    """Time our FID of two sets of images against the pytorch-fid program's, with the same extractor.

    pytorch-fid reads both sets from PNG files; ours has the images in memory and the real set's moments at hand.
    """
    from rich.console import Console
    from rich.table import Table

    from retort.benches import bench_metrics
    from stages.settings import machine
    from stages.storage import weights

    cores = machine.cores()
    try:
        found = bench_metrics.run(extractor.value, images, resolution, rounds, cores, min(cores, 8), tell)
    except (weights.WeightsError, ValueError) as error:
        tell(str(error))
        raise typer.Exit(1) from None
    table = Table("", "FID", "seconds", "ratio", title=f"FID of 2 x {images} images, {found['features']} features")
    table.add_row("pytorch-fid", f"{found['pytorch_fid']:.10g}", f"{found['pytorch_fid_s']:.2f}", "")
    table.add_row("ours, real set known", f"{found['ours']:.10g}", f"{found['ours_s']:.2f}", f"{found['ratio']:.2f}")
    table.add_row("ours, both sets", "", f"{found['first_s']:.2f}", f"{found['ratio_first']:.2f}")
    console = Console(highlight=False)
    console.print(table)
    console.print(f"relative difference of the two numbers: {found['relative_difference']:.1e}")
    keep(found, file)


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


@bench.command()
def judges(
    seeds: Annotated[
        list[int] | None, typer.Option("--seed", min=0, help="Of a judge; may be repeated. 1, 2 and 3 by default.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Side by side; all cores by default.")
    ] = None,
) -> None:
    """Examine the same networks by judges of other seeds, and keep what that moves as results/judging.csv.

    `retort verify` allows as much where the judges at hand are not those of the published run. Needs data and weights;
    some minutes on two cores.
    """
    import tempfile

    from retort.benches import bench_judges
    from retort.benches.side_by_side import BenchError
    from stages.findings.tables import TableError
    from stages.settings import machine, paths
    from stages.settings.atomic import write_atomically

    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root:
            found = bench_judges.run(Path(root), sorted({*(seeds or (1, 2, 3))}), workers or machine.cores(), tell)
    except (BenchError, TableError) as error:
        tell(str(error))
        raise typer.Exit(1) from None
    write_atomically(paths.judging(), found["text"].encode())
    typer.echo(
        f"{paths.judging()}: {found['judges']} judges beside the published ones, of {', '.join(found['problems'])}"
    )


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
