"""`retort dag`: the graph on one screen, with what is stale and how long things took."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from retort.engine import graph as graphs
from retort.engine.graph import Graph, GraphError
from retort.engine.ledger import clock
from stages.settings import provenance


def dag(
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Print the stages as mermaid text.")] = False,
    why: Annotated[bool, typer.Option("--why", help="Also list each stale item with its reason.")] = False,
) -> None:
    """Show the stages, how many items each has, how many are stale, and how long they took when they last ran.

    "stale" counts items whose own inputs or outputs changed; "follow" those which need such an item, and run only if
    its result differs.
    """
    try:
        graph = graphs.read()
    except GraphError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if mermaid:
        typer.echo("\n".join(mermaid_lines(graph)))
        return
    console = Console(highlight=False)
    console.print(overview(graph))
    for item, reason in graph.stale.items() if why else ():
        console.print(f"{item}: {reason}", markup=False, soft_wrap=True)


def stages_of(graph: Graph) -> dict[str, list[str]]:
    """The items of each stage, ancestors first."""
    grouped: dict[str, list[str]] = {}
    for item in graph.needs:
        grouped.setdefault(graphs.stage_of(item), []).append(item)
    return grouped


def stage_needs(graph: Graph) -> dict[str, list[str]]:
    """The stages each stage needs, without those it needs by way of another."""
    direct: dict[str, set[str]] = {}
    for item, needed in graph.needs.items():
        stage = graphs.stage_of(item)
        direct.setdefault(stage, set()).update({graphs.stage_of(each) for each in needed} - {stage})
    implied = {
        stage: {far for near in needed for far in graphs.closure([near], direct) - {near}}
        for stage, needed in direct.items()
    }
    order = list(direct)
    return {stage: sorted(needed - implied[stage], key=order.index) for stage, needed in direct.items()}


def overview(graph: Graph) -> Table:
    """A line per stage."""
    durations, pending, needs = provenance.durations(), graph.pending(), stage_needs(graph)
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("stage", no_wrap=True)
    table.add_column("after")
    for heading in ("items", "stale", "follow", "took", "longest"):
        table.add_column(heading, justify="right", no_wrap=True)
    for stage, items in stages_of(graph).items():
        took = [durations[item] for item in items if item in durations]
        stale = [item for item in items if item in graph.stale]
        follow = [item for item in items if item in pending and item not in graph.stale]
        times = (clock(sum(took)), clock(max(took))) if took else ("", "")
        counts = (str(len(each)) if each else "" for each in (stale, follow))
        table.add_row(stage, ", ".join(needs[stage]), str(len(items)), *counts, *times)
    return table


def mermaid_lines(graph: Graph) -> Iterator[str]:
    """The stages and their edges for a mermaid diagram."""
    yield "flowchart LR"
    for stage, items in stages_of(graph).items():
        stale = sum(item in graph.stale for item in items)
        counts = f"{len(items)} items, {stale} stale" if stale else f"{len(items)} items"
        yield f'  {stage}["{stage}<br/>{counts}"]'
    for stage, needed in stage_needs(graph).items():
        for each in needed:
            yield f"  {each} --> {stage}"
