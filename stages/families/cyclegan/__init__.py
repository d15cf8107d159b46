"""CycleGAN: two generators that undo each other, from images without pairs (Zhu et al., ICCV 2017, arXiv 1703.10593).

As released in pytorch-CycleGAN-and-pix2pix. Differences, each a choice in the row and off at paper scale: a gated
output (GANimation, Pumarola et al., ECCV 2018) with a weight on its mask, critics with fewer layers, critics that move
first, no pool, no jitter, and a vanilla game. With the published weights of cycle and identity a gate closes, so a
gated row has smaller ones. Separable residual blocks are those of GAN Compression (Li et al., CVPR 2020, arXiv
2003.08936).
Images are drawn anew at each step, not in epochs; those of both kinds are mirrored and moved independently.
Jitter enlarges the prepared image by 286/256 bilinearly; released code loads 286 px bicubically from the file.
"""

from stages.blocks.residual_cutting import coupled_channels, repeated_blocks
from stages.families.cyclegan.networks import PAPER, ROLES, Spec, build, example, make_spec, taps
from stages.families.cyclegan.playing import DIRECTIONS, OUTPUT, RIVALS, Losses, Play, feed, game, translate

__all__ = [
    "DIRECTIONS", "OUTPUT", "PAPER", "RIVALS", "ROLES", "Losses", "Play", "Spec", "build", "coupled_channels",
    "example", "feed", "game", "make_spec", "repeated_blocks", "taps", "translate",
]  # fmt: skip
