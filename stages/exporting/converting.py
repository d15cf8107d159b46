"""A network as an ONNX file: torch's dynamo exporter, any batch, fixed sides, the same bytes from the same weights."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any

import onnx
import torch
from onnx import ModelProto

from stages.exporting import folding, norms, stripping
from stages.exporting.contracts import Outside, Unexportable

OPSET = 18
"""The oldest that has all that is needed, so that most runtimes know it."""
BATCH = "n"


def float32(outside: Outside) -> ModelProto:
    """A network with its doors, in float32; what a file says of itself is still to be written."""
    module = norms.rewritten(outside.module).eval()
    given = tuple(outside.inputs.values())
    if norms.depends_on_company(module, given):
        told = "what becomes of an image depends on chance or on the other images of its batch"
        raise Unexportable(f"{outside.network}: {told}, so a file of one network would not do what the benchmark saw")
    module.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    batch = torch.export.Dim(BATCH, min=1)
    shapes = tuple({0: batch} if each.ndim else None for each in given)
    with quietly(), torch.no_grad():
        # Strictly, so that asking for a batch's length does not fix it.
        captured = torch.export.export(module, given, dynamic_shapes=shapes, strict=True)
        program = torch.onnx.export(
            captured,
            input_names=list(outside.inputs),
            output_names=[outside.output],
            opset_version=OPSET,
            dynamo=True,
            optimize=True,
            verbose=False,
        )
    assert program is not None
    model = stripping.stripped(folding.folded(program.model_proto))
    freed(model, outside.network)
    onnx.checker.check_model(model, full_check=True)
    return model


def freed(model: ModelProto, network: str) -> None:
    """Call the batch by its name, in all that has one; a file for one number of images is refused."""
    for each in (*model.graph.input, *model.graph.output):
        dimensions = each.type.tensor_type.shape.dim
        if dimensions and not dimensions[0].dim_param:
            raise Unexportable(f"{network}: {each.name} takes {dimensions[0].dim_value} at once and no other number")
        if dimensions:
            dimensions[0].dim_param = BATCH


@contextmanager
def quietly() -> Iterator[None]:
    """Keep the exporter from telling of its progress and of opsets and shapes, which the tests look at instead."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    before = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)


def inputs_of(model: ModelProto) -> tuple[str, ...]:
    """The names of the inputs that a file has."""
    return tuple(each.name for each in model.graph.input)


def described(model: ModelProto, about: Mapping[str, Any]) -> bytes:
    """The bytes of a file that says what it is: texts as they are, all else as JSON."""
    made = ModelProto()
    made.CopyFrom(model)
    del made.metadata_props[:]
    for key, value in about.items():
        made.metadata_props.add(key=key, value=stripping.text(value))
    return made.SerializeToString(deterministic=True)
