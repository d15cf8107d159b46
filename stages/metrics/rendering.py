"""Whether images are such as the drawing program can draw: precision without a network's features.

Of an image x the reader's factors are drawn again, and d(x) is the mean of |x − drawn| over values, levels from 0 to 1.
`rendered` is the share of produced images whose d is at most the 99th percentile of that of real images which the
reader did not learn from, so real draws score 0.99; `redrawn_error` is the mean of d.
"""

from __future__ import annotations

import torch
from torch import Tensor

from stages.measuring.columns import Column
from stages.measuring.contracts import Redrawn

NEEDS = "renderings"
COLUMNS = {
    "rendered": Column("max", "", "rendered", "share of images that the program draws as closely as 99 % of real ones"),
    "redrawn_error": Column("min", "", "error redrawn", "mean |image − drawn again as read|, levels from 0 to 1"),
}
PERCENTILE = 0.99


def measure(given: Redrawn) -> dict[str, Tensor]:
    """Both, image by image."""
    limit = torch.quantile(given.real.double(), PERCENTILE)
    return {"rendered": (given.produced <= limit).double(), "redrawn_error": given.produced}
