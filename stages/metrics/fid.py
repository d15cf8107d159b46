"""Fréchet distance between Gaussians fitted to features: FID, and its limit for infinitely many images.

Heusel et al., NeurIPS 2017, arXiv 1706.08500; Chong and Forsyth, CVPR 2020, arXiv 1911.07023.
"""

from __future__ import annotations

from stages.measuring.columns import Column
from stages.measuring.contracts import Sets
from stages.measuring.frechet import frechet_distance, frechet_infinity, moments

NEEDS = "sets"
COLUMNS = {
    "fid": Column("min", "", "FID", "Fréchet distance of the produced images, pooled, to real images held out"),
    "fid_infinity": Column("min", "", "FID∞", "the Fréchet distance, extrapolated to infinitely many produced images"),
}


def measure(given: Sets, *, allow_small_samples: bool) -> dict[str, float]:
    """The distance of the given sets, and its limit."""
    real, small = moments(given.real), allow_small_samples
    return {
        "fid": frechet_distance(real, moments(given.fake), allow_small=small),
        "fid_infinity": frechet_infinity(real, given.fake, seed=given.seed, allow_small=small),
    }
