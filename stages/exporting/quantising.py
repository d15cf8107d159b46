"""A network in 8-bit integers: its inner convolutions, a scale for each channel of weights, ranges learnt beforehand.

Left in float32 are the first convolutions and the last ones, transposed convolutions, filters that are not learnt,
matrix products, normalisation. Weights have 7 bits, so that processors whose 8-bit products saturate give the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from stages.exporting import converting, graphs, stripping
from stages.exporting.contracts import Arrays, Unexportable

AT_ONCE = 16
PREPARED = ("onnx.quant.pre_process", "onnxruntime.quant")
"""What tells the quantizer that the graph is as it wants it, so that it does not print advice."""


class Known(CalibrationDataReader):  # type: ignore[misc] # of untyped code
    """Inputs that ranges are learnt from, some at once."""

    def __init__(self, inputs: Arrays, names: tuple[str, ...]) -> None:
        self.parts = self.split({name: np.asarray(inputs[name]) for name in names})

    def split(self, inputs: Arrays) -> Iterator[dict[str, Any]]:
        """The inputs part by part."""
        total = max(len(each) for each in inputs.values() if each.ndim)
        for start in range(0, total, AT_ONCE):
            yield {name: each[start : start + AT_ONCE] if each.ndim else each for name, each in inputs.items()}

    def get_next(self) -> dict[str, Any] | None:
        """The next part."""
        return next(self.parts, None)


def inner(model: ModelProto) -> list[str]:
    """The convolutions that are quantised."""
    between = graphs.before(model, graphs.CONVOLUTIONS) & graphs.behind(model, graphs.CONVOLUTIONS)
    convolutions = [node for node in model.graph.node if node.op_type == "Conv" and node.name in between]
    return [node.name for node in convolutions if not graphs.fixed(model, node)]


def quantised(model: ModelProto, known: Arrays) -> ModelProto:
    """The same network with its inner convolutions in 8 bits."""
    names = inner(model)
    if not names:
        raise Unexportable(
            "the network has no convolution between the first and the last, so int8 would change nothing"
        )
    with TemporaryDirectory() as folder:
        before, after = Path(folder, "float32.onnx"), Path(folder, "int8.onnx")
        given = ModelProto()
        given.CopyFrom(model)
        given.metadata_props.add(key=PREPARED[0], value=PREPARED[1])
        onnx.save(given, before)
        quantize_static(
            before,
            after,
            Known(known, converting.inputs_of(model)),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_quantize=names,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        made = stripping.stripped(onnx.load(after))
    onnx.checker.check_model(made, full_check=True)
    return made
