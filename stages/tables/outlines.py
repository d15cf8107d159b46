"""The outlines of letters, which every drawing of the page repeats: taken out of each and kept once for all."""

from __future__ import annotations

import re

SIGN = "\x01"
"""Stands for an outline, between it and `;` its number: no drawing can hold it, as XML knows no such sign."""
OUTLINE = re.compile(r'<path id="[^"]+"[^>]*/>')


class Outlines:
    """The outlines that were taken out, in the order in which they were met first."""

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}

    def out_of(self, drawing: str) -> str:
        """A drawing with numbers in place of outlines; the page's script puts them back."""
        return OUTLINE.sub(lambda found: f"{SIGN}{self.kept.setdefault(found[0], len(self.kept))};", drawing)

    def into(self, drawing: str) -> str:
        """Undoes `out_of`."""
        outlines = list(self.kept)
        return re.sub(f"{SIGN}([0-9]+);", lambda found: outlines[int(found[1])], drawing)
