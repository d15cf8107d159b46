"""StyleGAN2: images from latents, by styles (Karras et al., CVPR 2020, arXiv 1912.04958).

As released in stylegan2-ada-pytorch, with activations modulated in place of weights, the same function. Differences,
each a choice in the row and off at paper scale: fewer mapping layers that learn faster, shorter latents, no noise, no
mixing, no path length, a critic that compares larger groups. A second latent is mixed in image by image, not batch by
batch; there is no adaptive augmentation.
"""

from stages.families.stylegan2.cutting import coupled_channels, inherited, keep, pictured, readings
from stages.families.stylegan2.networks import PAPER, ROLES, build, example, make_spec, taps
from stages.families.stylegan2.playing import OUTPUT, RIVALS, SHARED, Losses, Play, feed, game, latents, sample
from stages.families.stylegan2.spec import Spec

__all__ = [
    "OUTPUT", "PAPER", "RIVALS", "ROLES", "SHARED", "Losses", "Play", "Spec", "build", "coupled_channels", "example",
    "feed", "game", "inherited", "keep", "latents", "make_spec", "pictured", "readings", "sample", "taps",
]  # fmt: skip
