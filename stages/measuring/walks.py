"""Images of fixed latents as one lossless picture, so that figures and the page need no weights.

A grid of tiles of the data's resolution, `COLUMNS` wide, in reading order: first `ROWS` lines of images of the first
latents of the test, the same for all rows of a problem; below them a walk of `FRAMES` images around a closed circle
through latents, cos(t) a + sin(t) b, which a normal latent's length does not change along, so that the last frame is as
far from the first as from the one before it.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from stages.storage.prepared import Bytes

COLUMNS, ROWS, FRAMES = 8, 4, 16
SHOWN = COLUMNS * ROWS


def circle(ends: Float[Tensor, "2 z"]) -> Float[Tensor, "f z"]:
    """Latents on the circle through two of them."""
    angles = torch.arange(FRAMES, dtype=torch.float64)[:, None] * (2 * math.pi / FRAMES)
    first, second = ends.double()
    return (angles.cos() * first + angles.sin() * second).to(ends.dtype)


def arranged(images: Bytes, walk: Bytes) -> Bytes:
    """The picture of the first images and of a walk."""
    if len(images) < SHOWN or len(walk) != FRAMES:
        raise ValueError(f"a picture shows {SHOWN} images and {FRAMES} frames, found {len(images)} and {len(walk)}")
    tiles = np.concatenate([images[:SHOWN], walk])
    lines = tiles.reshape(-1, COLUMNS, *tiles.shape[1:])
    return np.concatenate([np.concatenate(list(line), axis=1) for line in lines])


def parted(picture: Bytes, resolution: int) -> tuple[Bytes, Bytes]:
    """The images and the frames of a picture: undoes `arranged`."""
    height, width = picture.shape[0] // resolution, picture.shape[1] // resolution
    if width != COLUMNS or height * width != SHOWN + FRAMES:
        raise ValueError(f"a picture of {height} by {width} tiles of {resolution} px shows no images and walk")
    split = picture.reshape(height, resolution, width, resolution, 3).swapaxes(1, 2)
    tiles = split.reshape(-1, resolution, resolution, 3)
    return tiles[:SHOWN], tiles[SHOWN:]
