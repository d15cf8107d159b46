"""`retort agree`: do the verdicts of two runs with other seeds agree as often as their own power predicts?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from retort.verification.repeating import Repeated


def agree(
    other: Annotated[
        Path, typer.Argument(metavar="PLACE", help="Results of the other run: a folder, or a zip or tar archive.")
    ],
) -> None:
    """Hold the verdicts in results/comparisons.csv against those of another run of the same rows; exit status 0 or 1.

    The other run has other seeds, or was trained on another kind of processor. Of each problem the column counts that
    decides it: metrics of the same trainings are not independent. How many verdicts should agree is played from the
    intervals here. Exit status 1: fewer agree than the plays' middle 95 % allow, or a verdict is reversed.
    """
    from rich.console import Console
    from rich.table import Table

    from retort.verification import playing, published, repeating

    console = Console(soft_wrap=True, highlight=False, markup=False)
    try:
        found = repeating.of_places(published.working(), published.given(other))
    except (published.SourceError, playing.RepeatedError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    table = Table("rows", "verdicts compared", "agree", "predicted", "reversed")
    for rows, each in found.items():
        table.add_row(rows, f"{each.compared}", *shares(each), f"{len(each.reversed)}")
    console.print(table)
    for row, control, metric in found[repeating.ALL].reversed:
        console.print(f"{row} against {control}, {metric}: reversed", style="red")
    if not all(each.as_expected for each in found.values()):
        console.print("The runs do not agree as their intervals promise.", style="bold red")
        raise typer.Exit(1)
    console.print("The runs agree as often as their intervals promise.", style="bold green")


def shares(found: Repeated) -> tuple[str, str]:
    """The share that agrees, and the one that should."""
    return f"{found.agree} ({found.share:.0%})", f"{found.expected:.0%} ({found.low:.0%} to {found.high:.0%})"
