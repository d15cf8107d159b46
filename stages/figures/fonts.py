"""Fonts in PDF files as outlines and widths alone: matplotlib has placed every glyph already.

matplotlib cuts each font down to the glyphs of a figure, its tables of ligatures and kerning too, which no viewer reads
and which take much of the time that a PDF takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont

LAYOUT = ("GDEF", "GPOS", "GSUB")


@contextmanager
def bare() -> Iterator[None]:
    """Within this, matplotlib, which offers no setting for it, is given fonts without their layout."""
    usual = subset.load_font

    def load(*which: Any, **settings: Any) -> TTFont:  # noqa: ANN401 - fontTools' own
        font = usual(*which, **settings)
        for table in LAYOUT:
            if table in font:
                del font[table]
        return font

    subset.load_font = load
    try:
        yield
    finally:
        subset.load_font = usual
