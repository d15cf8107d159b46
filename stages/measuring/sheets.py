"""What a network makes of a few latents as a lossless picture, so that figures need no weights.

Tiles in lines of eight: first the images of latents that are the same for all rows of a data set, then the frames of a
walk from latent to latent, which ends where it began.
"""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from PIL import Image

from stages.storage.prepared import Bytes

ACROSS, IMAGES, FRAMES = 8, 32, 16


class Sheet(NamedTuple):
    """Images [n, side, side, 3] of fixed latents, and the frames of the walk."""

    images: Bytes
    frames: Bytes


def png(sheet: Sheet) -> bytes:
    """The picture of a sheet."""
    for what, tiles, count in (("images", sheet.images, IMAGES), ("frames", sheet.frames, FRAMES)):
        if len(tiles) != count:
            raise ValueError(f"a sheet holds {count} {what}, found {len(tiles)}")
    tiles = np.concatenate(sheet)
    count, side = tiles.shape[:2]
    lines = tiles.reshape(count // ACROSS, ACROSS, side, side, 3).swapaxes(1, 2)
    file = io.BytesIO()
    Image.fromarray(lines.reshape(count // ACROSS * side, ACROSS * side, 3)).save(file, "PNG")
    return file.getvalue()


def cut(picture: Bytes) -> Sheet:
    """The sheet of a picture."""
    high, wide = picture.shape[:2]
    side = wide // ACROSS
    if (high, wide) != ((IMAGES + FRAMES) // ACROSS * side, ACROSS * side):
        raise ValueError(
            f"a sheet is {ACROSS} tiles wide and {(IMAGES + FRAMES) // ACROSS} high, found {wide} × {high}"
        )
    tiles = picture.reshape(high // side, side, ACROSS, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
    return Sheet(tiles[:IMAGES], tiles[IMAGES:])
