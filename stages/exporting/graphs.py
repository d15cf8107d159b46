"""What stands before and behind what in an ONNX graph."""

from __future__ import annotations

from collections.abc import Collection

from onnx import ModelProto, NodeProto, TensorProto, numpy_helper

from stages.exporting.contracts import Array

CONVOLUTIONS = ("Conv", "ConvTranspose")
HEAVY = (*CONVOLUTIONS, "Gemm", "MatMul")
"""What multiplies by weights."""


def before(model: ModelProto, kinds: Collection[str]) -> set[str]:
    """The nodes that something of these kinds leads to."""
    reached: set[str] = set()
    found = set()
    for node in model.graph.node:
        if any(name in reached for name in node.input):
            found.add(node.name)
        if node.name in found or node.op_type in kinds:
            reached.update(node.output)
    return found


def behind(model: ModelProto, kinds: Collection[str]) -> set[str]:
    """The nodes that lead to something of these kinds."""
    needed: set[str] = set()
    found = set()
    for node in reversed(model.graph.node):
        if any(name in needed for name in node.output):
            found.add(node.name)
        if node.name in found or node.op_type in kinds:
            needed.update(node.input)
    return found


def weights(model: ModelProto) -> dict[str, TensorProto]:
    """The constants of a graph by name."""
    return {each.name: each for each in model.graph.initializer}


def fixed(model: ModelProto, node: NodeProto) -> bool:
    """Whether a convolution is one filter for all channels, which is not learnt."""
    given = weights(model).get(node.input[1])
    if given is None:
        return False
    values: Array = numpy_helper.to_array(given)
    return len(values) > 1 and values.shape[1] == 1 and bool((values == values[:1]).all())
