"""Pictures of the test split with the exact answers of a perfect translator, drawn anew by the data set's program."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from retort.demo.refusing import DemoError
from stages.preparing.writing import Chunk, Source
from stages.settings import members
from stages.settings.rows import DataRow
from stages.storage.factors import Program
from stages.storage.prepared import Bytes

COUNT = 50
MOST_COMBINATIONS = 32


@dataclass(frozen=True)
class Group:
    """Labels of which one at most can be set, or a label that stands by itself; `free`: none may be set too."""

    labels: tuple[str, ...]
    free: bool


@dataclass(frozen=True)
class People:
    """Images [n, k, h, w, 3] of k label vectors each, of which the `own` one shows the image as it is."""

    images: Bytes
    labels: Bytes
    own: Sequence[int]


@dataclass(frozen=True)
class Scenes:
    """Images [n, 2, h, w, 3] in both domains, and the domain that each was drawn for."""

    images: Bytes
    domains: Sequence[int]


def offered(row: DataRow, more: dict[str, int]) -> Source:
    """The data set's source with few images, of which none is drawn yet."""
    source: Any = members.load("datasets", row.dataset).source
    counts = {"train": 2, "validation": 2, "test": COUNT, **more}
    accepted = inspect.signature(source).parameters
    if not counts.keys() <= accepted.keys() or "seed" not in accepted:
        raise DemoError(f"{row.dataset} is not drawn by a program, so the page cannot hold exact images of it")
    made: Source = source(**members.options(source, {**row.settings, **counts, "resolution": row.resolution}))
    return made


def chunks(source: Source) -> list[Chunk]:
    """The test split."""
    return list(source.splits["test"]())


def scenes(row: DataRow) -> Scenes:
    """Half of the scenes were drawn for either domain."""
    parts = chunks(offered(row, {}))
    images = [part.counterfactuals for part in parts if part.counterfactuals is not None]
    labels = np.concatenate([part.labels for part in parts])
    return Scenes(np.concatenate(images), labels.argmax(axis=1).tolist())


def groups(labels: Sequence[str], rivals: dict[str, list[str]], kind: str) -> list[Group]:
    """The labels as they can be chosen."""
    made: dict[frozenset[str], Group] = {}
    for label in labels:
        members_of = frozenset({label, *rivals.get(label, [])})
        made.setdefault(members_of, Group(tuple(each for each in labels if each in members_of), kind == "attributes"))
    return list(made.values())


def people(row: DataRow, labels: Sequence[str], rivals: dict[str, list[str]]) -> tuple[People, list[Group]]:
    """Everybody in every combination of the labels; where these are many, with one change alone."""
    source = offered(row, {"fresh": 1})
    chosen = groups(labels, rivals, source.kind)
    module: Any = members.load("datasets", row.dataset)
    program: Program = module.program(**{**row.settings, "resolution": row.resolution})
    codes = np.concatenate([part.factors for part in chunks(source) if part.factors is not None])
    settings = [choices(group, program) for group in chosen]
    images, vectors, own = [], [], []
    for code in codes:
        mine = tuple(current(code, group) for group in settings)
        asked = combinations(mine, settings)
        drawn = program.draw(np.stack([changed(code, settings, mine, each) for each in asked]))
        images.append(drawn)
        vectors.append([vector(labels, chosen, each) for each in asked])
        own.append(asked.index(mine))
    return People(np.stack(images), np.array(vectors, np.uint8), own), chosen


@dataclass(frozen=True)
class Choice:
    """The column of a factor, and the values that the choices of a group stand for."""

    column: int
    values: tuple[int, ...]


def choices(group: Group, program: Program) -> Choice:
    """A label that stands by itself is a factor of this name, `no` or `yes`; the others are values of one factor."""
    categories = program.factors.categories
    first = group.labels[0]
    if len(group.labels) == 1 and first in categories:
        return Choice(program.factors.names.index(first), (0, 1))
    name, values = next((name, values) for name, values in categories.items() if first in values)
    named = tuple(values.index(label) for label in group.labels)
    rest = [place for place in range(len(values)) if place not in named]
    return Choice(program.factors.names.index(name), (rest[0], *named) if group.free else named)


def current(code: Bytes, choice: Choice) -> int:
    """Which choice a picture shows; the first one stands for all values that no label names."""
    value = int(code[choice.column])
    return choice.values.index(value) if value in choice.values else 0


def combinations(mine: tuple[int, ...], settings: Sequence[Choice]) -> list[tuple[int, ...]]:
    """All combinations of choices, or those that differ in one from what a picture shows."""
    every = list(product(*(range(len(choice.values)) for choice in settings)))
    if len(every) <= MOST_COMBINATIONS:
        return every
    return [each for each in every if sum(a != b for a, b in zip(each, mine, strict=True)) <= 1]


def changed(code: Bytes, settings: Sequence[Choice], mine: tuple[int, ...], asked: tuple[int, ...]) -> Bytes:
    """The factors with other choices."""
    made = code.copy()
    for choice, before, place in zip(settings, mine, asked, strict=True):
        if place != before:
            made[choice.column] = choice.values[place]
    return made


def vector(labels: Sequence[str], chosen: Sequence[Group], asked: tuple[int, ...]) -> list[int]:
    """The labels that are set by choices."""
    held = set()
    for group, place in zip(chosen, asked, strict=True):
        named = (None, *group.labels) if group.free else group.labels
        held.add(named[place])
    return [int(label in held) for label in labels]
