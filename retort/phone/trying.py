"""What became of a network on its way to a phone: its size, who computes what, how far its answers are from torch's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from retort.phone.lowering import Lowered, alone
from retort.phone.running import Running, milliseconds
from stages.exporting.contracts import Array, Outside, Question

INPUTS = 16


@dataclass(frozen=True)
class Tried:
    """One network of a row; `levels` is the largest difference to torch in 8-bit levels, `equal` the share of none."""

    row: str
    seed: int
    network: str
    bytes: int
    partitions: int
    delegated: int
    left: Mapping[str, int]
    milliseconds: float
    torch_milliseconds: float
    inputs: int
    levels: float
    equal: float


def spread(questions: Sequence[Question], names: Sequence[str]) -> tuple[list[tuple[Tensor, ...]], Array]:
    """Some inputs from all over the test, each alone, with the network's own answers."""
    places = [(question, index) for question in questions for index in range(len(question.original))]
    chosen = [places[index] for index in np.linspace(0, len(places) - 1, min(INPUTS, len(places))).astype(int)]
    given = [tuple(one(question.inputs[name], index) for name in names) for question, index in chosen]
    return given, np.stack([question.original[index] for question, index in chosen])


def one(values: Array, index: int) -> Tensor:
    """One of some inputs; a scalar is all of them."""
    return torch.from_numpy(np.array(values if np.ndim(values) == 0 else values[index : index + 1]))


def tried(row: str, seed: int, outside: Outside, made: Lowered, questions: Sequence[Question], unit: float) -> Tried:
    """Run a file on inputs of the test and beside torch; `unit` makes answers 8-bit levels."""
    running = Running(made.content)
    given, original = spread(questions, list(outside.inputs))
    answers = np.concatenate([running(each).numpy() for each in given])
    apart = np.abs(answers.astype(np.float64) - original) * unit
    file, network = milliseconds(running, outside.module.eval(), alone(outside.inputs))
    counted = (len(made.content), made.partitions, made.delegated, dict(made.left))
    found = (len(given), float(apart.max()), float((apart == 0).mean()))
    return Tried(row, seed, outside.network, *counted, file, network, *found)
