"""`retort demo`: one file in which teachers and students run live in anybody's browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT = Path("dist/retort-demo.html")


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the page.")] = DEFAULT,
    problem: Annotated[
        list[str] | None,
        typer.Option("--problem", metavar="NAME", help="Show this problem, and no others; may be given several times."),
    ] = None,
) -> None:
    """Write a page of one file that runs teacher and student in the browser, on your own pictures too.

    It needs no network and no server, and sends nothing anywhere. The networks are those in results/networks.
    ONNX Runtime for browsers is downloaded once, by npm.
    """
    from retort.demo import page, runtime
    from retort.demo.refusing import DemoError
    from stages.settings import params
    from stages.settings.atomic import write_atomically

    if out.is_dir() or out.suffix.lower() not in (".html", ".htm"):
        typer.echo(f"retort demo: {out} is not the name of an HTML file; --out FILE.html names one", err=True)
        raise typer.Exit(2)
    try:
        made = page.make(params.read(), runtime.had(), problem or ())
    except DemoError as error:
        typer.echo(f"retort demo: {error}", err=True)
        raise typer.Exit(2) from None
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(out, made.content)
    typer.echo(f"{out}: {', '.join(made.shown)}; {len(made.content) / 1e6:.1f} MB")
    for name in made.left_out:
        typer.echo(f"{name} is left out, as the page would be too large; `retort demo --problem {name}` shows it alone")
    for name in made.unread:
        typer.echo(f"The reader of {name} is left out for the same reason, so people tell what their own picture shows")
    typer.echo(f"Open it in a browser, by a double click or at {out.resolve().as_uri()}")
