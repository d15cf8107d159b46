"""What a network costs: parameters, multiply-accumulates by both rules in use, activations, bytes.

Multiply-accumulates follow fvcore (https://github.com/facebookresearch/fvcore): convolutions, linear layers and matrix
products count, normalisation, interpolation and element-wise work do not. A transposed convolution costs its *input*
positions (`macs`); published tables often count its output positions (`macs_output_rule`). Activations are the output
elements of the counted layers (Radosavovic et al., CVPR 2020, arXiv 2003.13678).
"""

from __future__ import annotations

import copy
import math
import warnings
from collections import Counter
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

COLUMNS = {
    "parameters": ("min", ""),
    "macs": ("min", ""),
    "macs_output_rule": ("min", ""),
    "activations": ("min", ""),
    "bytes": ("min", "B"),
}

# Operators that multiply matrices in ways no handle below understands: refused, for a zero would look like a saving.
REFUSED = {
    "aten::baddbmm",
    "aten::bilinear",
    "aten::einsum",
    "aten::gru",
    "aten::lstm",
    "aten::_native_multi_head_attention",
    "aten::scaled_dot_product_attention",
    "prim::CallFunction",
}


class _TensorsOnly(nn.Module):
    """The tracer accepts tensors alone as outputs, networks may also return dictionaries of taps."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return tuple(leaf for leaf in tree_leaves(self.network(*inputs)) if isinstance(leaf, Tensor))


def _shape(value: Any) -> list[int]:  # noqa: ANN401 - torch._C.Value is not typed
    return value.type().sizes()


def _layer(macs: int, macs_output_rule: int, output: Any) -> Counter[str]:  # noqa: ANN401
    return Counter(macs=macs, macs_output_rule=macs_output_rule, activations=math.prod(_shape(output)))


def _convolution(inputs: list[Any], outputs: list[Any]) -> Counter[str]:
    x, weight, output = _shape(inputs[0]), _shape(inputs[1]), _shape(outputs[0])
    # A weight holds c_out·(c_in / groups)·k² entries, each used once per output position; that of a transposed
    # convolution holds c_in·(c_out / groups)·k² entries, each used once per input position.
    transposed = len(inputs) > 8 and inputs[6].toIValue()
    by_output = output[0] * math.prod(weight) * math.prod(output[2:])
    by_input = x[0] * math.prod(weight) * math.prod(x[2:])
    return _layer(by_input if transposed else by_output, by_output, outputs[0])


def _product(inputs: list[Any], outputs: list[Any]) -> Counter[str]:
    macs = math.prod(_shape(outputs[0])) * _shape(inputs[0])[-1]
    return _layer(macs, macs, outputs[0])


def _sum_and_product(inputs: list[Any], outputs: list[Any]) -> Counter[str]:
    return _product(inputs[1:], outputs)


HANDLES = {
    "aten::_convolution": _convolution,
    # What padding="same" becomes; fvcore alone counts it as nothing.
    "aten::_convolution_mode": _convolution,
    "aten::linear": _product,
    "aten::matmul": _product,
    "aten::mm": _product,
    "aten::bmm": _product,
    "aten::addmm": _sum_and_product,
}


def _traced(network: nn.Module, example_inputs: tuple[Tensor, ...]) -> Counter[str]:
    with warnings.catch_warnings():
        # fvcore compiles a loss nobody here uses, with a torch.jit that is deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        from fvcore.nn import FlopCountAnalysis

        analysis = FlopCountAnalysis(network, example_inputs).clear_op_handles().set_op_handle(**HANDLES)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        with torch.no_grad():
            counts = analysis.by_operator()
    unknown = sorted(name for name in analysis.unsupported_ops() if name in REFUSED or name.startswith("prim::Python"))
    if unknown:
        raise ValueError(f"cannot count {', '.join(unknown)}: add a handle for it to stages/metrics/cost.py")
    return counts


def saved_bytes(module: nn.Module) -> int:
    """Length of the safetensors file of this network, less its metadata."""
    return len(save({name: torch.empty_like(value, device="cpu") for name, value in module.state_dict().items()}))


def costs(module: nn.Module, example_inputs: tuple[Tensor, ...]) -> dict[str, int]:
    """Every column of COLUMNS for one image; a layer that runs twice counts twice; the module is left untouched."""
    if any(given.ndim == 0 or given.shape[0] != 1 for given in example_inputs):
        raise ValueError("costs are per image: every example input must be a batch of 1")
    # A copy, because tracing adds hooks, and running moves buffers of a network in training mode.
    counts = _traced(_TensorsOnly(copy.deepcopy(module)).eval(), example_inputs)
    return {
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "macs": counts["macs"],
        "macs_output_rule": counts["macs_output_rule"],
        "activations": counts["activations"],
        "bytes": saved_bytes(module),
    }
