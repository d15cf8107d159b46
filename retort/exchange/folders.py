"""Folders of data/ that hold what was not made here."""

from __future__ import annotations

from stages.settings import paths

WEIGHTS = paths.WEIGHTS
DATA = WEIGHTS.parent
RAW = DATA / "raw"
