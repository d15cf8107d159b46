"""People as data: attributes, an expression, and traits that are neither."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stages.drawing.canvas import Plane

HAIR_COLOURS = ("Black_Hair", "Blond_Hair", "Brown_Hair")
ATTRIBUTES = (
    *HAIR_COLOURS,
    "Male",
    "Young",
    "Mustache",
    "Goatee",
    "Rosy_Cheeks",
    "Bushy_Eyebrows",
    "Wearing_Lipstick",
)
EXPRESSIONS = ("angry", "contemptuous", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
TRAITS = (
    "shift_x",
    "shift_y",
    "tilt",
    "scale",
    "face_width",
    "face_height",
    "skin",
    "skin_warmth",
    "light",
    "background_hue",
    "background_saturation",
    "background_value",
    "clothes_hue",
    "clothes_saturation",
    "clothes_value",
    "clothes_pattern",
    "neckline",
    "hair_volume",
    "hair_parting",
    "hair_line",
    "hair_fringe",
    "hair_other",
    "hair_brightness",
    "brow_colour",
    "eye_hue",
    "eye_saturation",
    "eye_value",
    "eye_spacing",
    "nose_width",
)


class Mimic(NamedTuple):
    """What an expression does to a face; 0 and 1 are at rest."""

    brow_lift: float = 0.0
    brow_frown: float = 0.0
    brow_uneven: float = 0.0
    eye_open: float = 1.0
    smile: float = 0.0
    smirk: float = 0.0
    gap: float = 0.0
    width: float = 1.0
    square: float = 1.0
    teeth: float = 0.0
    tongue: float = 0.0
    wrinkle: float = 0.0


MIMICS = {
    "angry": Mimic(
        brow_lift=-0.055, brow_frown=0.55, eye_open=0.72, smile=-0.35, gap=0.09, width=1.05, square=2.4, teeth=1
    ),
    "contemptuous": Mimic(brow_lift=-0.015, brow_frown=0.1, brow_uneven=0.1, eye_open=0.6, smirk=0.65),
    "disgusted": Mimic(
        brow_lift=-0.06,
        brow_frown=0.25,
        eye_open=0.4,
        smile=-0.8,
        gap=0.075,
        width=0.95,
        square=1.4,
        tongue=1,
        wrinkle=1,
    ),
    "fearful": Mimic(
        brow_lift=0.05, brow_frown=-0.42, eye_open=1.35, smile=-0.55, gap=0.105, width=1.2, square=1.6, teeth=1
    ),
    "happy": Mimic(brow_lift=0.025, brow_frown=-0.05, eye_open=0.72, smile=1.0, gap=0.125, width=1.25, teeth=1),
    "neutral": Mimic(),
    "sad": Mimic(brow_lift=0.015, brow_frown=-0.55, eye_open=0.66, smile=-0.95, width=0.9),
    "surprised": Mimic(brow_lift=0.085, eye_open=1.5, gap=0.2, width=0.62, square=1.05),
}
_MIMICS = np.array([MIMICS[name] for name in EXPRESSIONS], np.float32)


@dataclass(frozen=True)
class People:
    """n people: attributes [n, 10], expressions [n] as positions in EXPRESSIONS, traits [n, len(TRAITS)] in [0, 1)."""

    attributes: npt.NDArray[np.bool_]
    expressions: npt.NDArray[np.intp]
    traits: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.attributes)

    def some(self, which: slice | npt.NDArray[np.intp]) -> People:
        return People(self.attributes[which], self.expressions[which], self.traits[which])

    def has(self, attribute: str) -> Plane:
        """1 or 0 per person, [n, 1, 1]."""
        return self.attributes[:, ATTRIBUTES.index(attribute), None, None].astype(np.float32)

    def trait(self, name: str, low: float = 0.0, high: float = 1.0) -> Plane:
        """A trait spread over a range, [n, 1, 1]."""
        return (low + (high - low) * self.traits[:, TRAITS.index(name), None, None]).astype(np.float32)

    def mimic(self, name: str) -> Plane:
        return _MIMICS[self.expressions, Mimic._fields.index(name), None, None]

    def towards(self, target: str) -> People:
        """The same people with one thing changed: a hair colour or an expression is set, any other attribute flips."""
        if target in EXPRESSIONS:
            return replace(self, expressions=np.full_like(self.expressions, EXPRESSIONS.index(target)))
        attributes = self.attributes.copy()
        column = ATTRIBUTES.index(target)
        if target in HAIR_COLOURS:
            attributes[:, [ATTRIBUTES.index(name) for name in HAIR_COLOURS]] = False
            attributes[:, column] = True
        else:
            attributes[:, column] ^= True
        return replace(self, attributes=attributes)
