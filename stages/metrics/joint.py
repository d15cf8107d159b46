"""Whether categories come together as often as the drawing program's law says, beside what chance alone leaves.

`tv_joint` is the total variation ½ Σ |p̂ − p| over the cells of a few categories, `tv_cells` over all cells that are
counted. p are the products of known chances; p̂ solves q = (C ⊗ … ⊗ C′)ᵀ p̂ for the shares q that a reader sees, as in
the marginals. The floor is the expected distance of as many draws of the law, read without mistakes: half the sum over
cells of E|X/N − p|, X binomial: by De Moivre 2 (m + 1) C(N, m + 1) p^(m + 1) (1 − p)^(N − m) / N with m = ⌊N p⌋.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from stages.measuring import readings
from stages.measuring.columns import Column
from stages.measuring.contracts import Read

NEEDS = "factors"
COLUMNS = {
    "tv_joint": Column("min", "", "TV of joint", "total variation of the shares of a few categories' joint cells"),
    "tv_cells": Column("min", "", "TV of cells", "total variation of the shares of all cells that are counted"),
}


def measure(given: Read) -> dict[str, float]:
    """Both distances."""
    return {"tv_joint": distance(given, given.law.joint), "tv_cells": distance(given, given.law.cells)}


def floor(given: Read) -> dict[str, float]:
    """What as many draws of the law have to expect."""
    names = {"tv_joint": given.law.joint, "tv_cells": given.law.cells}
    return {column: expected(readings.known(given.law, cells), len(given.found)) for column, cells in names.items()}


def distance(given: Read, names: tuple[str, ...]) -> float:
    """The total variation over the cells of some categories."""
    seen = readings.shares(given.found, given.law, names)
    return readings.variation(
        readings.corrected(seen, given.mistakes.confusions, names), readings.known(given.law, names)
    )


def expected(chances: Float[Tensor, ...], count: int) -> float:
    """The expected total variation of the shares of some draws to their chances."""
    p = chances.flatten().double()
    p = p[(p > 0) & (p < 1)]
    above = (count * p).floor() + 1
    logs = (
        torch.lgamma(torch.tensor(count + 1.0, dtype=torch.float64))
        - torch.lgamma(above + 1)
        - torch.lgamma(count - above + 1)
        + above * p.log()
        + (count - above + 1) * (1 - p).log()
    )
    return float((above * logs.exp()).sum() / count)
