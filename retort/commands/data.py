"""`retort data`: data sets on their way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from retort.exchange.layouts import Splits
    from stages.settings.rows import DataRow
    from stages.storage.prepared import Prepared

data = typer.Typer(no_args_is_help=True, help="Write data sets in the layouts other programs read.")

KINDS: dict[str, Literal["attributes", "expressions"]] = {"celeba": "attributes", "rafd": "expressions"}


@data.callback()
def group() -> None:
    """Write data sets in the layouts other programs read."""


@data.command()
def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A data set of params.yaml, such as avatars.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; must be empty or absent.")],
    layout: Annotated[
        Literal["celeba", "rafd"],
        typer.Option("--as", help="celeba: images, attribute list, partition list. rafd: a folder per expression."),
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
    """Write a data set as CelebA or RaFD publish theirs, as lossless PNG, with Croissant metadata.

    What is prepared under data/ already is copied from there; anything else is drawn or read anew.
    """
    from rich.console import Console
    from rich.progress import Progress

    from retort.checking.params import ParamsError
    from retort.exchange import croissant, layouts
    from stages.acquire_data import find_row
    from stages.storage.prepared import SPLITS, DataError

    try:
        wanted = changed(name, find_row(name), KINDS[layout], resolution, count, seed)
        labels, splits, notes = offered(name, KINDS[layout], wanted)
        row = {"reader": wanted.dataset, "resolution": wanted.resolution, **wanted.settings}
        about = croissant.About(name, row, str(notes.get("licence", "")), str(notes.get("origin", "")))
        with Progress(console=Console(stderr=True), transient=True) as bar:
            tasks = {split: bar.add_task(split, total=None) for split in SPLITS}
            written = layouts.write(
                layout, about, labels, splits, directory, force, lambda split: bar.advance(tasks[split])
            )
    except (DataError, ParamsError) as error:
        typer.echo(f"retort data export: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{directory}: {written} images in the layout of {layout}")


def offered(name: str, kind: str, wanted: DataRow) -> tuple[tuple[str, ...], Splits, Mapping[str, int | str]]:
    """Label names, splits and notes: of the prepared data set if it is what is asked for, else of its reader."""
    from pydantic import ValidationError

    from stages.acquire_data import load_source
    from stages.settings import paths
    from stages.storage import prepared

    if paths.dataset(name).is_dir():
        found = prepared.read(paths.dataset(name))
        if found.header.provenance == wanted.model_dump(mode="json"):
            check_kind(name, found.header.kind, kind)
            return found.header.labels, copied(found), found.header.notes
    try:
        source = load_source(wanted)
    except ValidationError as error:
        raise prepared.DataError(f"data set {name!r} cannot be drawn like this: {error.errors()[0]['msg']}") from error
    check_kind(name, source.kind, kind)
    return source.labels, source.splits, source.notes()


def check_kind(name: str, found: str, wanted: str) -> None:
    """Attributes have no folder per expression, and expressions no attribute list."""
    from stages.storage.prepared import DataError

    if found != wanted:
        raise DataError(f"data set {name!r} holds {found}; this layout holds {wanted}")


def changed(
    name: str, row: DataRow, kind: str, resolution: int | None, count: tuple[int, int, int] | None, seed: int | None
) -> DataRow:
    """The row with what the command line asks for; only settings the row has can be changed."""
    from stages.storage.prepared import SPLITS, DataError

    given: dict[str, Any] = {} if seed is None else {"seed": seed}
    given |= dict(zip(SPLITS, count, strict=True)) if count else {}
    unknown = [key for key in given if key not in row.settings]
    if unknown:
        raise DataError(f"data set {name!r} is read from files: its row has no {', '.join(unknown)} to change")
    if "labels" in row.settings:
        given["labels"] = kind
    return row.model_copy(update={"resolution": resolution or row.resolution, "settings": {**row.settings, **given}})


def copied(found: Prepared) -> Splits:
    """The splits of a prepared data set, in chunks."""
    from stages.preparing.writing import Chunk
    from stages.storage.prepared import Split

    def through(split: Split) -> Iterator[Chunk]:
        for start in range(0, len(split), 256):
            yield Chunk(split.images[start : start + 256], split.labels[start : start + 256])

    return {name: partial(through, split) for name, split in found.splits.items()}
