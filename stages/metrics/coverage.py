"""How many of the combinations of categories are there at all.

`coverage` is the number of cells that a reader sees in at least one image over Σ 1 − (1 − p)^N, the number that N draws
of the law are expected to hit; p are the products of known chances. 1 is what real draws score.
"""

from __future__ import annotations

from stages.measuring import readings
from stages.measuring.columns import Column
from stages.measuring.contracts import Read

NEEDS = "factors"
COLUMNS = {
    "coverage": Column("max", "", "coverage", "combinations of attributes found, over those expected in as many draws"),
}


def measure(given: Read) -> dict[str, float]:
    """The share of what is expected."""
    hit = len(readings.cells(given.found, given.law, given.law.cells).unique())
    chances = readings.known(given.law, given.law.cells)
    return {"coverage": hit / float((1 - (1 - chances) ** len(given.found)).sum())}
