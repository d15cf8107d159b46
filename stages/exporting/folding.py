"""What a network computes of its weights alone, computed once, so that no file holds weights for nothing."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from onnx import ModelProto, NodeProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from stages.exporting import graphs
from stages.exporting.contracts import Array

SMALL = 4096
"""Bytes up to which a constant may be larger than those it is made of."""


def folded(model: ModelProto) -> ModelProto:
    """The same network, constants in place of the nodes that make them of constants."""
    made = ModelProto()
    made.CopyFrom(model)
    known: dict[str, Array] = {name: numpy_helper.to_array(each) for name, each in graphs.weights(model).items()}
    leaving = {each.name for each in model.graph.output}
    kept: list[NodeProto] = []
    for node in model.graph.node:
        given = {name: known[name] for name in node.input if name in known}
        alone = len(node.output) == 1 and node.output[0] not in leaving
        if alone and given and len(given) == len({name for name in node.input if name}):
            value = computed(model, node, given)
            if value.nbytes <= max(SMALL, sum(each.nbytes for each in given.values())):
                known[node.output[0]] = value
                continue
        kept.append(node)
    used = {name for node in kept for name in node.input}
    del made.graph.node[:], made.graph.initializer[:]
    made.graph.node.extend(kept)
    made.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value, order="C"), name) for name, value in known.items() if name in used
    )
    return made


def computed(model: ModelProto, node: NodeProto, given: dict[str, Array]) -> Array:
    """The one output of a node, of constants."""
    typed = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in given.items()
    ]
    output = helper.make_value_info(node.output[0], helper.make_tensor_type_proto(1, None))
    graph = helper.make_graph([node], "constant", typed, [output])
    alone = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    (value,) = cast(list[Any], ReferenceEvaluator(alone).run(None, given))
    return np.asarray(value)
