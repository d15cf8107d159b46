"""A network in float16: weights, and what multiplies by them with all that only passes numbers on in between.

Sums, products, means and roots stay in float32, normalisation among them, whose squares float16 cannot hold; so does
what comes before the first layer with weights and behind the last. The doors stay as they are.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from stages.exporting import graphs

PASSING = ("Relu", "LeakyRelu", "Concat", "MaxPool", "Pad", "Slice", "Reshape", "Transpose", "Squeeze", "Unsqueeze")
"""What only passes numbers on, or some of them."""
PLACES = {"Pad": (0, 2), "Slice": (0,), "Reshape": (0,), "Squeeze": (0,), "Unsqueeze": (0,)}
"""The inputs that hold numbers of the map, where others hold shapes."""


def stays(model: ModelProto) -> tuple[str, ...]:
    """The kinds of nodes that compute in float32 in the float16 file."""
    halves = inside(model)
    return tuple(sorted({node.op_type for node in model.graph.node if node.name not in halves}))


def inside(model: ModelProto) -> set[str]:
    """The nodes that compute in float16."""
    between = graphs.before(model, graphs.HEAVY) & graphs.behind(model, graphs.HEAVY)
    floats = of_floats(model)
    return {
        node.name
        for node in model.graph.node
        if node.output[0] in floats
        and (node.op_type in graphs.HEAVY or (node.op_type in PASSING and node.name in between))
    }


def of_floats(model: ModelProto) -> set[str]:
    """The values of a graph that hold float32."""
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    typed = (*inferred.value_info, *inferred.input, *inferred.output)
    found = {each.name for each in typed if each.type.tensor_type.elem_type == TensorProto.FLOAT}
    return found | {each.name for each in model.graph.initializer if each.data_type == TensorProto.FLOAT}


class Casting:
    """A graph as it is rewritten: of every value, in which types it is there by now."""

    def __init__(self, model: ModelProto) -> None:
        self.constants = graphs.weights(model)
        self.made: dict[tuple[str, int], str] = {}
        self.is_half: set[str] = set()
        self.nodes: list[NodeProto] = []
        self.more: list[TensorProto] = []

    def as_type(self, name: str, kind: int) -> str:
        """The name of a value in a type, cast if it is not there yet."""
        if (name in self.is_half) == (kind == TensorProto.FLOAT16):
            return name
        if (name, kind) not in self.made:
            self.made[name, kind] = f"{name}_{'half' if kind == TensorProto.FLOAT16 else 'full'}"
            self.cast(name, self.made[name, kind], kind)
        return self.made[name, kind]

    def cast(self, name: str, to: str, kind: int) -> None:
        """A constant is cast now, all else by a node."""
        if name in self.constants:
            values = numpy_helper.to_array(self.constants[name]).astype(np.float16)
            self.more.append(numpy_helper.from_array(values, to))
        else:
            self.nodes.append(helper.make_node("Cast", [name], [to], name=f"Cast_{to}", to=kind))


def halved(model: ModelProto) -> ModelProto:
    """The same network in float16."""
    made = ModelProto()
    made.CopyFrom(model)
    halves, floats, casting = inside(model), of_floats(model), Casting(model)
    for node in made.graph.node:
        kind = TensorProto.FLOAT16 if node.name in halves else TensorProto.FLOAT
        places = PLACES.get(node.op_type) if node.name in halves else None
        for place, name in enumerate(node.input):
            if name in floats and (places is None or place in places):
                node.input[place] = casting.as_type(name, kind)
        casting.nodes.append(node)
        if node.name in halves:
            casting.is_half.update(node.output)
    used = {name for node in casting.nodes for name in node.input}
    constants = [each for each in (*made.graph.initializer, *casting.more) if each.name in used]
    ends = [each.name for each in made.graph.output if each.name in casting.is_half]
    if ends:
        raise ValueError(f"{', '.join(ends)} would leave in float16; a door is missing")
    nodes = [NodeProto.FromString(node.SerializeToString()) for node in casting.nodes]
    del made.graph.node[:], made.graph.initializer[:]
    made.graph.node.extend(nodes)
    made.graph.initializer.extend(constants)
    onnx.checker.check_model(made, full_check=True)
    return made
