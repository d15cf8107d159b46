"""The files of a row's networks, in a precision: from its checkpoint to bytes that say what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from onnx import ModelProto

from stages.exporting import converting, describing, halving, quantising
from stages.exporting.contracts import Arrays, Export, Outside
from stages.learning.checkpoints import Checkpoint
from stages.settings import members
from stages.settings.rows import ExportRow, Params

Precision = Literal["float32", "float16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
KNOWN = 64
"""Inputs that ranges of 8-bit numbers are learnt from."""


@dataclass(frozen=True)
class Made:
    """A network that leaves the benchmark: what it is, and its graph in float32."""

    name: str
    row: ExportRow
    checkpoint: Checkpoint
    outside: Outside
    float32: ModelProto

    def described(self, model: ModelProto, precision: Precision) -> bytes:
        """The bytes of a file."""
        return converting.described(
            model, describing.about(self.name, self.row, self.checkpoint, self.outside, precision)
        )


def member(row: ExportRow) -> Export:
    """The file of `stages/exports` of a row."""
    return cast(Export, members.load("exports", row.examination))


def made(name: str, row: ExportRow, checkpoint: Checkpoint, settings: Params) -> list[Made]:
    """Every kept network of a row in float32."""
    found = member(row).outside(row, checkpoint, settings)
    return [Made(name, row, checkpoint, each, converting.float32(each)) for each in found]


def known(each: Made, settings: Params) -> Arrays:
    """What ranges of 8-bit numbers are learnt from: nothing of the test."""
    spec: Any = each.checkpoint.spec
    return member(each.row).known(each.row, each.outside.network, spec, settings, KNOWN)


def in_precision(each: Made, precision: Precision, settings: Params) -> bytes:
    """The file of a network; raises `Unexportable("why")` where there is none of this precision."""
    if precision == "float16":
        return each.described(halving.halved(each.float32), precision)
    if precision == "int8":
        return each.described(quantising.quantised(each.float32, known(each, settings)), precision)
    return each.described(each.float32, precision)
