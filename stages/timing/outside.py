"""Exported networks beside the same ones in torch, called in the same rounds: one thread, one image.

Less precise files are made of the float32 file. Weights and scales do not change a time, so ranges of 8-bit numbers are
learnt from noise: such a file is of no other use. A file takes and gives 8-bit images; torch is called without that.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import onnx
import onnxruntime
from onnxruntime import InferenceSession
from torch import Tensor

from stages.exporting import converting, halving, quantising, running
from stages.exporting.contracts import Array, Arrays, Unexportable
from stages.settings.rows import Latency
from stages.timing.runtimes import FLOAT16, FLOAT32, INT8, OUTSIDE, TORCH

VERSION: str = onnxruntime.__version__
NOISE = 16
"""Inputs that ranges are learnt from."""

Key = TypeVar("Key", bound=Hashable)
Call = Callable[[], Any]
Times = dict[str, dict[str, dict[str, float]]]
"""Runtime -> precision -> what is said of its times."""


class Clock(Protocol):
    """What takes times and sums them up."""

    def in_turns(self, calls: list[Call], plan: Latency) -> Tensor:
        """Seconds of each call in each round."""
        ...

    def latency(self, seconds: Tensor) -> dict[str, float]:
        """Milliseconds of one call."""
        ...

    def speed_up(self, teacher: Tensor, student: Tensor) -> dict[str, float]:
        """How many times as fast the second is, round by round."""
        ...


@dataclass(frozen=True)
class Timed:
    """A network to be timed: its float32 file, its call in torch, who its teacher is and how much more that computes.

    A teacher is its own; a `teacher` that is not timed beside it gives no ratio.
    """

    content: bytes
    call: Call
    teacher: Hashable
    mac_ratio: float


def compare(networks: Mapping[Key, Timed], plan: Latency, clock: Clock) -> dict[Key, Times]:
    """The times of every network in each runtime and precision, all taken in the same rounds."""
    calls: dict[tuple[Hashable, str, str], Call] = {
        (name, runtime, precision): call
        for name, each in networks.items()
        for runtime, precision, call in calls_of(each)
    }
    seconds = dict(zip(calls, clock.in_turns(list(calls.values()), plan), strict=True)) if calls else {}
    found: dict[Key, Times] = {}
    for name, network in networks.items():
        mine = {place[1:]: taken for place, taken in seconds.items() if place[0] == name}
        found[name] = {}
        for (runtime, precision), taken in mine.items():
            told = {
                "rounds": len(taken),
                **clock.latency(taken),
                "times_float32": clock.speed_up(mine[OUTSIDE, FLOAT32], taken)["speed_up"],
            }
            teacher = seconds.get((network.teacher, runtime, precision))
            if teacher is not None:
                told |= ratios(clock.speed_up(teacher, taken), network)
            found[name].setdefault(runtime, {})[precision] = told
    return found


def ratios(speed_up: Mapping[str, float], network: Timed) -> dict[str, float]:
    """How many times as fast as the teacher, and what part that is of what multiply-accumulates promise."""
    told = {**speed_up, "mac_ratio": network.mac_ratio}
    return told if network.mac_ratio == 1 else {**told, "share": speed_up["speed_up"] / network.mac_ratio}


def calls_of(network: Timed) -> Iterator[tuple[str, str, Call]]:
    """Torch, then the files that the network can be."""
    yield TORCH, FLOAT32, network.call
    for precision, content in files(network.content).items():
        yield OUTSIDE, precision, call(running.session(content))


def files(content: bytes) -> dict[str, bytes]:
    """The files of each precision that a float32 file can be made into."""
    model = onnx.load_from_string(content)
    found = {FLOAT32: content, FLOAT16: halving.halved(model).SerializeToString()}
    try:
        known = noise(running.session(content), NOISE)
        found[INT8] = quantising.quantised(model, known).SerializeToString()
    except Unexportable:
        # The proof of the row says why there is none.
        return found
    return found


def call(session: InferenceSession) -> Call:
    """One call with one input of noise."""
    given = noise(session, 1)
    return lambda: session.run(None, given)


def noise(session: InferenceSession, count: int) -> Arrays:
    """So many random inputs of a network; what has no axes is 1."""
    draw = np.random.default_rng(0)
    return {each.name: of_kind(draw, each.type, each.shape, count) for each in session.get_inputs()}


def of_kind(draw: np.random.Generator, kind: str, shape: list[int | str], count: int) -> Array:
    """Random levels where an input takes these, or else normal numbers."""
    sides = tuple(count if side == converting.BATCH else int(side) for side in shape)
    if kind == "tensor(uint8)":
        return draw.integers(0, 256, sides, np.uint8)
    if kind == "tensor(float)":
        return draw.standard_normal(sides, np.float32) if sides else np.ones((), np.float32)
    raise ValueError(f"an input of the type {kind} cannot be drawn; known are 8-bit levels and float32")
