"""Pictures of latents: what is cut from one is what was put in, and a picture of another shape is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from stages.measuring import sheets


def test_a_sheet_comes_back_as_it_was() -> None:
    tiles = np.random.default_rng(0).integers(0, 256, (sheets.IMAGES + sheets.FRAMES, 4, 4, 3), dtype=np.uint8)
    sheet = sheets.Sheet(tiles[: sheets.IMAGES], tiles[sheets.IMAGES :])
    picture = np.asarray(Image.open(io.BytesIO(sheets.png(sheet))))
    images, frames = sheets.cut(picture)
    assert np.array_equal(images, sheet.images)
    assert np.array_equal(frames, sheet.frames)


def test_a_sheet_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="a sheet holds 16 frames, found 3"):
        sheets.png(sheets.Sheet(np.zeros((32, 4, 4, 3), np.uint8), np.zeros((3, 4, 4, 3), np.uint8)))
    with pytest.raises(ValueError, match="a sheet is 8 tiles wide and 6 high, found 32 × 20"):
        sheets.cut(np.zeros((20, 32, 3), np.uint8))
