"""Mean squared error between matched tensors of teacher and student (SMartorana, KD-with-FT-in-ItoI-CGANs, 2022/23).

Where widths differ a linear map with bias adapts one side, of maps a 1x1 convolution. On the student's side (default)
the target is fixed; on the teacher's side, as published, the adapter is trained by the very loss it feeds and both may
shrink together. `reading: published` compares the student's second pass, as the published code does, with the teacher's
first.
"""

from stages.blocks.intermediate import needs, objective

__all__ = ["needs", "objective"]
