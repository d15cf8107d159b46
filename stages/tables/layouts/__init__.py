"""How rows of one kind of examination are shown: a file called as the examination, or `default` where there is none."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from stages.tables.columns import Column
from stages.tables.gathered import Gathered

if TYPE_CHECKING:
    from stages.learning.contracts import Role


@dataclass(frozen=True)
class Layout:
    """What is said differently of one kind of row.

    `title` is what its rows are called together; `stem` names the files of its table. Of `columns` those are shown that
    some row has; `short` are those of the headline, `on_card` those of the model cards. `notes` explain the columns;
    `limits` are sentences on what the numbers of the given rows do not say. `card` is the template of its model cards,
    `taught` the heads of their procedure and whose lesson stands below each.
    """

    title: str
    stem: str
    columns: Callable[[Gathered], tuple[Column, ...]]
    notes: Callable[[Gathered], Iterator[str]]
    limits: Callable[[Gathered], Iterator[str]]
    short: tuple[str, ...]
    on_card: tuple[str, ...]
    card: str
    taught: Mapping[str, Role]


@cache
def module(name: str) -> ModuleType | None:
    """The file of an examination, if there is one."""
    if not (Path(__file__).parent / f"{name}.py").exists():
        return None
    return importlib.import_module(f"{__name__}.{name}")


def of(examination: str) -> Layout:
    """The layout of an examination, or one that is made from what the dictionary says of its columns."""
    found = module(examination)
    if found is not None:
        layout: Layout = found.LAYOUT
        return layout
    plain = module("default")
    assert plain is not None
    made: Layout = plain.layout(examination)
    return made
