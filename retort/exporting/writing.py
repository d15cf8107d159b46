"""The files of a row's networks, with what tells how they are run, into a person's folder."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from retort.exporting import instructions
from retort.exporting.choosing import Choice, ExportError
from retort.verification import unchanged
from stages.settings.atomic import write_atomically
from stages.settings.rows import Params

README = "README.md"
PTE = "pte"


def write(chosen: Choice, file_format: str, precision: str, folder: Path, settings: Params) -> list[Path]:
    """Write the networks and README.md; what is there already of these names is replaced."""
    files = made(chosen, file_format, precision, settings)
    written = []
    for name, content in files.items():
        write_atomically(folder / name, content)
        written.append(folder / name)
    about = instructions.read(next(iter(files.values()))) if file_format != PTE else {}
    text = instructions.text(list(files), about, chosen.row.examination)
    write_atomically(folder / README, text.encode())
    return [*written, folder / README]


def made(chosen: Choice, file_format: str, precision: str, settings: Params) -> dict[str, bytes]:
    """The files by name: from weights, or where there are none the kept ones."""
    if chosen.weights.exists():
        return lowered(chosen) if file_format == PTE else converted(chosen, precision, settings)
    kept = chosen.kept(settings)
    if kept and file_format != PTE and precision == "float32":
        unchanged.hold(kept[0])
        return {file.name: file.read_bytes() for file in kept}
    there = " (the float32 files of this row are here and need none)" if kept else ""
    raise ExportError(f"{chosen.weights} does not exist; `{chosen.trains(settings)}` makes it{there}")


def converted(chosen: Choice, precision: str, settings: Params) -> dict[str, bytes]:
    """ONNX files of weights."""
    from stages.exporting import making

    return {
        f"{each.outside.network}.onnx": making.in_precision(each, precision, settings)  # type: ignore[arg-type] # one of them
        for each in making.made(chosen.name, chosen.row, checkpoint(chosen), settings)
    }


def lowered(chosen: Choice) -> dict[str, bytes]:
    """ExecuTorch's files of weights, by the environment that has it."""
    from retort.phone import environment

    with TemporaryDirectory() as folder:
        environment.run([chosen.name, "--seed", str(chosen.row.seed), "--to", folder])
        return {file.name: file.read_bytes() for file in sorted(Path(folder).glob("*/*.pte"))}


def checkpoint(chosen: Choice) -> Any:  # noqa: ANN401 - torch is imported late
    """The weights of a row."""
    from retort.exporting import reading

    return reading.networks(chosen.weights)
