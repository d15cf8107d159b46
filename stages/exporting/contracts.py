"""What exporting and the kinds of examinations agree on, argument by argument.

A file of `stages/exports` says what the networks of rows of one kind of examination are to whoever runs them outside:
their inputs and outputs by name, what they are asked for the proof, and what they must not be asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from torch import Tensor, nn

from stages.learning.checkpoints import Checkpoint
from stages.learning.contracts import Networks
from stages.settings.rows import ExportRow, Params

Array = np.ndarray[Any, np.dtype[Any]]

Arrays = Mapping[str, Array]
"""Inputs of a network by name. What has no axes, as `truncation`, holds for all; all else has the batch first."""


class Unexportable(ValueError):  # noqa: N818 - a reason, not a failure
    """A network that no file of the asked kind can be made of; the message says why."""


@dataclass(frozen=True)
class Outside:
    """A network as it is to be run elsewhere.

    `module` takes tensors in the order of `inputs`, which holds two examples of each, and returns what is called
    `output`. Inputs that the module has no use for are not in the file. `about` is what the file says of itself beside
    what all files say: texts, or anything that JSON holds.
    """

    network: str
    module: nn.Module
    inputs: Mapping[str, Tensor]
    output: str
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """Something that a network is asked for the proof: its inputs, the answers of the network itself, and exact ones.

    `original` are the answers that the network gives inside the benchmark, `exact` those that a perfect one would give,
    where they are known.
    """

    network: str
    inputs: Arrays
    original: Array
    exact: Array | None = None


class Export(Protocol):
    """A file of `stages/exports`, called like the kind of examination that it is for."""

    __name__: str
    LEVELS: float
    """What an answer is multiplied by to be 8-bit levels: 1 for images, 255 for probabilities."""

    def outside(self, row: ExportRow, checkpoint: Checkpoint, settings: Params) -> list[Outside]:
        """Every kept network of a checkpoint; raises `Unexportable("why")`."""
        ...

    def questions(self, row: ExportRow, networks: Networks, settings: Params) -> Iterator[Question]:
        """The whole test, part by part; `networks` are those of the checkpoint as they are."""
        ...

    def known(self, row: ExportRow, network: str, spec: Any, settings: Params, count: int) -> Arrays:  # noqa: ANN401
        """So many inputs of one network that are not of the test, of which ranges of numbers may be learnt."""
        ...

    def more(self, answers: Array, exact: Array) -> Mapping[str, float]:
        """What else is said of answers where exact ones are known, by name; of most nothing."""
        ...
