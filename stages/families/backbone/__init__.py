"""Image classifiers on ImageNet's backbones: ResNet-50 teaches MobileNetV2 (He et al., 2016; Sandler et al., 2018).

CVPR 2016, arXiv 1512.03385; CVPR 2018, arXiv 1801.04381. The ResNet is torchvision's, version 1.5: the stride of a
block stands in its 3x3 convolution. It is not the pre-activation version 2 (arXiv 1603.05027) that MHIST's notebooks
take from Keras. `width` and `depth` shrink both: channels, and blocks per stage.

`pretrained: imagenet` starts a network from torchvision's published weights (its newer ones, IMAGENET1K_V2), found in
the places that stages/storage/weights.py names and held against their hash; `none` starts from chance. The base stands
still for the first `frozen_steps` of `play`, its batch norms too; the schedule's `decay: tenth` then lowers the rate.
Pixels are normalised by ImageNet's mean and deviation.
"""

from stages.blocks.classes import OUTPUT, RIVALS, ROLES, feed
from stages.families.backbone.networks import PAPER, Spec, build, example, make_spec, taps
from stages.families.backbone.playing import Losses, Play, begin, game, published_weights

__all__ = [
    "OUTPUT", "PAPER", "RIVALS", "ROLES", "Losses", "Play", "Spec", "begin", "build", "example", "feed", "game",
    "make_spec", "published_weights", "taps",
]  # fmt: skip
