"""What a network costs: parameters, multiply-accumulates by both rules in use, activations, bytes.

Multiply-accumulates are those of fvcore (https://github.com/facebookresearch/fvcore): convolutions, linear layers and
matrix products count, normalisation, interpolation and element-wise work do not. A transposed convolution costs its
*input* positions (`macs`); published tables often count its output positions (`macs_output_rule`). Activations are the
output elements of the counted layers (Radosavovic et al., CVPR 2020, arXiv 2003.13678).
"""

from __future__ import annotations

import torch
from safetensors.torch import save
from torch import Tensor, nn

from stages.learning import counting
from stages.measuring.columns import Column

COLUMNS = {
    "parameters": Column("min", "", "parameters", "parameters of the networks that are kept"),
    "macs": Column(
        "min", "", "MACs",
        "multiply-accumulates of the networks that are kept for one image, transposed convolutions by their input "
        "positions",
    ),
    "macs_output_rule": Column(
        "min", "", "MACs, output rule",
        "multiply-accumulates, transposed convolutions by their output positions, as in many tables",
    ),
    "bytes": Column("min", "B", "weights", "length of these networks' weights on disk"),
    "activations": Column("min", "", "activations", "output elements of their convolutions and linear layers"),
    "training_macs": Column(
        "min", "", "training MACs",
        "multiply-accumulates of the training of one seed: forward, backward and the teacher's passes, without the "
        "teacher's own training",
    ),
}  # fmt: skip


def saved_bytes(module: nn.Module) -> int:
    """Length of the safetensors file of this network, less its metadata."""
    return len(
        save(
            {
                name: torch.empty(value.shape, dtype=value.dtype, device="cpu")
                for name, value in module.state_dict().items()
            }
        )
    )


def costs(module: nn.Module, example_inputs: tuple[Tensor, ...]) -> dict[str, int]:
    """Every column but the training's, for one image; the module is left untouched."""
    if any(given.ndim == 0 or given.shape[0] != 1 for given in example_inputs):
        raise ValueError("costs are per image: every example input must be a batch of 1")
    counts = counting.of_pass(module, example_inputs)
    return {
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "macs": counts["macs"],
        "macs_output_rule": counts["macs_output_rule"],
        "activations": counts["activations"],
        "bytes": saved_bytes(module),
    }
