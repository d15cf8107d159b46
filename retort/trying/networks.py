"""Exported networks as they lie in results/networks and results/readers: found, opened, and run on one thread."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from retort.trying import labels
from retort.trying.pictures import Bytes, Framing
from retort.trying.refusals import Refused
from retort.verification import unchanged

Arrays = Mapping[str, np.ndarray[Any, Any]]
RUNS, ENOUGH_S = 20, 0.4
"""How often a network is run to time it, and after how long it has run often enough."""
FEWEST = 3
SILENT = 4
"""The severity below which the runtime says nothing on its own."""


@dataclass(frozen=True)
class Network:
    """One exported network: its session, what its file says of itself, and how many bytes that has."""

    name: str
    session: ort.InferenceSession
    about: Mapping[str, str]
    bytes: int

    @cached_property
    def inputs(self) -> frozenset[str]:
        """The names of what it is given."""
        return frozenset(each.name for each in self.session.get_inputs())

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The columns of its label vectors, or of its probabilities."""
        return tuple(self.told("labels"))

    @cached_property
    def rivals(self) -> Mapping[str, list[str]]:
        """Label -> the labels that are given up for it."""
        found: dict[str, list[str]] = self.told("rivals")
        return found

    @property
    def askable(self) -> tuple[str, ...]:
        """The labels that a translator can be asked for."""
        return tuple(self.rivals)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets that it learnt of; where there are several, they are the last columns of label vectors."""
        return tuple(label for label in self.labels if label not in self.rivals) or (self["dataset"],)

    def __getitem__(self, key: str) -> str:
        try:
            return self.about[key]
        except KeyError:
            raise Refused(f"{self.name} says nothing of its {key}, as no network of this project does") from None

    def told(self, key: str) -> Any:  # noqa: ANN401 - a tree of plain values
        """What the file says in JSON."""
        try:
            return json.loads(self[key])
        except ValueError as error:
            raise Refused(f"{self.name} says of its {key} what is not JSON ({error})") from None

    def run(self, given: Arrays) -> list[np.ndarray[Any, Any]]:
        """What it answers to those of some arrays that it takes."""
        found: list[np.ndarray[Any, Any]] = self.session.run(None, {name: given[name] for name in self.inputs})
        return found

    def milliseconds(self, given: Arrays) -> float:
        """The median of some runs, after one that does not count."""
        return timed(lambda: self.run(given))


@dataclass(frozen=True)
class Row:
    """An exported row: its networks, in the order of their names."""

    name: str
    networks: tuple[Network, ...]
    teacher: bool

    @property
    def first(self) -> Network:
        """The network that says what all of them share."""
        return self.networks[0]

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(each.bytes for each in self.networks)


@dataclass(frozen=True)
class Reader:
    """An exported reader: which labels pictures have, and how unlike its data set they are."""

    network: Network

    @property
    def labels(self) -> tuple[str, ...]:
        """What it reads."""
        return self.network.labels

    @property
    def framing(self) -> Framing:
        """How the data set's pictures were cropped and resized."""
        return Framing.of(self.network.told("framing"))

    def read(self, image: Bytes) -> tuple[dict[str, float], float]:
        """The probability of each label of one picture, and its strangeness."""
        shares, strangeness = self.network.run({"image": image[None]})
        return dict(zip(self.labels, shares[0].tolist(), strict=True)), float(strangeness[0])

    def decided(self, shares: Mapping[str, float]) -> list[str]:
        """The labels that a picture with these probabilities has."""
        return labels.decided(shares, self.network["kind"], self.network.told("exclusive"))


def timed(run: Callable[[], object]) -> float:
    """The median of some runs in milliseconds."""
    run()
    taken: list[float] = []
    while len(taken) < FEWEST or (len(taken) < RUNS and sum(taken) < ENOUGH_S):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return 1000 * statistics.median(taken)


def opened(content: bytes, name: str) -> Network:
    """A network of a file's bytes, to be run on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = SILENT
    try:
        session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    # ONNX Runtime's own errors have no class in common but this one.
    except Exception as error:
        told = str(error).partition("\n")[0]
        raise Refused(f"{name} cannot be opened as a network ({told}); check it out or export it again") from None
    return Network(name, session, dict(session.get_modelmeta().custom_metadata_map), len(content))


def of_file(file: Path) -> Network:
    """A network of a file, which must be the one that was made."""
    try:
        unchanged.hold(file)
    except unchanged.ChangedError as changed:
        raise Refused(str(changed)) from None
    return opened(file.read_bytes(), str(file))


def row(folder: Path, teacher: bool) -> Row:
    """The networks of an exported row's folder."""
    return Row(folder.name, tuple(of_file(file) for file in sorted(folder.glob("*.onnx"))), teacher)
