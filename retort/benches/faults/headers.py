"""Damage to binary files with headers: networks, arrays and pictures that claim to be what they are not."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

from retort.benches.faults.mutations import BYTES, Mutation, Random, doubled
from retort.benches.faults.texts import WRONG, key_changed, value_replaced

HUGE = 2**62


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
