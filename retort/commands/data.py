"""`retort data`: data sets on their way out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from stages.preparing.writing import Chunk, Source
    from stages.settings.rows import DataRow
    from stages.storage.prepared import Prepared, Split

data = typer.Typer(no_args_is_help=True, help="Write data sets in the layouts other programs read.")

KINDS = {
    "celeba": ("attributes",),
    "rafd": ("expressions",),
    "cyclegan": ("domains", "pairs"),
    "aligned": ("pairs",),
    "folder": ("attributes", "expressions", "classes", "images"),
}
"""The kinds of data that each layout holds."""

DRAWN = ("attributes", "expressions")
"""Kinds between which a drawing program can choose, by a setting `labels`."""


@data.callback()
def group() -> None:
    """Write data sets in the layouts other programs read."""


@data.command()
def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A data set of params.yaml, such as avatars.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; must be empty or absent.")],
    layout: Annotated[
        Literal["celeba", "rafd", "cyclegan", "aligned", "folder"],
        typer.Option(
            "--as",
            help="celeba: images, attribute list, partition list. rafd: a folder per expression. "
            "cyclegan: trainA, trainB and so on. aligned: pairs side by side. folder: images alone, by split.",
        ),
    ],
    resolution: Annotated[int | None, typer.Option(min=16, max=512, help="Pixels a side; else the row's.")] = None,
    count: Annotated[
        tuple[int, int, int] | None,
        typer.Option(
            metavar="TRAIN VALIDATION TEST", help="Images in each split; else the row's. Generated data only."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Else the row's. Generated data only.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the files of an earlier export; other files in DIR stay.")
    ] = False,
) -> None:
    """Write a data set as CelebA, RaFD, CycleGAN, pix2pix or FFHQ is published: lossless PNG, with Croissant metadata.

    What is prepared under data/ already is copied from there; anything else is drawn or read anew.
    """
    from rich.console import Console
    from rich.progress import Progress

    from retort.checking.params import ParamsError
    from retort.exchange import croissant, layouts
    from stages.acquire_data import find_row
    from stages.storage.prepared import SPLITS, DataError

    try:
        wanted = changed(name, find_row(name), layout, resolution, count, seed)
        source = offered(name, layout, wanted)
        row = {"reader": wanted.dataset, "resolution": wanted.resolution, **wanted.settings}
        notes = source.notes()
        about = croissant.About(name, row, str(notes.get("licence", "")), str(notes.get("origin", "")))
        with Progress(console=Console(stderr=True), transient=True) as bar:
            tasks = {split: bar.add_task(split, total=None) for split in SPLITS}
            written = layouts.write(layout, about, source, directory, force, lambda split: bar.advance(tasks[split]))
    except (DataError, ParamsError) as error:
        typer.echo(f"retort data export: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{directory}: {written} images in the layout of {layout}")


def offered(name: str, layout: str, wanted: DataRow) -> Source:
    """The prepared data set if it is what is asked for, else what its reader offers."""
    from pydantic import ValidationError

    from stages.acquire_data import load_source
    from stages.settings import paths
    from stages.storage import prepared

    if paths.dataset(name).is_dir():
        found = whole(paths.dataset(name))
        if found.header.provenance == wanted.model_dump(mode="json"):
            check_kind(name, found.header.kind, layout)
            return copied(found)
    try:
        source = load_source(wanted)
    except ValidationError as error:
        raise prepared.DataError(f"data set {name!r} cannot be drawn like this: {error.errors()[0]['msg']}") from error
    check_kind(name, source.kind, layout)
    return source


def whole(directory: Path) -> Prepared:
    """A prepared data set of which every byte was read and is as it was written."""
    from stages.storage import prepared

    try:
        prepared.verify(directory)
        return prepared.read(directory)
    except prepared.DataError:
        raise
    # numpy raises nearly anything where the beginning of an array is damaged.
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise prepared.DataError(f"{directory} is damaged ({told}); prepare the data set again") from error


def check_kind(name: str, found: str, layout: str) -> None:
    """Attributes have no folder per expression, and expressions no attribute list."""
    from stages.storage.prepared import DataError

    if found not in KINDS[layout]:
        raise DataError(f"data set {name!r} holds {found}; this layout holds {' or '.join(KINDS[layout])}")


def changed(
    name: str, row: DataRow, layout: str, resolution: int | None, count: tuple[int, int, int] | None, seed: int | None
) -> DataRow:
    """The row with what the command line asks for; only settings the row has can be changed."""
    from stages.storage.prepared import SPLITS, DataError

    given: dict[str, Any] = {} if seed is None else {"seed": seed}
    given |= dict(zip(SPLITS, count, strict=True)) if count else {}
    unknown = [key for key in given if key not in row.settings]
    if unknown:
        raise DataError(f"data set {name!r} is read from files: its row has no {', '.join(unknown)} to change")
    held = KINDS[layout]
    if row.settings.get("labels") in DRAWN and row.settings["labels"] not in held and held[0] in DRAWN:
        given["labels"] = held[0]
    return row.model_copy(update={"resolution": resolution or row.resolution, "settings": {**row.settings, **given}})


def copied(found: Prepared) -> Source:
    """A prepared data set as a reader would offer it, in chunks."""
    from stages.preparing.writing import Chunk, Source

    def through(split: Split) -> Iterator[Chunk]:
        for start in range(0, len(split), 256):
            some = slice(start, start + 256)
            exact = None if split.counterfactuals is None else split.counterfactuals[some]
            yield Chunk(split.images[some], split.labels[some], exact)

    header, splits = found.header, {name: partial(through, split) for name, split in found.splits.items()}
    return Source(header.labels, header.kind, header.exclusive, header.targets, splits, lambda: dict(header.notes))
