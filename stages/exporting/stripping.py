"""What an exporter writes down of the machine and of its own work, taken out, so that bytes follow from weights."""

from __future__ import annotations

import json
from typing import Any

from onnx import ModelProto

PRODUCER = "retort"


def stripped(model: ModelProto) -> ModelProto:
    """The same network without texts about its making, without inputs that nothing uses, with short names."""
    made = ModelProto()
    made.CopyFrom(model)
    made.producer_name, made.producer_version, made.doc_string = PRODUCER, "", ""
    graph = made.graph
    graph.name, graph.doc_string = PRODUCER, ""
    del made.metadata_props[:], graph.metadata_props[:], graph.value_info[:]
    if made.functions:
        raise ValueError("the exporter left functions in the file, which not every runtime knows")
    used = {name for node in graph.node for name in node.input}
    kept = [each for each in graph.input if each.name in used]
    if len(kept) < len(graph.input):
        del graph.input[:]
        graph.input.extend(kept)
    for each in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        each.doc_string = ""
        del each.metadata_props[:]
    renamed(made)
    return made


def renamed(model: ModelProto) -> None:
    """Number nodes and inner values in their order; the names of inputs and outputs stay."""
    graph = model.graph
    outer = {each.name for each in (*graph.input, *graph.output)}
    names = {name: name for name in outer}
    for index, tensor in enumerate(graph.initializer):
        names[tensor.name] = f"w{index}"
        tensor.name = names[tensor.name]
    for place, node in enumerate(graph.node):
        if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
            raise ValueError(f"the exporter left a branch in the file ({node.op_type}), which not every runtime knows")
        node.name = f"{node.op_type}{place}"
        for index, name in enumerate(node.input):
            node.input[index] = names[name] if name else ""
        for index, name in enumerate(node.output):
            if name and name not in outer:
                names[name] = f"v{place}" if index == 0 else f"v{place}_{index}"
            node.output[index] = names[name] if name else ""


def text(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """A text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
