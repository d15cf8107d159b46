"""Bytes as text that may stand inside a script element: fifteen bits a character.

In UTF-16 that is denser than base64 is in UTF-8: a fifteenth is added, not a third. The characters are those from 256
on, of which none ends an element or is changed when a page is read.
"""

from __future__ import annotations

import gzip

import numpy as np

BITS, FIRST = 15, 256


def text(content: bytes) -> str:
    """The characters of bytes; the last one is filled up with zeros."""
    bits = np.unpackbits(np.frombuffer(content, np.uint8))
    padded = np.pad(bits, (0, -len(bits) % BITS)).reshape(-1, BITS)
    high, low = np.packbits(padded, axis=1).T.astype(np.uint16)
    return ((high << 8 | low) // 2 + FIRST).astype("<u2").tobytes().decode("utf-16-le")


def squeezed(content: bytes, planes: int) -> bytes:
    """The content by gzip, the same bytes every time.

    The i-th bytes of all numbers of so many bytes stand together first: of floating point numbers, only exponents are
    alike.
    """
    whole = np.frombuffer(content, np.uint8)
    length = len(whole) // planes * planes
    sorted_bytes = np.ascontiguousarray(whole[:length].reshape(-1, planes).T).tobytes()
    return gzip.compress(sorted_bytes + content[length:], 9, mtime=0)
