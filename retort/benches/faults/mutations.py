"""What damage does to the bytes of good files, and to texts; each by a seeded generator.

A mutation that is `fatal` leaves nothing that may be accepted, unless the file means the same as before. `share` is how
often it is drawn, against the others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Random = random.Random
DEEP = 5000
"""How many lists stand inside each other where nesting is deep."""


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
