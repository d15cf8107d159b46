"""StarGAN: one generator for many image-to-image domains (Choi et al., CVPR 2018, arXiv 1711.09020).

Differences from the paper, each a choice in the row and off at paper scale: `output: gated | residual` (Pumarola et
al., GANimation, ECCV 2018) with a weight on the mask, `condition: difference` (the change of the labels instead of the
target labels; Liu et al., STGAN, CVPR 2019), an identity term (Zhu et al., CycleGAN, ICCV 2017), depthwise-separable
residual blocks, and what `play` says of critic steps, targets and augmentation.
Instance statistics are used always: the released code keeps running ones but never evaluates with them.
"""

from stages.blocks.residual_cutting import coupled_channels, repeated_blocks
from stages.families.stargan.feeding import Play, feed
from stages.families.stargan.networks import PAPER, Spec, build, example, make_spec, taps
from stages.families.stargan.playing import Losses, game, translate
from stages.learning.contracts import Role

ROLES: dict[Role, tuple[str, ...]] = {"generator": ("generator",), "discriminator": ("discriminator",)}
OUTPUT, RIVALS = ("image",), ("adversarial",)

__all__ = [
    "OUTPUT", "PAPER", "RIVALS", "ROLES", "Losses", "Play", "Spec", "build", "coupled_channels", "example", "feed",
    "game", "make_spec", "repeated_blocks", "taps", "translate",
]  # fmt: skip
