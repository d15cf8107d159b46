"""pix2pix: a generator taught by image pairs and by a critic of pairs (Isola et al., CVPR 2017, arXiv 1611.07004).

As released in pytorch-CycleGAN-and-pix2pix: a U-Net, batch statistics, dropout, and the vanilla game. Differences, each
a choice in the row and off at paper scale: fewer halvings and critic layers, instance norms, a least-squares game, a
generator that moves first, no jitter. The released test keeps batch statistics and dropout of training; here it is
`statistics: batch`, and a trained network is evaluated by its running statistics unless a row says so.
Pairs are drawn anew at each step, not in epochs. Jitter enlarges the prepared images by 286/256 bilinearly; released
code loads 286 px bicubically from the file. A smaller network cannot inherit weights: no blocks are equal.
"""

from stages.families.pix2pix.networks import PAPER, ROLES, Spec, build, example, make_spec, taps
from stages.families.pix2pix.playing import DIRECTIONS, OUTPUT, RIVALS, Losses, Play, feed, game, translate

__all__ = [
    "DIRECTIONS", "OUTPUT", "PAPER", "RIVALS", "ROLES", "Losses", "Play", "Spec", "build", "example", "feed", "game",
    "make_spec", "taps", "translate",
]  # fmt: skip
