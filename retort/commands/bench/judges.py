"""`retort bench judges`: how far numbers move with the judge alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retort.commands.bench.group import bench, tell


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
