"""A few translated test images of one row as a lossless picture, so that figures need no weights.

One line per image, the first data set's above the second's; in a line, the translation to each label in the order of
the row. A row without compression, the teacher, goes on: the input, then the exact image of each label if there is one.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from stages.measuring.examination import Test, Translator
from stages.storage.prepared import Bytes

IMAGES = 6


def lines(test: Test, translate: Translator, beside: bool) -> Bytes:
    """The lines of one data set."""
    part, targets = slice(min(IMAGES, test.perceptual)), range(len(test.wanted))
    tiles = [translate(part, target) for target in targets]
    if beside:
        tiles.append(test.images[part])
        tiles += [test.truth(part, target) for target in targets if test.exact]
    return np.concatenate([np.concatenate(list(tile)) for tile in tiles], axis=1)


def blank() -> bytes:
    """One white dot, where there is no picture."""
    return png([np.full((1, 1, 3), 255, np.uint8)])


def png(stacked: list[Bytes]) -> bytes:
    """The lines of every data set as one picture, black where a line is shorter."""
    width = max(lines.shape[1] for lines in stacked)
    padded = [np.pad(lines, ((0, 0), (0, width - lines.shape[1]), (0, 0))) for lines in stacked]
    file = io.BytesIO()
    Image.fromarray(np.concatenate(padded)).save(file, "PNG")
    return file.getvalue()
