"""Semantic-relation-preserving distillation (Li, Jiang and Aarabi, ECCV 2020, arXiv 2104.15082).

    F ∈ R^{N×C},   A = F Fᵀ,   Ã_i = A_i / ‖A_i‖₂,   L = weight · distance(Ã_T, Ã_S)

F holds a map's N = H·W pixels. The channels are summed away, so widths may differ and no adapter is needed. A pixel
without features has no direction; its row is left short. The relation is within an image, unlike that of Tung and Mori
(ICCV 2019), which is over the batch.

Neither the norm of the distance is published nor how it is reduced; both are our choice. `norm` is 1 unless a row says
2 (squares). Entries of a row are of the size of 1/√N. `mean` averages all entries, so it shrinks with resolution. `row`
adds the columns and averages rows and images: squares then stay as they are, absolute differences grow with √N. Of a
map with more than `rows` pixels as many rows are looked at, evenly spaced, each with all its columns: all rows of one
image of 256 pixels would take 67 MB.
"""

from stages.blocks.relations import needs, objective

__all__ = ["needs", "objective"]
