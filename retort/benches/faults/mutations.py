"""What damage does to good files: bytes, texts, trees of values, tables, arrays, networks; each by a seeded generator.

A mutation that is `fatal` leaves nothing that may be accepted, unless the file means the same as before. `share` is how
often it is drawn, against the others.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import random
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Random = random.Random
NUMBERS: tuple[Any, ...] = (float("nan"), float("inf"), -float("inf"), 1e308, -(10**30), 10**30, -1, -0.5)
WRONG: tuple[Any, ...] = (None, [], {}, "text", True, [[1]], {"a": {"b": 1}}, "")
DEEP = 5000
"""How many lists stand inside each other where nesting is deep."""
HUGE = 2**62


class InapplicableError(ValueError):
    """A file has nothing that could be damaged so."""


Found = TypeVar("Found")


def chosen(found: Sequence[Found], draw: Random) -> Found:
    """One of what there is to damage."""
    if not found:
        raise InapplicableError
    return draw.choice(found)


@dataclass(frozen=True)
class Mutation:
    """A kind of damage, what does it, and whether nothing of it may be accepted."""

    name: str
    change: Callable[[bytes, Random], bytes]
    fatal: bool = True
    share: int = 3


def flipped(content: bytes, draw: Random) -> bytes:
    """Some bytes become others."""
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 3, 16))):
        changed[draw.randrange(len(changed))] ^= draw.randrange(1, 256)
    return bytes(changed)


def truncated(content: bytes, draw: Random) -> bytes:
    """The end is missing."""
    return content[: draw.randrange(1, len(content))]


def emptied(_: bytes, __: Random) -> bytes:
    """Nothing is left."""
    return b""


def zeroed(content: bytes, draw: Random) -> bytes:
    """A block of a disk was never written."""
    start = draw.randrange(len(content))
    length = min(len(content) - start, draw.choice((16, 512, 4096)))
    return content[:start] + bytes(length) + content[start + length :]


def doubled(content: bytes, _: Random) -> bytes:
    """Written twice behind each other."""
    return content + content


def noise(content: bytes, draw: Random) -> bytes:
    """Other bytes altogether."""
    return draw.randbytes(min(len(content), 4096) + 1)


def binary_in_text(content: bytes, draw: Random) -> bytes:
    """Bytes that are no text stand in it."""
    start = draw.randrange(len(content))
    return content[:start] + b"\x00\xff\xfe\x1b" + draw.randbytes(8) + content[start:]


def recoded(content: bytes, draw: Random) -> bytes:
    """Saved in an encoding that is not UTF-8."""
    return (content.decode("utf-8") + " ä").encode(draw.choice(("utf-16", "utf-32", "utf-16-be")))


def nested(_: bytes, draw: Random) -> bytes:
    """Lists in lists, or mappings in mappings."""
    return draw.choice((b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP, b"[" * DEEP))


BYTES = (
    Mutation("bytes flipped", flipped, fatal=False),
    Mutation("truncated", truncated, fatal=False),
    Mutation("emptied", emptied, share=1),
    Mutation("a block of zeros", zeroed, fatal=False),
    Mutation("noise", noise, share=1),
)
TEXT = (
    *BYTES[:3],
    Mutation("binary in text", binary_in_text),
    Mutation("another encoding", recoded),
    Mutation("nested deeply", nested, share=2),
)


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


def header_huge(content: bytes, draw: Random) -> bytes:
    """A safetensors file whose header claims to be enormous."""
    return struct.pack("<Q", draw.choice((HUGE, len(content) * 2, 10**9))) + content[8:]


def header_of_tensors(change: Callable[[dict[str, Any], Random], None]) -> Callable[[bytes, Random], bytes]:
    """Damage to what a safetensors file says of its tensors and of itself."""

    def through(content: bytes, draw: Random) -> bytes:
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        change(header, draw)
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + content[8 + length :]

    return through


def tensor_renamed(header: dict[str, Any], draw: Random) -> None:
    """A tensor has another name."""
    key = draw.choice([each for each in header if each != "__metadata__"])
    header[f"{key}x"] = header.pop(key)


def tensor_reshaped(header: dict[str, Any], draw: Random) -> None:
    """A tensor has another shape than its bytes."""
    key = draw.choice([each for each in header if each != "__metadata__"])
    header[key]["shape"] = draw.choice(([HUGE], [1] * 70, [], [-1], [*header[key]["shape"], 2]))


def description_damaged(header: dict[str, Any], draw: Random) -> None:
    """What a network's file says of itself lacks a key, or is of another family or size."""
    described = json.loads(header["__metadata__"]["retort"])
    value_replaced(described, draw, (*WRONG, 3), numbers=False) if draw.random() < 0.5 else key_changed(
        described, draw, renamed=draw.random() < 0.5
    )
    header["__metadata__"]["retort"] = json.dumps(described)


def metadata_gone(header: dict[str, Any], _: Random) -> None:
    """A file of somebody else."""
    del header["__metadata__"]


def numbers_not_finite(content: bytes, draw: Random) -> bytes:
    """Weights that are no numbers."""
    (length,) = struct.unpack("<Q", content[:8])
    start = 8 + length + 4 * draw.randrange((len(content) - 8 - length) // 8)
    return content[:start] + struct.pack("<f", float("nan")) + content[start + 4 :]


TENSORS = (
    *BYTES,
    Mutation("a header that claims to be enormous", header_huge),
    Mutation("weights that are no numbers", numbers_not_finite, fatal=False),
    *(
        Mutation(name, header_of_tensors(change))
        for name, change in (
            ("a tensor renamed", tensor_renamed),
            ("a tensor reshaped", tensor_reshaped),
            ("a description damaged", description_damaged),
            ("no description", metadata_gone),
        )
    ),
)


def array_header(content: bytes, draw: Random) -> bytes:
    """An array that claims another shape or type, or to be a pickle."""
    end = content.index(b"\n") + 1
    old = content[10:end]
    said = old.rstrip().decode("latin-1")
    other = draw.choice(
        (
            said.replace("'|u1'", "'|O'"),
            said.replace("'|u1'", "'<f8'"),
            said.replace("'shape': (", f"'shape': ({HUGE}, "),
            said.replace("'fortran_order': False", "'fortran_order': True"),
            said.replace("{", "{{"),
        )
    )
    text = other.encode("latin-1").ljust(len(old) - 1)[: len(old) - 1] + b"\n"
    return content[:10] + text + content[end:]


ARRAYS = (*BYTES, Mutation("an array that claims to be another", array_header))


def png_huge(content: bytes, draw: Random) -> bytes:
    """A PNG that claims to be enormous, with a right checksum."""
    sides = struct.pack(">II", *draw.choice(((2**31 - 1, 2**31 - 1), (100_000, 100_000), (0, 0), (1, 2**30))))
    chunk = b"IHDR" + sides + content[24:29]
    return content[:12] + chunk + struct.pack(">I", zlib.crc32(chunk)) + content[33:]


PICTURES = (*BYTES, Mutation("written twice", doubled, fatal=False))
PNG = (*PICTURES, Mutation("a picture that claims to be enormous", png_huge))
