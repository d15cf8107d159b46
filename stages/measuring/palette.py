"""Pairs of label maps and photographs: which class a colour stands for, and how well any answer can do.

The header's note `palette` tells the classes: `name #rrggbb #rrggbb`, separated by commas, are a name, its colour in
label maps and its prototype in photographs, without which no rule tells the class of a photograph's pixels. A class
called `void` belongs to none. Label maps are the images of the first label, photographs those of the second.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from stages.storage.prepared import Bytes, DataError, Header

VOID, NAME = 255, "void"
"""The number of the class that belongs to none, and what the palette calls it."""
NOTE, BAYES = "palette", "bayes_l1_{split}"
"""Notes of a header: the palette, and the mean error of the median over renderings of one layout in random light."""

ENTRY = re.compile(r"(?P<name>[^#]*[^# ]) #(?P<colour>[0-9a-f]{6})(?: #(?P<prototype>[0-9a-f]{6}))?", re.IGNORECASE)
AT_ONCE = 2**16
"""Pixels whose distances to all colours are held at once."""

Colours = np.ndarray[tuple[int, int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Palette:
    """The classes in the order of the note, their colours in label maps, and their prototypes in photographs."""

    classes: tuple[str, ...]
    colours: Colours
    void: Colours
    prototypes: Colours | None

    def __len__(self) -> int:
        return len(self.classes)

    def layout(self, maps: Bytes) -> Bytes:
        """The class of each pixel of label maps: that of the nearest colour, [n, h, w]."""
        found = nearest(maps, np.concatenate([self.colours, self.void]), levels)
        found[found >= len(self)] = VOID
        return found

    def seen(self, photographs: Bytes) -> Bytes:
        """The class of each pixel of photographs: that of the prototype of the nearest chromaticity, [n, h, w]."""
        if self.prototypes is None:
            raise DataError("this palette has no prototypes, so no rule tells the classes of photographs")
        return nearest(photographs, self.prototypes, chromaticity)


def levels(pixels: Colours) -> Colours:
    """Colours as they are."""
    return pixels


def chromaticity(pixels: Colours) -> Colours:
    """(r, g, b) / (r + g + b): what a change of light's strength leaves alone."""
    return pixels / np.maximum(pixels.sum(axis=1, keepdims=True), 1)


def nearest(images: Bytes, colours: Colours, seen: Callable[[Colours], Colours]) -> Bytes:
    """The place of the colour at the least distance from each pixel, as both are seen; of equal ones the first."""
    pixels, wanted = images.reshape(-1, 3), seen(colours)
    found = np.empty(len(pixels), np.uint8)
    for start in range(0, len(pixels), AT_ONCE):
        some = seen(pixels[start : start + AT_ONCE].astype(np.float64))
        found[start : start + AT_ONCE] = np.square(some[:, None] - wanted).sum(axis=2).argmin(axis=1)
    return found.reshape(images.shape[:3])


def of(header: Header) -> Palette | None:
    """The palette of a data set of pairs; none where its header has no such note."""
    note = header.notes.get(NOTE)
    if header.kind != "pairs" or note is None:
        return None
    return parsed(str(note), header.name)


@cache
def parsed(note: str, name: str) -> Palette:
    """The palette of a note."""
    entries = [ENTRY.fullmatch(entry) for entry in note.split(", ")]
    wrong = [text for text, entry in zip(note.split(", "), entries, strict=True) if entry is None]
    if wrong:
        raise DataError(f"data set {name}: its palette must say `name #rrggbb #rrggbb`, found {wrong[0]!r}")
    classes = [entry for entry in entries if entry is not None and entry["name"] != NAME]
    void = [entry for entry in entries if entry is not None and entry["name"] == NAME]
    if not 1 < len(classes) < VOID:
        raise DataError(f"data set {name}: its palette has {len(classes)} classes, it needs 2 to {VOID - 1}")
    exact = all(entry["prototype"] for entry in classes)
    return Palette(
        classes=tuple(entry["name"] for entry in classes),
        colours=as_levels([entry["colour"] for entry in classes]),
        void=as_levels([entry["colour"] for entry in void]),
        prototypes=as_levels([entry["prototype"] for entry in classes]) if exact else None,
    )


def as_levels(texts: list[str]) -> Colours:
    """Colours written as rrggbb, as levels."""
    levels = [[int(text[place : place + 2], 16) for place in (0, 2, 4)] for text in texts]
    return np.array(levels, np.float64).reshape(-1, 3)


def least(header: Header, label: str, split: str) -> float | None:
    """The least mean error that any answer has on the images of a label in a split, where the data say it."""
    note = header.notes.get(BAYES.format(split=split))
    return None if note is None or label != header.labels[1] else float(note)
