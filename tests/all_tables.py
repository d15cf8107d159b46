"""All tables of what was measured, as the pipeline makes them."""

from __future__ import annotations

from stages import gather_curves, gather_results


def gather() -> None:
    """The tables of the curves, and those made of them and of the reports."""
    gather_curves.main()
    gather_results.main()
