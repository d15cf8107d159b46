"""What a judge learns from images without labels: by how many quarters each is turned.

Gidaris et al., Unsupervised Representation Learning by Predicting Image Rotations, ICLR 2018, arXiv 1803.07728.
"""

from __future__ import annotations

import torch
from torch import Tensor

from stages.storage.prepared import Header

TURNS = ("upright", "quarter", "half", "three_quarters")


def answers(header: Header) -> tuple[str, ...]:
    """What a judge can answer: the labels, or where there is nothing to choose from how an image is turned."""
    return TURNS if header.kind == "images" else header.labels


def asked(header: Header, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Images and the right answers: as they are, or without labels each image in all four positions."""
    if header.kind != "images":
        return images, labels
    every = torch.cat([images.rot90(quarters, dims=(2, 3)) for quarters in range(len(TURNS))])
    return every, torch.eye(len(TURNS)).repeat_interleave(len(images), dim=0)
