"""Rows of an examination that has no file here: every measured column that has a better side."""

from __future__ import annotations

from collections.abc import Iterator

from stages.tables.columns import Column, capital, costs, measured
from stages.tables.gathered import Gathered
from stages.tables.layouts import Layout


def columns(found: Gathered) -> tuple[Column, ...]:
    """Costs, then what was measured of the rows; numbers as in results/."""
    known = (found.dictionary.described(name) for name in found.measured())
    shown = (Column(each.name, capital(each.title), each.unit) for each in known if each.better)
    return (*costs(), *measured(found.dictionary, shown))


def notes(found: Gathered) -> Iterator[str]:
    """What each column means."""
    for column in columns(found):
        if column.measured:
            yield f"{column.title}: {found.dictionary.described(column.key).meaning}."


def limits(found: Gathered) -> Iterator[str]:  # noqa: ARG001 - the contract
    """Nothing is known of an examination but its columns."""
    yield from ()


def layout(examination: str) -> Layout:
    """The layout of any examination."""
    short = ("parameters", "macs", "speed_up")
    return Layout(
        capital(examination), examination, columns, notes, limits, short, short, "model_card.md.j2",
        {"kept networks are taught": "generator", "critics are taught": "discriminator"},
    )  # fmt: skip
