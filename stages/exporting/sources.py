"""Where an exported row comes from."""

from __future__ import annotations

from stages.settings.rows import ExportRow


def variant(row: ExportRow) -> str:
    """The row that trained it: a variant, or a point of a sweep."""
    return f"{row.source}/{row.point}" if row.point else row.source
