"""Fonts in PDF files as outlines and widths alone: matplotlib has placed every glyph already.

It cuts each font down to the glyphs of a figure, its tables of ligatures and kerning too, which no viewer reads and
which take half of the time that a PDF takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fontTools import subset

LAYOUT = ("GDEF", "GPOS", "GSUB")


class Bare(subset.Options):  # type: ignore[misc]
    """What is kept of a font."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - fontTools' own
        super().__init__(**settings)
        self.drop_tables += LAYOUT


@contextmanager
def bare() -> Iterator[None]:
    """Within this, matplotlib, which offers no setting for it, keeps no layout of the fonts it embeds."""
    usual, subset.Options = subset.Options, Bare
    try:
        yield
    finally:
        subset.Options = usual
