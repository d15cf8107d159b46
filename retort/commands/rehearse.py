"""`retort rehearse`: two steps of every kind of training of a scale, at its own sizes, on generated data."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from stages.settings import machine, paths


def rehearse(
    scale: Annotated[str, typer.Argument(help="A file name in scales/ without its ending.")] = "paper",
    only: Annotated[
        list[str] | None, typer.Option(metavar="FAMILY", help="Of this family alone; may be repeated.")
    ] = None,
    images: Annotated[int, typer.Option(min=32, help="Images that an examination makes, about.")] = 64,
    pixels: Annotated[
        int, typer.Option(min=1, help="The most pixels of a batch: fewer images where the published ones are more.")
    ] = 2 * 256 * 256,
    folder: Annotated[
        Path | None, typer.Option(help="Where to work, which is kept, and continued if it is there.")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Items side by side; all cores.")] = None,
    gpu_tflops: Annotated[
        float, typer.Option(min=0.001, help="Floating-point operations that a GPU sustains, in 10^12 per second.")
    ] = 20.0,
    record: Annotated[
        bool, typer.Option("--record", help="Keep what was found in scales/, as README shows it.")
    ] = False,
) -> None:
    """Run every stage of a scale that needs a GPU and other people's data, as a rehearsal on this machine.

    Networks, resolutions and settings are the scale's own. Of all its rows the fewest that show every family, lesson
    and compression take two steps each. Data are drawn by programs, in the layouts of the published ones; published
    weights are random ones under the same names. Everything happens in a clone of the last commit.

    It tells how long a step takes, what memory a training needs, and how long the whole scale would take here and, by
    its multiplications, on a GPU.

    Exit status: 0 all of it ran, 1 an item failed, 2 nothing was tried.
    """
    import tempfile

    from retort.checking.params import ParamsError
    from retort.rehearsing import cloning
    from retort.rehearsing.choosing import Limits
    from retort.rehearsing.layouts import LayoutError

    if not (paths.SCALES / f"{scale}.yaml").is_file():
        there = ", ".join(file.stem for file in sorted(paths.SCALES.glob("*.yaml")))
        fail(f"there is no scale {scale!r}; there are: {there or 'none'}")
    limits, families = Limits(pixels=pixels, images=images), frozenset(only or ())
    if record and families:
        fail("--record keeps what was found of all families; leave out --only")
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as own:
        place = folder or Path(own) / "clone"
        try:
            cloning.prepare(Path(), place, scale, limits, families, typer.echo)
        except (cloning.RehearsalError, LayoutError, ParamsError) as error:
            fail(str(error))
        status = cloning.run(place, jobs or machine.cores())
        if status:
            typer.echo(f"Not everything ran; the logs of items are in {place / paths.logs()}.", err=True)
            raise typer.Exit(status)
        found = reckoned(place, scale, gpu_tflops, jobs or machine.cores())
        if record:
            keep(found, scale)


def reckoned(place: Path, scale: str, tflops: float, jobs: int) -> dict[str, Any]:
    """Count, reckon and show."""
    from retort.checking import params
    from retort.rehearsing import cloning, counting, reckoning, telling

    settings, published = params.typed(place / paths.PARAMS), params.typed(place / paths.SCALES / f"{scale}.yaml")
    typer.echo("Counting the multiplications of the whole scale.", err=True)
    families = {row.family for row in settings.teachers.values()}
    works = counting.once(place / paths.STATE / "rehearsal" / "works.json", published, families, jobs)
    found = reckoning.rehearsed(place, settings, published, works)
    systems = reckoning.systems(found, works)
    plan = cloning.content(place)
    about = {
        "scale": scale,
        "date": datetime.now(UTC).date().isoformat(),
        "limits": {key: plan[key] for key in ("steps", "pixels", "images")},
        "precision": precision(settings),
        "machine": {"cpu": machine.cpu_model(), "cores": machine.cores(), "memory_bytes": machine.memory_bytes()},
        "stages": reckoning.stages(place),
    }
    content = telling.record(about, found, systems, tflops)
    show(telling.table(found, tflops), content)
    return content


def precision(settings: Any) -> str:  # noqa: ANN401 - Params
    """What networks were trained with here."""
    from stages.learning import devices

    return devices.choose(settings.run.device, settings.run.precision).precision


def show(lines: list[tuple[str, ...]], content: dict[str, Any]) -> None:
    """Every training, the stages, then the systems."""
    from rich.console import Console
    from rich.table import Table

    from retort.rehearsing import telling

    tflops = f"{content['gpu_tflops']:g} TFLOP/s"
    heads = ("row", "family", "lesson", "px", "batch", "s per step", "GiB", "steps × trainings", "a core here", tflops)
    table = Table(
        *heads,
        title=f"Rehearsal of {content['scale']}, {content['limits']['steps']} steps each, {content['precision']}",
    )
    for line in lines:
        table.add_row(*line)
    stages = Table("stage", "items", "processor, s", "GiB", title="All stages")
    for name, each in content["stages"].items():
        stages.add_row(name, f"{each['items']:g}", f"{each['seconds']:.0f}", f"{each['peak_bytes'] / telling.GIB:.1f}")
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    console.print(stages)
    console.print(telling.block(content), markup=False)


def keep(content: dict[str, Any], scale: str) -> None:
    """The record, and the block that is made of it."""
    from retort.rehearsing import telling
    from stages.settings.atomic import write_atomically
    from stages.tables import readme

    write_atomically(telling.record_file(scale), telling.text(content).encode())
    write_atomically(telling.block_file(scale), telling.block(content).encode())
    readme.update()
    typer.echo(f"Kept in {telling.record_file(scale)} and {telling.block_file(scale)}.")


def fail(sentence: str) -> None:
    """Say what is wrong and leave with exit status 2."""
    typer.echo(sentence, err=True)
    raise typer.Exit(2)
