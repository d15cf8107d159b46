"""`retort count`: parameters and multiply-accumulates of any network spec, without touching the repository."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer


def number_or_word(text: str) -> int | float | str:
    """A setting from the command line."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def count(
    family: Annotated[str, typer.Argument(help="A file name in stages/families, e.g. stargan.")],
    settings: Annotated[list[str] | None, typer.Argument(help="key=value of the family's spec, e.g. width=64.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print an object for programs.")] = False,
) -> None:
    """Count a network: `retort count stargan width=64 blocks=6 labels=5 resolution=128`.

    MACs are given by both rules in use: a transposed convolution costs its input positions (macs) or its output
    positions (macs_output_rule).
    """
    from pydantic import ValidationError

    from retort.checking import sentences
    from stages.learning import roles
    from stages.metrics import cost
    from stages.settings import members

    known = members.names("families")
    if family not in known:
        typer.echo(f"{family!r} is not a family{sentences.hint(family, known)}", err=True)
        raise typer.Exit(2)
    malformed = [pair for pair in settings or [] if "=" not in pair]
    if malformed:
        typer.echo(f"write settings as key=value; found {', '.join(malformed)}", err=True)
        raise typer.Exit(2)
    member: Any = members.load("families", family)
    given = {key: number_or_word(value) for key, value in (pair.split("=", 1) for pair in settings or [])}
    try:
        networks, example = member.example({**member.PAPER, **given})
    except (ValidationError, TypeError) as error:
        problems = error.errors(include_url=False) if isinstance(error, ValidationError) else []
        for problem in problems:
            typer.echo(str(sentences.wrong_value(family, dict(problem), list(member.PAPER))), err=True)
        raise typer.Exit(2) from None
    costs = {name: cost.costs(network, example[name]) for name, network in networks.items()}
    if as_json:
        kept = [costs[name] for name in roles.names(member, "generator")]
        together = {column: sum(each[column] for each in kept) for column in kept[0]}
        typer.echo(json.dumps({**together, "networks": costs}))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("network", "parameters", "MACs", "MACs, output rule", title=f"{family} {' '.join(settings or [])}")
    for name, row in costs.items():
        numbers = (f"{row[column]:,}" for column in ("parameters", "macs", "macs_output_rule"))
        table.add_row(name, *numbers)
    Console().print(table)
