"""Small image classifiers: a convolutional teacher and a perceptron that learns from it (Hinton et al., 2015).

Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, arXiv 1503.02531. Sizes and inputs as in the
MNIST notebook this suite re-creates: grey levels in [0, 1], convolutions of 3x3 with pools of stride 1 and 2, dropout.
`merge` makes one class of neighbouring labels, `subclasses` gives every class several outputs (Müller et al., 2020,
arXiv 2002.03936); a teacher is then trained with their L_aux as well. Always computed in float32: networks this small
gain nothing from less.
"""

from stages.blocks.classes import OUTPUT, RIVALS, ROLES, feed
from stages.families.classifier.networks import PAPER, Spec, build, example, make_spec, taps
from stages.families.classifier.playing import Losses, Play, game

__all__ = [
    "OUTPUT", "PAPER", "RIVALS", "ROLES", "Losses", "Play", "Spec", "build", "example", "feed", "game", "make_spec",
    "taps",
]  # fmt: skip
