"""Where w can be moved so that images change most: the principal directions of all style affines.

Closed-form factorisation (Shen and Zhou, CVPR 2021, arXiv 2007.06600), as StyleKD (Xu et al., ECCV 2022) uses it.
Difference: directions are taken over all layers together; the released code of StyleKD takes some of each layer.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from stages.families.stylegan2.generator import Painted, Styled


def directions(generator: nn.Module, count: int) -> Float[Tensor, "count z"]:
    """Unit vectors, those that styles answer to most first."""
    affines = [module.affine.weight.detach() for module in generator.modules() if isinstance(module, Styled | Painted)]
    _, _, rows = torch.linalg.svd(torch.cat(affines).double(), full_matrices=False)
    return rows[:count].float()
