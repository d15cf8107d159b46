"""`retort export`: the networks of a row as files that run elsewhere."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import typer

Format = Literal["onnx", "pte"]
Precision = Literal["float32", "float16", "int8"]
FOLDER = Path("dist")
NEEDED = ("onnx", "onnxruntime", "onnxscript")


def export(
    row: Annotated[str, typer.Argument(metavar="ROW", help="A trained row; of a sweep SWEEP/POINT.")],
    seed: Annotated[int | None, typer.Option("--seed", help="Else the exported one, or the row's first.")] = None,
    file_format: Annotated[
        Format, typer.Option("--format", help="onnx runs nearly everywhere; pte is ExecuTorch's, for phones.")
    ] = "onnx",
    precision: Annotated[
        Precision, typer.Option("--precision", help="Of weights and arithmetic inside; the doors are 8 bits always.")
    ] = "float32",
    to: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="Else dist/ROW.")] = None,
) -> None:
    """Write one file per network, which takes and gives 8-bit images, and README.md, which says how to run it.

    Rows under `exports` in params.yaml have their float32 files in git: they are copied where no weights are here. All
    else needs the weights.
    """
    absent = [name for name in NEEDED if find_spec(name) is None]
    if absent:
        remedy = "`pip install -e .[export] -c constraints.txt` installs what exporting needs"
        typer.echo(f"retort export: {', '.join(absent)} cannot be imported; {remedy}", err=True)
        raise typer.Exit(2)
    from retort.checking import params
    from retort.exporting import choosing, writing
    from retort.phone.environment import PhoneError
    from retort.verification.unchanged import ChangedError
    from stages.exporting.contracts import Unexportable
    from stages.learning.checkpoints import CheckpointError
    from stages.storage.prepared import DataError

    settings = params.checked_or_exit()
    try:
        if file_format == "pte" and precision != "float32":
            raise choosing.ExportError(f"--precision {precision}: .pte files are written in float32 alone")
        chosen = choosing.choice(row, seed, settings)
        folder = to or FOLDER / chosen.name.replace("/", "-")
        written = writing.write(chosen, file_format, precision, folder, settings)
    except (choosing.ExportError, PhoneError, ChangedError, Unexportable, CheckpointError, DataError) as error:
        typer.echo(f"retort export: {error}", err=True)
        raise typer.Exit(2) from None
    for file in written:
        typer.echo(f"{file}: {file.stat().st_size:,} bytes")
