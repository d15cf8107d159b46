"""The teacher's image as the student's target: a distance of the two.

The output loss that nearly all papers on small generators have: L1 in GAN Compression (Li et al., CVPR 2020, arXiv
2003.08936), where no true image exists. `norm: 2` is the mean squared error. Of several generators each image counts
by itself; `images` names those that are compared, so that one direction alone is taught.
"""

from stages.blocks.images import needs, objective

__all__ = ["needs", "objective"]
