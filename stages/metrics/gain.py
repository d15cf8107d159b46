"""How much of the asked change was made, and how much that was not asked for; no judge is needed.

Of an input x, its exact image t and what was made of it, y: gain g = ⟨y − x, t − x⟩ / ‖t − x‖² is the length of the
change along the exact one, stray = ‖y − x − g (t − x)‖ / ‖t − x‖ what leads away from it. A perfect translator has
gain 1 and stray 0, returning the input gain 0 and stray 0. An image that nothing is to change has neither.
L1 over that of returning the input stands in no column here: it is the ratio of two columns of `pixels`, in the tables.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from stages.measuring.columns import Column
from stages.measuring.contracts import Pairs
from stages.measuring.features import levels

NEEDS = "pairs"
COLUMNS = {
    "gain": Column("max", "", "gain", "length of the change along the exact one: 1 is all of it, 0 returns the input"),
    "stray": Column("min", "", "stray", "change that leads away from the exact one, over the length of that"),
    "l1_bayes": Column(
        "min", "", "L1 / Bayes", "mean absolute error to the exact image, over the least that any answer can have"
    ),
}


def measure(given: Pairs) -> dict[str, Tensor]:
    """Gain and stray of each image, and its error over the least possible where the data say what that is."""
    if given.unchanged:
        return {}
    produced, exact, original = (levels(each) for each in (given.produced, given.exact, given.original))
    found = components(produced - original, exact - original)
    if given.bayes is not None:
        found["l1_bayes"] = (produced - exact).abs().mean(dim=1) / given.bayes
    return found


def components(made: Float[Tensor, "n v"], asked: Float[Tensor, "n v"]) -> dict[str, Tensor]:
    """The change that was made, along and across the one that was asked for; NaN where none was."""
    squared = asked.square().sum(dim=1)
    gain = (made * asked).sum(dim=1) / squared
    across = made - torch.where(squared > 0, gain, 0)[:, None] * asked
    return {"gain": gain, "stray": across.norm(dim=1) / torch.where(squared > 0, squared, torch.nan).sqrt()}
