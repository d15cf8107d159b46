"""`retort verify`: are these the results that were published, are they sound, and do claims come out as published?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from retort.verification.published import Source
    from retort.verification.verifying import Check
    from stages.findings.claims import Outcome
    from stages.settings.rows import Params

SHOWN = 10


def verify(
    against: Annotated[
        Path | None,
        typer.Option(help="Published results: a folder, a zip or tar archive, a results.csv; else the last commit."),
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Ask for equal bytes, not for agreement.")] = False,
    claim_file: Annotated[
        Path | None, typer.Option("--claims", help="Claims of your own, as for another scale; each of them must hold.")
    ] = None,
    quick: Annotated[
        int, typer.Option(min=0, metavar="N", help="Judge N rows again from their weights; nothing is trained.")
    ] = 0,
) -> None:
    """Check the results at hand, compare them and the outcomes of claims with the published ones; exit status 0 or 1.

    Counts, params and data must be equal. Measured numbers may differ by what other seeds would do: t · √(2/n) · the
    deviation over seeds for a mean of n, and at least 2 %; and by what another judge would, where judges were trained
    anew. Of thousands of numbers a few may be up to twice as far, as some rows scatter more than others; they are told.
    No verdict and no claim may come out the other way round; those that became open, or are no longer, are told.
    --exact asks for the very same bytes, which the same machine gives.
    """
    from rich.console import Console

    from retort.checking import claims, params
    from retort.verification import derived, published, verifying
    from stages.findings.claims import ClaimsError
    from stages.settings import paths

    console = Console(soft_wrap=True, highlight=False, markup=False)
    settings = params.checked_or_exit()
    try:
        source = published.given(against) if against else published.last_commit()
        hold_sound(console, settings, source)
        stated, own = claims.checked(), claims.checked(claim_file) if claim_file else []
        if not (paths.LOCK.exists() or paths.results().exists()):
            console.print(no_results(source))
            raise typer.Exit(1)
        with console.status("checking") as status:
            right = derived.of_results(settings, stated)
            checks = list(verifying.examine(settings, right, source, exact, quick, status.update))
            outcomes = right.decided(own) if claim_file else right.outcomes
    except (published.SourceError, ClaimsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    show(console, checks, outcomes)
    problems = sum(len(each.findings) for each in checks)
    unmet = sum(each.state in ("does not hold", "cannot tell") for each in outcomes) if claim_file else 0
    if problems or unmet:
        told = f", {unmet} claims of {claim_file} that do not hold" if unmet else ""
        console.print(f"Not verified: {problems} findings{told}.", style="bold red")
        raise typer.Exit(1)
    console.print("Verified.", style="bold green")


def hold_sound(console: Console, settings: Params, source: Source | None) -> None:
    """Say which files cannot be read, and leave with exit status 1 if they are those at hand."""
    from retort.verification import published, soundness

    if source is not None:
        soundness.hold(source, settings)
    found = list(soundness.findings(published.working(), settings))
    for each in found:
        console.print(f"{each.where}: {each.what}", style="red")
    if found:
        console.print(f"Not verified: {len(found)} files cannot be read.", style="bold red")
        raise typer.Exit(1)


def no_results(source: Source | None) -> str:
    """What to say where nothing has run."""
    from stages.settings import paths

    published = source is not None and source.read(paths.results()) is not None
    there = f" {source.name} has published ones." if source is not None and published else ""
    return f"There are no results here: neither {paths.LOCK} nor {paths.results()}. `make repro` computes them.{there}"


def show(console: Console, checks: Sequence[Check], outcomes: Sequence[Outcome]) -> None:
    """Every check, what it found, how far measured numbers are from the published ones, and the claims."""
    from rich.table import Table

    table = Table("check", "outcome")
    for check in checks:
        state = f"no: {len(check.findings)} found" if check.findings else "yes"
        table.add_row(check.question, f"{state} ({check.note})" if check.note else state)
    console.print(table)
    for check in checks:
        for finding in check.findings[:SHOWN]:
            console.print(f"{finding.where}: {finding.what}", style="red")
        if len(check.findings) > SHOWN:
            console.print(f"… and {len(check.findings) - SHOWN} more: {check.question}", style="red")
        for each in check.told:
            console.print(f"{each.where}: {each.what}", style="yellow")
        if any(each.difference for each in check.compared):
            console.print(distances(check))
    if outcomes:
        table = Table("claim", "outcome", "figures")
        for outcome in outcomes:
            table.add_row(outcome.claim.claim, outcome.state, outcome.figures)
        console.print(table)


def distances(check: Check) -> Table:
    """The largest difference of each column that differs at all."""
    from rich.table import Table

    table = Table("column", "largest difference", "allowed there", "where")
    for each in check.compared:
        if each.difference:
            table.add_row(each.column, f"{each.difference:.3g}", f"{each.tolerance:.3g}", each.where)
    return table
