"""Pictures inside the page: each figure once, in the fewest bytes, and a row's sample pictures cut into tiles.

What a figure only arranges of sample pictures, the page arranges itself, pixel by pixel: such figures stay files.
"""

from __future__ import annotations

import base64
import gzip
import io
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from stages.findings import records
from stages.findings.tables import TableError
from stages.measuring import walks
from stages.measuring.strips import IMAGES
from stages.settings import paths
from stages.tables.outlines import Outlines

PACKED_ENOUGH = 40_000
"""A packed drawing of so few bytes is taken without asking whether a picture would be smaller."""
PEOPLE = 2
LINES = 2
"""Of a picture's grid of latents; the walk is shown whole."""
LARGEST_FLAT = 200_000
"""Bytes of a figure; larger ones hold hundreds of small pictures, and lose what nobody sees."""
LARGEST_LOSSLESS = 64
"""Pixels of a tile's side; larger ones are photographs, which nobody looks at pixel by pixel."""
ROWS_OF_TITLE = re.compile(r"\(rows: ([^()]+)\)$")
BITS = 6
"""Of each colour of a tile; what is lost is two levels of 255 at most."""
PER_ROW = "architecture-"
ARRANGED = ("gallery-", "latents-")
"""How figures begin that the page makes of sample pictures."""

Embedded = dict[str, Any]


def embedded(kind: str, content: bytes, width: int, height: int, packed: bool = False) -> Embedded:
    """A picture as the page's script unpacks it."""
    text = base64.b64encode(content).decode()
    return {"type": f"image/{kind}", "packed": packed, "width": width, "height": height, "content": text}


def webp(image: Image.Image, *, lossless: bool) -> bytes:
    """A picture in the format that browsers read and that needs the fewest bytes."""
    file = io.BytesIO()
    image.save(file, "WEBP", lossless=lossless, quality=90, method=4)
    return file.getvalue()


def tiles(image: Image.Image, *, lossless: bool) -> bytes:
    """Sample pictures; small ones are packed without loss, but of fewer colours, which saves a quarter of the bytes."""
    return webp(Image.fromarray(shades()[np.asarray(image)]) if lossless else image, lossless=lossless)


@cache
def shades() -> UInt8[np.ndarray, " levels"]:
    """The nearest of the levels that BITS can tell, for each that eight can."""
    steps = (1 << BITS) - 1
    return np.rint(np.rint(np.arange(256) * steps / 255) * 255 / steps).astype(np.uint8)


def drawing(name: str) -> bytes:
    """A figure as it was drawn."""
    return content(f"{name}.svg")


def content(file: str) -> bytes:
    """A file of a figure."""
    try:
        return paths.figure(file).read_bytes()
    except FileNotFoundError as error:
        raise TableError(f"{error.filename} does not exist, but {paths.manifest()} lists it; run again") from None


def figure(name: str, drawn: str) -> Embedded:
    """A figure as a packed drawing without its letters' outlines, or as a picture where that is smaller."""
    with Image.open(io.BytesIO(content(f"{name}.png"))) as image:
        packed = gzip.compress(drawn.encode(), 9, mtime=0)
        flat = b"" if len(packed) <= PACKED_ENOUGH else webp(image.convert("RGB"), lossless=True)
        if min(len(flat), len(packed)) > LARGEST_FLAT:
            flat = webp(image.convert("RGB"), lossless=False)
        if flat and len(flat) < len(packed):
            return embedded("webp", flat, image.width, image.height)
        return embedded("svg+xml", packed, image.width, image.height, packed=True)


def drawings(titles: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """The figures that the page holds, without outlines, and the outlines."""
    outlines = Outlines()
    drawn = {name: outlines.out_of(drawing(name).decode()) for name in titles if not name.startswith(ARRANGED)}
    return drawn, list(outlines.kept)


def manifest() -> dict[str, str]:
    """The figures and their titles."""
    return {name: each["title"] for name, each in records.read(paths.manifest()).items()}


def diagrams(titles: Mapping[str, str]) -> dict[str, str]:
    """The architecture diagram of each row that has one, as the titles of the diagrams say."""
    found: dict[str, str] = {}
    for name, title in titles.items():
        rows = ROWS_OF_TITLE.search(title)
        if name.startswith(PER_ROW) and rows:
            found |= dict.fromkeys(rows[1].split(", "), name)
    return found


def parts(report: Mapping[str, Any], teacher: bool) -> list[dict[str, Any]]:
    """What the sample picture of a row holds, from above to below; nothing where rows are not judged label by label."""
    found = []
    for data, measured in next(iter(report["seeds"].values()))["datasets"].items():
        protocol = report["protocol"]["datasets"][data]
        if "labels" not in measured or "perceptual_images" not in protocol:
            return []
        found.append(
            {
                "data": data,
                "labels": list(measured["labels"]),
                "side": protocol["resolution"],
                "people": min(IMAGES, protocol["perceptual_images"]),
                "beside": teacher,
                "exact": teacher and "l1" in measured["overall"],
            }
        )
    return found


def of_latents(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the sample picture of a row holds that makes images of latents: a grid, and the frames of a walk."""
    return [
        {
            "data": data,
            "side": protocol["resolution"],
            "across": walks.COLUMNS,
            "lines": LINES,
            "frames": walks.FRAMES,
        }
        for data, protocol in report["protocol"]["datasets"].items()
    ]


def sheet(name: str, report: Mapping[str, Any], teacher: bool) -> tuple[list[dict[str, Any]], Embedded] | None:
    """The first people of a row's sample picture and where its tiles are; nothing where the row has no picture."""
    if not report["pictured"]:
        return None
    with Image.open(paths.samples(name)) as image:
        whole = image.convert("RGB")
    if "marginals" in report:
        shown = of_latents(report)
        side = shown[0]["side"]
        fewer = Image.new("RGB", (whole.width, whole.height - (walks.ROWS - LINES) * side))
        fewer.paste(whole.crop((0, 0, whole.width, LINES * side)), (0, 0))
        fewer.paste(whole.crop((0, walks.ROWS * side, *whole.size)), (0, LINES * side))
        return shown, embedded("webp", tiles(fewer, lossless=side <= LARGEST_LOSSLESS), *fewer.size)
    found = parts(report, teacher)
    if not found or sum(part["people"] * part["side"] for part in found) != whole.height:
        return [], embedded("webp", tiles(whole, lossless=True), *whole.size)
    kept = [{**part, "people": min(part["people"], PEOPLE)} for part in found]
    picture = Image.new("RGB", (whole.width, sum(part["people"] * part["side"] for part in kept)))
    above = top = 0
    for part, full in zip(kept, found, strict=True):
        height = part["people"] * part["side"]
        picture.paste(whole.crop((0, above, whole.width, above + height)), (0, top))
        part["top"] = top
        above, top = above + full["people"] * full["side"], top + height
    lossless = all(part["side"] <= LARGEST_LOSSLESS for part in kept)
    return kept, embedded("webp", tiles(picture, lossless=lossless), *picture.size)
