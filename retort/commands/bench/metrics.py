"""`retort bench metrics`: our FID beside that of pytorch-fid."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from retort.commands.bench.group import JsonFile, bench, keep, tell


class Ruler(StrEnum):
    """The network that supplies features."""

    JUDGE = "judge"
    INCEPTION = "inception"


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
