"""The judge of a data set as one network of 8-bit images: what they show, and how unlike the data they are."""

from __future__ import annotations

import torch
from jaxtyping import Float, UInt8
from onnx import ModelProto
from torch import Tensor, nn

from stages.exporting import converting, doors, stripping
from stages.measuring.judge import Judge
from stages.reading.strangeness import Usual, looks

INPUT, OUTPUTS = "image", ("labels", "strangeness")


class Reading(nn.Module):
    """What is exported of a judge; of attributes each has a probability, of all other labels one is true."""

    axes: Tensor
    middles: Tensor

    def __init__(self, judge: Judge, known: Usual, attributes: bool) -> None:
        super().__init__()
        self.judge, self.attributes = judge, attributes
        self.register_buffer("axes", known.axes.float())
        self.register_buffer("middles", known.middles.float())

    def forward(self, image: UInt8[Tensor, "n h w 3"]) -> tuple[Float[Tensor, "n c"], Float[Tensor, " n"]]:
        """Probabilities of labels, and strangeness: above 1 an image is unlike the data."""
        seen = self.judge.watch(doors.enter(image))
        labels = torch.sigmoid(seen.logits) if self.attributes else torch.softmax(seen.logits, dim=1)
        return labels, Usual(self.axes, self.middles).distance(looks(seen))


def converted(reading: Reading, resolution: int) -> ModelProto:
    """A reading as an ONNX file that takes any number of images."""
    example = torch.zeros(2, resolution, resolution, 3, dtype=torch.uint8)
    with converting.quietly():
        program = torch.onnx.export(
            reading.eval(),
            (example,),
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            dynamic_shapes=({0: torch.export.Dim(converting.BATCH, min=1)},),
            opset_version=converting.OPSET,
            dynamo=True,
            optimize=True,
            verbose=False,
        )
    assert program is not None
    return stripping.stripped(program.model_proto)
