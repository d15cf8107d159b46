"""Fonts in PDF files: outlines and widths of the glyphs of a figure, cut out of a small font that is made once.

matplotlib cuts each font of each file down to the glyphs in it, out of thousands, with the tables of ligatures and
kerning, which no viewer reads, as matplotlib has placed every glyph already. Most of the time of a PDF went there. Here
each font is first cut down to the characters that figures are written with.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from fontTools import subset
from matplotlib.backends import _backend_pdf_ps

LAYOUT = ("GDEF", "GPOS", "GSUB")
STAMP = "FFTM"
"""When a font was made by which program."""
WRITTEN = (
    (0x20, 0x7E), (0xA0, 0xFF), (0x391, 0x3C9), (0x2010, 0x203A), (0x2070, 0x208E), (0x2190, 0x2193), (0x2200, 0x226B),
)  # fmt: skip
"""Ranges of characters: Latin, Greek, punctuation, raised and lowered digits, arrows, signs of mathematics."""


class Kept(io.BytesIO):
    """A font in memory; matplotlib asks which of the faces in it is meant."""

    face_index = 0


@dataclass(frozen=True)
class Small:
    """A font of few glyphs, and where in it the glyphs of the whole one stand."""

    content: bytes
    places: Mapping[int, int]


@lru_cache(maxsize=16)
def small(file: str) -> Small:
    """A font cut down to what figures are written with."""
    options = subset.Options(glyph_names=True, recommended_glyphs=True)
    options.drop_tables += [*LAYOUT, STAMP]
    with subset.load_font(file, options) as font:
        cutter = subset.Subsetter(options=options)
        cutter.populate(unicodes=[code for first, last in WRITTEN for code in range(first, last + 1)])
        cutter.subset(font)
        content = io.BytesIO()
        font.save(content, reorderTables=False)
        return Small(content.getvalue(), dict(cutter.glyph_index_map))


@contextmanager
def cut_twice() -> Iterator[None]:
    """Within this, matplotlib, which offers no setting for it, cuts glyphs out of small fonts if they are in these."""
    usual = _backend_pdf_ps.get_glyphs_subset

    @contextmanager
    def cut(file: _backend_pdf_ps.FontPath, glyphs: Iterable[int]) -> Iterator[_backend_pdf_ps.SubsetResults]:
        wanted, found = set(glyphs), small(file)
        if file.face_index or not wanted <= set(found.places):
            with usual(file, wanted) as result:
                yield result
            return
        with usual(Kept(found.content), {found.places[glyph] for glyph in wanted}) as result:
            places = {glyph: result.glyph_index_map[found.places[glyph]] for glyph in wanted}
            yield _backend_pdf_ps.SubsetResults(result.font, places)

    _backend_pdf_ps.get_glyphs_subset = cut
    try:
        yield
    finally:
        _backend_pdf_ps.get_glyphs_subset = usual
