"""`retort try`: a person's own pictures through a row's networks, beside its teacher's or its students'."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from retort.trying.trying import Tried

MOST_SHOWN = 5


def try_(
    row: Annotated[str, typer.Argument(metavar="ROW", help="A row whose networks are in results/networks.")],
    images: Annotated[
        list[Path] | None, typer.Argument(metavar="IMAGE…", help="Pictures: JPEG, PNG, WebP or GIF.")
    ] = None,
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="LABEL", help="What to ask for; may be repeated. Else all.")
    ] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(
            "--from", metavar="LABEL", help="A label that the pictures have; may be repeated. Else it is read."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The sheet to write; else try-ROW.png.")] = None,
    grid: Annotated[bool, typer.Option("--grid", help="All labels, or all directions.")] = False,
    latent: Annotated[
        list[int] | None,
        typer.Option(min=0, metavar="N", help="For rows that make images of latents: its number; may be repeated."),
    ] = None,
    truncation: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="How far latents are left alone; 0 pulls them to their mean.")
    ] = 1.0,
) -> None:
    """Translate pictures of your own by a row's networks, beside its teacher's (of a teacher: beside its students').

    Works in a fresh clone. Pictures are turned upright, cropped and resized as the data set was. What a picture shows
    is read by a network unless --from says it. Writes one PNG: the input, then what each network made of it, with the
    milliseconds of a picture on one thread. Exit status 2 where something cannot be done, with the reason.
    """
    if importlib.util.find_spec("onnxruntime") is None:
        typer.echo("retort try: ONNX Runtime is not installed; `pip install -e .[export]` brings it", err=True)
        raise typer.Exit(2)
    from retort.trying import trying
    from retort.trying.questions import Said
    from retort.trying.refusals import Refused

    said = Said(tuple(to or ()), tuple(known or ()), grid)
    try:
        tried = trying.run(row, images or [], said, latent or [], truncation)
        written = write(tried, row, out, images or [])
    except Refused as refused:
        typer.echo(f"retort try: {refused}", err=True)
        raise typer.Exit(2) from None
    show(tried, written)


def write(tried: Tried, row: str, out: Path | None, images: list[Path]) -> Path | None:
    """The sheet, of networks that make pictures."""
    from retort.trying import sheets
    from retort.trying.refusals import Refused
    from retort.trying.trying import CLASSIFICATION

    if tried.examination == CLASSIFICATION:
        if out is not None:
            raise Refused(f"{row} classifies pictures and makes none: leave out --out")
        return None
    file = out or Path(f"try-{row.replace('/', '-')}.png")
    if file.suffix.lower() != ".png":
        raise Refused(f"the sheet is a PNG: give --out a name that ends in .png, not {file.name!r}")
    if file.resolve() in {image.resolve() for image in images}:
        raise Refused(f"{file} is one of the pictures, and would be replaced by the sheet: name another with --out")
    try:
        sheets.sheet(tried, title(tried)).save(file, "PNG")
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror or error}") from None
    return file


def title(tried: Tried) -> str:
    """What stands above the sheet."""
    first = tried.rows[0].first
    return f"{first['problem']}: {first['family']} on {first['dataset']}, {first['resolution']} px"


def show(tried: Tried, written: Path | None) -> None:
    """Everything in the terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    pictures(console, tried)
    costs(console, tried)
    if written is None:
        classes(console, tried)
    else:
        from PIL import Image

        with Image.open(written) as sheet:
            console.print(f"[bold]{written}[/]: {sheet.width} x {sheet.height} px", soft_wrap=True)


def pictures(console: Console, tried: Tried) -> None:
    """What was seen in each picture, and whether it is unlike all that the networks saw."""
    from rich.markup import escape

    side = tried.rows[0].first["resolution"]
    how = "the middle square" if tried.framing.crop == "centre" else "squeezed"
    for seen in tried.seen:
        kept = seen.picture
        shape = f"{kept.width} x {kept.height} → {side} px, {how}"
        console.print(f"[bold]{escape(kept.name)}[/]  {'; '.join([shape, *kept.notes])}", soft_wrap=True)
        if seen.had or tried.examination == "translation":
            had = ", ".join(seen.had).replace("_", " ") or "none of the labels"
            console.print(f"  {'you say' if seen.said else 'the reader sees'}: {escape(had)}", soft_wrap=True)
        if seen.strangeness is not None and seen.unlike:
            usual = f"99 in 100 pictures of {tried.rows[0].first['dataset']} stay below 1"
            told = f"its strangeness is {seen.strangeness:.1f}, {usual}"
            console.print(f"  [bold red]Unlike anything these networks saw[/]: {told}", soft_wrap=True)
        elif seen.strangeness is not None:
            console.print(
                f"  like what these networks saw (strangeness {seen.strangeness:.2f}, below 1)", soft_wrap=True
            )


def costs(console: Console, tried: Tried) -> None:
    """What each network costs."""
    from rich.table import Table

    from retort.trying.telling import cost, scaled, size

    table = Table("row", "", *(f"{head}" for head in ("ms", "MACs", "parameters", "file")), box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    for row, taken in zip(tried.rows, tried.milliseconds, strict=True):
        network = tried.used(row)
        numbers = (f"{taken:.2f}", cost(network), scaled(float(network["parameters"]), ""), size(network.bytes))
        table.add_row(row.name, "teacher" if row.teacher else "student", *numbers)
    console.print()
    console.print(table)
    console.print("[dim]ms: median for one picture, one thread, ONNX Runtime[/]\n")


def classes(console: Console, tried: Tried) -> None:
    """The probabilities of the likeliest classes, as each row has them."""
    from rich.table import Table

    labels = tried.rows[0].first.labels
    for at, question in enumerate(tried.questions):
        shares = [each[at] for each in tried.answers]
        order = sorted(range(len(labels)), key=lambda place: -float(shares[0][place]))[:MOST_SHOWN]
        table = Table(question.caption, *(row.name for row in tried.rows), box=None, pad_edge=False)
        for place in order:
            cells = (f"{share[place]:6.1%} {'█' * round(12 * float(share[place]))}" for share in shares)
            table.add_row(labels[place], *cells)
        console.print(table)
        console.print()
