"""`retort bench strangers`: how often an honest run of other seeds is refused."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from retort.commands.bench.group import JsonFile, bench, tell

SHOWN = 20


@bench.command()
def strangers(
    seed: Annotated[int, typer.Option(min=0, help="Of the drawn runs.")] = 0,
    draws: Annotated[int, typer.Option(min=1, help="How many runs.")] = 40,
    file: JsonFile = None,
) -> None:
    """Draw runs of other seeds from the published numbers, and count how many of them `retort verify` would refuse.

    Nothing is trained: numbers scatter around the means of their rows as the published seeds do. Needs results alone;
    some seconds a run. Exit status: 0 if 19 of 20 are accepted, 1 if fewer.
    """
    from retort.benches import bench_strangers
    from stages.findings.claims import ClaimsError
    from stages.findings.tables import TableError

    try:
        found = bench_strangers.run(seed, draws, tell)
    except (TableError, ClaimsError) as error:
        tell(str(error))
        raise typer.Exit(2) from None
    for each in found["findings"][:SHOWN]:
        typer.echo(each)
    if len(found["findings"]) > SHOWN:
        typer.echo(f"and {len(found['findings']) - SHOWN} more")
    typer.echo(
        f"{found['accepted']} of {draws} drawn runs agree with the published one, in {found['numbers']} numbers, in "
        f"verdicts, and in {found['claims']} claims, of which {found['claims_opened_or_closed']:.1f} open or close"
    )
    if file is not None:
        file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if found["accepted"] < bench_strangers.ENOUGH * draws:
        raise typer.Exit(1)
