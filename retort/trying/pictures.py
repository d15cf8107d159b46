"""Pictures of a person's disk: looked at before they are decoded, turned upright, cropped and resized as data were.

A file's bytes and its picture's sides are bounded before anything is decoded, so memory and time are as well.
"""

from __future__ import annotations

import io
import stat
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from retort.trying.refusals import Refused

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
LARGEST_FILE, MOST_PIXELS = 64_000_000, 50_000_000
SCAN, MOST_SCANS = b"\xff\xda", 200
"""Where a scan of a JPEG begins, and how many it may have: each costs a pass over all pixels."""
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each orientation that a camera writes down."""
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


@dataclass(frozen=True)
class Framing:
    """How a data set's pictures were cropped and resized.

    `crop` is `centre`, the largest square in the middle, or `whole`, where pictures of any shape are squeezed;
    `resampling` is the filter.
    """

    crop: str = "centre"
    resampling: str = "bilinear"

    @classmethod
    def of(cls, described: Mapping[str, str]) -> Framing:
        """The framing that an exported reader describes."""
        return cls(described["crop"], described["resampling"])


@dataclass(frozen=True)
class Picture:
    """A picture as networks see it, the sides that it had, and what was done to it that a person should know."""

    name: str
    image: Bytes
    width: int
    height: int
    notes: tuple[str, ...]


def read(path: Path, framing: Framing, resolution: int) -> Picture:
    """A picture of any common kind as [resolution, resolution, 3]; a sentence where it cannot be one."""
    content = held(path)
    with opened(path, content) as image:
        refuse_enormous(path, image, content)
        notes = ["animated: the first frame is taken"] if animated(image) else []
        image.load()
        upright = turned(image)
        width, height = upright.size
        square = upright if framing.crop == "whole" else middle(upright)
        plain, about = coloured(square)
        # What can be seen through stays so until the picture is small, as each copy of a large one costs memory.
        small = on_white(plain.resize((resolution, resolution), FILTERS[framing.resampling]))
    if min(width, height) < resolution:
        notes.append(f"smaller than {resolution} px, so it was enlarged")
    return Picture(path.name, np.asarray(small), width, height, (*notes, *about))


def held(path: Path) -> bytes:
    """What a file holds; only plain files are read, and no more of them than is sensible."""
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise Refused(f"{path} is a directory; name the pictures in it")
        if not stat.S_ISREG(kind):
            raise Refused(f"{path} is no plain file")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise Refused(f"{path} does not exist") from None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_FILE:
        raise Refused(f"{path} is larger than {LARGEST_FILE // 1_000_000} MB; save it smaller")
    if not content:
        raise Refused(f"{path} is empty")
    return content


@contextmanager
def opened(path: Path, content: bytes) -> Iterator[Image.Image]:
    """A picture whose bytes are at hand; whatever damage makes of its reading is said in a sentence."""
    limit = Image.MAX_IMAGE_PIXELS
    # Its sides are checked here, and named.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                yield image
    except Refused:
        raise
    except UnidentifiedImageError:
        raise Refused(f"{path} is no JPEG, PNG, WebP or GIF picture, or its beginning is damaged") from None
    # Libraries raise nearly anything where a file is damaged.
    except Exception as error:
        told = str(error).partition("\n")[0] or type(error).__name__
        raise Refused(f"{path} is damaged and cannot be read ({told})") from None
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def refuse_enormous(path: Path, image: Image.Image, content: bytes) -> None:
    """Refuse what would take too much memory or time to decode."""
    width, height = image.size
    if width * height > MOST_PIXELS:
        most = f"more than {MOST_PIXELS // 1_000_000} million pixels"
        raise Refused(f"{path} has {width:,} x {height:,} pixels; {most} are not decoded: save it smaller")
    if image.format in ("JPEG", "MPO") and content.count(SCAN) > MOST_SCANS:
        raise Refused(f"{path} is drawn in more than {MOST_SCANS} passes; save it again as an ordinary JPEG")


def animated(image: Image.Image) -> bool:
    """Whether there are frames that will not be seen; cameras hide small copies in photographs, which do not count."""
    return image.format != "MPO" and bool(getattr(image, "is_animated", False))


def turned(image: Image.Image) -> Image.Image:
    """A picture the right way up, as its camera says."""
    turn = TURNS.get(image.getexif().get(ORIENTATION, 1))
    return image if turn is None else image.transpose(turn)


def middle(image: Image.Image) -> Image.Image:
    """The largest square in the middle."""
    side = min(image.size)
    left, top = round((image.width - side) / 2), round((image.height - side) / 2)
    return image.crop((left, top, left + side, top + side))


def coloured(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """A picture in colours of 8 bits, with or without transparency, and what will have been changed."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image, []
    if image.mode.startswith("I"):
        return eight_bits(image), ["16 bits: scaled to 8"]
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        clear = image if image.mode == "RGBA" else image.convert("RGBA")
        return clear, ["transparent parts: laid on white"] if clear.getchannel("A").getextrema()[0] != 255 else []
    about = {"CMYK": ["inks (CMYK): converted to colours"], "L": ["grey"], "1": ["black and white"]}
    return image.convert("RGB"), about.get(image.mode, [])


def eight_bits(image: Image.Image) -> Image.Image:
    """A picture of 16 bits, of which Pillow would clip what is brighter than 255."""
    levels = np.clip(np.asarray(image), 0, 65535).astype(np.uint32)
    return Image.fromarray(((levels + 128) // 257).astype(np.uint8)).convert("RGB")


def on_white(image: Image.Image) -> Image.Image:
    """A picture whose transparent parts show white."""
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(ground, image).convert("RGB")
