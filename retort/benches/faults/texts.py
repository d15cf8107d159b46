"""Damage to texts that hold values: trees of them, and tables."""

from __future__ import annotations

import copy
import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from retort.benches.faults.mutations import TEXT, Mutation, Random, chosen

NUMBERS: tuple[Any, ...] = (float("nan"), float("inf"), -float("inf"), 1e308, -(10**30), 10**30, -1, -0.5)
WRONG: tuple[Any, ...] = (None, [], {}, "text", True, [[1]], {"a": {"b": 1}}, "")


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - a tree of plain values
    """The path of every value."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


def at(tree: Any, path: tuple[Any, ...]) -> Any:  # noqa: ANN401 - a tree of plain values
    """The value at a path."""
    for key in path:
        tree = tree[key]
    return tree


def value_replaced(tree: Any, draw: Random, by: tuple[Any, ...], numbers: bool) -> Any:  # noqa: ANN401
    """One value, or one number, becomes another that is unlike it."""
    paths = [each for each in places(tree) if not numbers or is_number(at(tree, each))]
    path = chosen(paths, draw)
    old, value = at(tree, path), draw.choice(by)
    while type(value) is type(old) and not numbers:
        value = draw.choice(by)
    at(tree, path[:-1])[path[-1]] = value
    return tree


def is_number(value: object) -> bool:
    """Whether a value is a number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def key_changed(tree: Any, draw: Random, renamed: bool) -> Any:  # noqa: ANN401 - a tree of plain values
    """A key is missing, or has another name."""
    path = chosen([each for each in places(tree) if isinstance(at(tree, each[:-1]), dict)], draw)
    holder = at(tree, path[:-1])
    value = holder.pop(path[-1])
    if renamed:
        holder[f"{path[-1]}x"] = value
    return tree


@dataclass(frozen=True)
class Notation:
    """How trees are read and written."""

    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]


def of_trees(notation: Notation) -> tuple[Mutation, ...]:
    """Damage that a text's notation survives."""

    def through(change: Callable[[Any, Random], Any]) -> Callable[[bytes, Random], bytes]:
        return lambda content, draw: notation.write(change(copy.deepcopy(notation.read(content)), draw))

    def number(tree: Any, draw: Random) -> Any:  # noqa: ANN401
        return value_replaced(tree, draw, NUMBERS, numbers=True)

    def wrong(tree: Any, draw: Random) -> Any:  # noqa: ANN401
        return value_replaced(tree, draw, WRONG, numbers=False)

    return (
        Mutation("a number NaN, huge or negative", through(number), fatal=False),
        Mutation("a value of another type", through(wrong), fatal=False),
        Mutation("a key removed", through(lambda tree, draw: key_changed(tree, draw, renamed=False)), fatal=False),
        Mutation("a key renamed", through(lambda tree, draw: key_changed(tree, draw, renamed=True)), fatal=False),
    )


JSON = Notation(json.loads, lambda tree: json.dumps(tree, indent=1).encode())


def key_twice_in_json(content: bytes, draw: Random) -> bytes:
    """A key of the outermost mapping stands twice, with another value."""
    tree = json.loads(content)
    key = draw.choice(list(tree))
    return f"{{{json.dumps(key)}: {json.dumps(draw.choice(WRONG))}, ".encode() + content.lstrip()[1:]


def line_twice(content: bytes, draw: Random) -> bytes:
    """A line stands twice."""
    lines = content.splitlines(keepends=True)
    place = draw.choice([number for number, line in enumerate(lines) if line.strip()])
    return b"".join([*lines[: place + 1], *lines[place:]])


def of_tables(change: Callable[[list[list[str]], Random], None]) -> Callable[[bytes, Random], bytes]:
    """Damage to the cells of a table."""

    def through(content: bytes, draw: Random) -> bytes:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8"))))
        change(rows, draw)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        return text.getvalue().encode()

    return through


def cell(rows: list[list[str]], draw: Random) -> None:
    """A cell holds no number that a measurement gives."""
    row = chosen(rows[1:], draw)
    row[draw.randrange(len(row))] = draw.choice(("nan", "inf", "-1e308", "text", "", "1e999", "0x10", "1,5"))


def column_gone(rows: list[list[str]], draw: Random) -> None:
    """A column is missing."""
    place = draw.randrange(len(rows[0]))
    for row in rows:
        del row[place]


def column_renamed(rows: list[list[str]], draw: Random) -> None:
    """A column has another name, perhaps that of its neighbour."""
    place = draw.randrange(len(rows[0]))
    rows[0][place] = draw.choice((f"{rows[0][place]}x", rows[0][place - 1]))


def row_short(rows: list[list[str]], draw: Random) -> None:
    """A line ends early."""
    row = chosen(rows[1:], draw)
    del row[draw.randrange(len(row)) :]


TABLE = (
    *TEXT[:-1],
    Mutation("a line twice", line_twice),
    *(
        Mutation(name, of_tables(change))
        for name, change in (
            ("a cell that is no measurement", cell),
            ("a column removed", column_gone),
            ("a column renamed", column_renamed),
            ("a line cut", row_short),
        )
    ),
)
JSON_TEXT = (*TEXT, *of_trees(JSON), Mutation("a key twice", key_twice_in_json, fatal=False))
