"""The Inception network of the published FID, from a local file: features for fid, kid, precision and recall.

Weights: https://github.com/mseitzer/pytorch-fid/releases/tag/fid_weights, ported from TensorFlow's 2015-12-05 model.
"""

from __future__ import annotations

from pathlib import Path

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from stages.blocks import torchvision_ready
from stages.measuring.features import checked, trusted_state

# First characters of the SHA-256 of pt_inception-2015-12-05-6726825d.pth, which are in its name.
PUBLISHED = "6726825d"
FEATURES = 2048


class Inception(nn.Module):
    """Features of the last pool, of images in [-1, 1] resized bilinearly to 299 pixels as pytorch-fid does."""

    def __init__(self, trunk: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 2048"]:
        resized = F.interpolate(checked(images), size=(299, 299), mode="bilinear", align_corners=False)
        return self.trunk(resized)


def load(weights: Path, *, sha256: str = PUBLISHED) -> Inception:
    """Build pytorch-fid's `fid_inception_v3` without its download, and read the weights from `weights`."""
    torchvision_ready.declare_missing()
    from pytorch_fid import inception as fid
    from torchvision.models import inception_v3

    trunk = inception_v3(weights=None, aux_logits=False, num_classes=1008, init_weights=False)
    trunk.Mixed_5b = fid.FIDInceptionA(192, pool_features=32)
    trunk.Mixed_5c = fid.FIDInceptionA(256, pool_features=64)
    trunk.Mixed_5d = fid.FIDInceptionA(288, pool_features=64)
    trunk.Mixed_6b = fid.FIDInceptionC(768, channels_7x7=128)
    trunk.Mixed_6c = fid.FIDInceptionC(768, channels_7x7=160)
    trunk.Mixed_6d = fid.FIDInceptionC(768, channels_7x7=160)
    trunk.Mixed_6e = fid.FIDInceptionC(768, channels_7x7=192)
    trunk.Mixed_7b = fid.FIDInceptionE_1(1280)
    trunk.Mixed_7c = fid.FIDInceptionE_2(2048)
    trunk.load_state_dict(trusted_state(weights, sha256))
    trunk.fc = nn.Identity()
    return Inception(trunk).eval().requires_grad_(False)
