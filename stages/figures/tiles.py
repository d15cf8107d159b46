"""The sample pictures of the evaluation, cut into tiles again; `stages/measuring/strips.py` laid them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import Colormap, LinearSegmentedColormap
from PIL import Image

from stages.figures import style
from stages.figures.evidence import Evidence
from stages.measuring.strips import IMAGES
from stages.settings import paths
from stages.storage.prepared import Bytes

ENLARGED = 128
"""Pixels of a tile's side in a figure, at least: viewers smooth small pictures when they enlarge them."""

WORST = 0.5
"""The error that is drawn darkest, as a share of the range of levels."""


@dataclass(frozen=True)
class Tiles:
    """Of one data set, [person, label, …] translations; of a teacher's row also the inputs and exact images."""

    labels: tuple[str, ...]
    made: Bytes
    given: Bytes | None
    exact: Bytes | None


def pictured(evidence: Evidence) -> Evidence:
    """What concerns the rows that have pictures: those that are judged label by label on images."""
    return evidence.only([name for name, report in evidence.reports.items() if has_tiles(report)])


def has_tiles(report: Mapping[str, Any]) -> bool:
    """Whether a row's sample picture is made of tiles, a column per label."""
    measured = next(iter(report["seeds"].values())).get("datasets", {})
    protocols = report["protocol"]["datasets"]
    return bool(measured) and all(
        "labels" in each and "perceptual_images" in protocols[data] for data, each in measured.items()
    )


def read(evidence: Evidence, name: str) -> dict[str, Tiles]:
    """The tiles of a row, by data set."""
    picture = np.asarray(Image.open(paths.samples(name)).convert("RGB"))
    report = evidence.reports[name]
    seed = next(iter(report["seeds"].values()))
    found, top = {}, 0
    for data, measured in seed["datasets"].items():
        protocol, labels = report["protocol"]["datasets"][data], tuple(measured["labels"])
        side, people = protocol["resolution"], min(IMAGES, protocol["perceptual_images"])
        tiles = cut(picture[top : top + people * side], side)
        top += people * side
        count, beside = len(labels), evidence.rows[name].compression == "none"
        exact = beside and "l1" in measured["overall"]
        found[data] = Tiles(
            labels,
            tiles[:, :count],
            tiles[:, count] if beside else None,
            tiles[:, count + 1 : 2 * count + 1] if exact else None,
        )
    return found


def cut(picture: Bytes, side: int) -> Bytes:
    """[person, column, side, side, 3] of a picture of tiles."""
    people, columns = picture.shape[0] // side, picture.shape[1] // side
    return picture.reshape(people, side, columns, side, 3).swapaxes(1, 2)


def enlarged(tile: Bytes) -> Bytes:
    """A tile with every pixel repeated."""
    times = max(1, ENLARGED // tile.shape[0])
    return tile.repeat(times, axis=0).repeat(times, axis=1)


def colours() -> Colormap:
    """From nearly white, so that a tile without error is still seen, to nearly black: grey print keeps the order."""
    return LinearSegmentedColormap.from_list("error", ["#f3f3f3", style.SKY, style.BLUE, "#04121f"])


def error(tile: Bytes, exact: Bytes) -> Bytes:
    """A picture of the absolute error to the exact image, the mean over colours."""
    off = np.abs(tile.astype(np.float64) - exact).mean(axis=2) / 255
    return np.asarray(colours()(np.minimum(off / WORST, 1.0), bytes=True))[..., :3]


def mosaic(
    rows: list[list[Bytes | None]], gap: int, breaks: tuple[int, ...] = (), lines: tuple[int, ...] = ()
) -> Bytes:
    """Tiles in rows on white; a wider gap before the columns of `breaks` and the rows of `lines`."""
    side = next(enlarged(tile).shape[0] for row in rows for tile in row if tile is not None)
    across, down = offsets(len(rows[0]), side, gap, breaks), offsets(len(rows), side, gap, lines, wider=2)
    canvas = np.full((down[-1] + side, across[-1] + side, 3), 255, np.uint8)
    for top, row in zip(down, rows, strict=True):
        for left, tile in zip(across, row, strict=True):
            if tile is not None:
                canvas[top : top + side, left : left + side] = enlarged(tile)
    return canvas


def offsets(count: int, side: int, gap: int, breaks: tuple[int, ...], wider: int = 4) -> list[int]:
    """Where each of a row's tiles begins."""
    return [i * (side + gap) + wider * gap * sum(1 for b in breaks if b <= i) for i in range(count)]
