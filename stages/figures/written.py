"""A figure's files: SVG and PDF from one drawing (`twofold`), PNG from another; nothing in them says when or where."""

from __future__ import annotations

import io

import numpy as np
from jaxtyping import UInt8
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from stages.figures import fonts, twofold
from stages.figures.style import DOTS, RULES, Drawn

RASTER = "png"
FORMATS = ("svg", "pdf", RASTER)
NAMED = 20
"""Inputs that a file tells by name; the manifest tells all."""
COLOURS, BITS = 256, 4
"""Of a palette; and of each colour's eight bits those by which colours are put together."""


def files(drawn: Drawn, stage: str) -> dict[str, bytes]:
    """The figure in every format, by file name; the same results give the same bytes."""
    named = ", ".join(path.as_posix() for path in drawn.inputs[:NAMED])
    more = len(drawn.inputs) - NAMED
    source = f"stage {stage} of Retort, from {named}" + (f" and {more} more files" if more > 0 else "")
    svg = {"Title": drawn.title, "Creator": "Retort", "Source": source, "Date": None}
    pdf = {"Title": drawn.title, "Creator": "Retort", "Subject": source, "Producer": None, "CreationDate": None}
    with rc_context(RULES), fonts.cut_twice():
        found = twofold.vectors(drawn.figure, pdf, svg)
        found[RASTER] = raster(drawn.figure, {"Title": drawn.title, "Software": "Retort", "Source": source})
    return {f"{drawn.name}.{suffix}": found[suffix] for suffix in FORMATS}


def raster(figure: Figure, about: dict[str, str]) -> bytes:
    """The figure as PNG; drawings, which have few colours, from a palette, which makes them a third as large."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    dots = np.asarray(canvas.buffer_rgba())
    picture = Image.fromarray(dots[..., :3]) if figure.findobj(AxesImage) else palettised(dots)
    information, file = PngInfo(), io.BytesIO()
    for key, value in about.items():
        information.add_itxt(key, value)
    picture.save(file, RASTER, pnginfo=information, dpi=(DOTS, DOTS))
    return file.getvalue()


def palettised(dots: UInt8[np.ndarray, "h w 4"]) -> Image.Image:
    """The picture in at most 256 colours: the means of cells of near ones, or, of too many cells, what Pillow finds."""
    red, green, blue, _ = (dots.view("<u4")[..., 0] >> shift for shift in (0, 8, 16, 24))
    mask, step = (0xFF << (8 - BITS)) & 0xFF, 8 - BITS
    cells = ((red & mask) >> step | (green & mask) | (blue & mask) << BITS).astype(np.uint16)
    counts = np.bincount(cells.ravel(), minlength=1 << 3 * BITS)
    used = np.flatnonzero(counts)
    if len(used) > COLOURS:
        whole = Image.fromarray(dots[..., :3])
        return whole.quantize(method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    sums = [np.bincount(cells.ravel(), weights=dots[..., band].ravel(), minlength=len(counts)) for band in range(3)]
    palette = np.stack([np.rint(each[used] / counts[used]) for each in sums], axis=1).astype(np.uint8)
    places = np.zeros(len(counts), np.uint8)
    places[used] = np.arange(len(used))
    picture = Image.fromarray(places[cells], "P")
    picture.putpalette(palette.tobytes())
    return picture
