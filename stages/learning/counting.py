"""Multiply-accumulates, counted as they are carried out: convolutions and matrix products, forward and backward.

Both rules in use are counted: a transposed convolution costs its input positions (`macs`, the true number of
multiplications) or its output positions (`macs_output_rule`, as many published tables do). A backward convolution costs
as much as its forward one for each gradient that is asked for. Nothing needs values: tensors on the `meta` device do.
"""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten

Count = Counter[str]


def layer(macs: int, by_output: int, answer: Tensor) -> Count:
    """A forward layer; its output elements are its activations (Radosavovic et al., CVPR 2020, arXiv 2003.13678)."""
    return Counter(macs=macs, macs_output_rule=by_output, activations=answer.numel())


def fixed(weight: Tensor) -> bool:
    """Whether one filter serves all channels: it is not learnt, and published counts leave it out."""
    return weight.shape[0] > 1 and weight.stride(0) == 0


def convolution(given: Sequence[Any], answer: Tensor) -> Count:
    """A weight is used once per output position; that of a transposed convolution once per input position."""
    image, weight, transposed = given[0], given[1], given[6]
    if fixed(weight):
        return Count()
    by_output = answer.shape[0] * weight.numel() * math.prod(answer.shape[2:])
    by_input = image.shape[0] * weight.numel() * math.prod(image.shape[2:])
    return layer(by_input if transposed else by_output, by_output, answer)


def convolution_backward(given: Sequence[Any], answer: object) -> Count:  # noqa: ARG001 - the handles' common form
    """The forward count for each gradient, of the input and of the weight."""
    gradient, image, weight, transposed, wanted = given[0], given[1], given[2], given[7], given[10]
    if fixed(weight):
        return Count()
    positions = image.shape[2:] if transposed else gradient.shape[2:]
    return Counter(macs=image.shape[0] * weight.numel() * math.prod(positions) * (wanted[0] + wanted[1]))


def product(given: Sequence[Any], answer: Tensor) -> Count:
    """Every output element is a sum over the first factor's columns."""
    macs = answer.numel() * given[0].shape[-1]
    return layer(macs, macs, answer)


def sum_and_product(given: Sequence[Any], answer: Tensor) -> Count:
    """The same, with something added."""
    return product(given[1:], answer)


HANDLES: Mapping[Any, Callable[[Sequence[Any], Any], Count]] = {
    aten.convolution: convolution,
    aten.convolution_backward: convolution_backward,
    aten.mm: product,
    aten.bmm: product,
    aten.mv: product,
    aten.dot: product,
    aten.addmm: sum_and_product,
    aten.addmv: sum_and_product,
    aten.baddbmm: sum_and_product,
}
REFUSED = (
    "attention",
    "gru",
    "lstm",
    "rnn",
    "trilinear",
    "mkldnn_linear",
    "addbmm",
    "addmm_activation",
    "cdist",
    "euclidean_dist",
)
"""Words in the names of operators that multiply matrices in ways no handle understands: a zero would look cheap."""


class Tally(TorchDispatchMode):
    """Counts what is carried out while it is active, under the name of the phase that it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.phase = ""
        self.counts: dict[str, Count] = {}

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401 - torch's own
        answer = function(*args, **(kwargs or {}))
        packet = function.overloadpacket
        if packet in HANDLES:
            self.counts.setdefault(self.phase, Counter()).update(HANDLES[packet](args, answer))
        elif any(word in packet.__name__ for word in REFUSED):
            raise ValueError(f"cannot count {packet}: add a handle for it to stages/learning/counting.py")
        return answer

    def of(self, phase: str = "") -> Count:
        """What was counted in a phase."""
        return self.counts.get(phase, Counter())

    @contextmanager
    def during(self, phase: str) -> Iterator[None]:
        """Count under another name meanwhile."""
        before, self.phase = self.phase, phase
        try:
            yield
        finally:
            self.phase = before


def of_pass(module: nn.Module, given: tuple[Tensor, ...]) -> Count:
    """One pass in evaluation mode; a layer that runs twice counts twice. The module is left untouched."""
    # A copy, because running moves buffers of a network in training mode.
    with torch.no_grad(), Tally() as tally:
        copy.deepcopy(module).eval()(*given)
    return tally.of()
