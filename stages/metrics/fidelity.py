"""Whether a student makes of a latent what its teacher makes of it.

`agreement` is the share of categories that a reader sees alike in both images, `l1_teacher` the mean of |image −
teacher's| over values, levels from 0 to 1: each the mean over latents. A student that is as good as its teacher and
makes other images of the same latents has low agreement: it is not worse for it.
"""

from __future__ import annotations

from torch import Tensor

from stages.measuring.columns import Column
from stages.measuring.contracts import Twins
from stages.measuring.features import levels

NEEDS = "twins"
COLUMNS = {
    "agreement": Column("max", "", "agreement", "share of categories read alike in the teacher's image of a latent"),
    "l1_teacher": Column("min", "", "L1 to teacher", "mean |image − teacher's| of a latent, levels from 0 to 1"),
}


def measure(given: Twins) -> dict[str, Tensor]:
    """Both, latent by latent; agreement where a reader saw the images."""
    if given.images.shape != given.teacher_images.shape:
        raise ValueError(f"twins must have one shape: {given.images.shape} and {given.teacher_images.shape}")
    found = {}
    if given.found is not None and given.teacher is not None:
        found["agreement"] = (given.found.values == given.teacher.values).double().mean(dim=1)
    return found | {"l1_teacher": (levels(given.images) - levels(given.teacher_images)).abs().mean(dim=1)}
