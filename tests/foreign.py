"""A repository with exported networks alone, made by hand: what `retort try` has in a fresh clone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from stages.settings import paths

SIDE = 16
LABELS = ["Black_Hair", "Blond_Hair", "Male"]
RIVALS = {"Black_Hair": ["Blond_Hair"], "Blond_Hair": ["Black_Hair"], "Male": []}
OPSET, IR = 18, 10
BYTE, FLOAT = TensorProto.UINT8, TensorProto.FLOAT
Rows = dict[str, dict[str, Any]]
Ports = Mapping[str, tuple[int, list[Any]]]


def repository() -> None:
    """Rows of every kind and their readers in the working directory."""
    rows: Rows = {}
    for index, (name, compression) in enumerate((("people-teacher", "none"), ("people-small", "resize"))):
        about = {**common(rows, name, "translation", "people", compression), "labels": LABELS, "rivals": RIVALS}
        save(name, "generator", translator(colours(len(LABELS), index)), about)
        about = common(rows, name.replace("people", "horses"), "directions", "horses", compression)
        for network, pair in (("forth", ("horse", "zebra")), ("back", ("zebra", "horse"))):
            way = {**about, "labels": ["horse", "zebra"], "from": pair[0], "to": pair[1]}
            save(str(about["row"]), network, inverter(0.5 + 0.1 * index + 0.2 * (network == "back")), way)
        about = {**common(rows, name.replace("people", "noise"), "synthesis", "noise", compression), "latent": "4"}
        save(str(about["row"]), "generator", painter(index), about)
        about = common(rows, name.replace("people", "digits"), "classification", "digits", compression)
        save(str(about["row"]), "classifier", classifier(index), {**about, "labels": ["zero", "one", "two"]})
    reader("people", LABELS, "attributes", [["Black_Hair", "Blond_Hair"]])
    reader("horses", ["horse", "zebra"], "domains", [])
    reader("digits", ["zero", "one", "two"], "classes", [])
    paths.RESULTS.joinpath("rows.json").write_text(json.dumps(rows), encoding="utf-8")


def common(rows: Rows, name: str, examination: str, problem: str, compression: str) -> dict[str, Any]:
    """What all files say of themselves, and what params say of their row."""
    rows.setdefault("exports", {})[name] = {"problem": problem, "source": name, "point": "", "seed": 0}
    rows.setdefault("variants", {})[name] = {"compression": compression, "problem": problem}
    macs = 46_300_000 if compression == "none" else 4_100_000
    about = {"row": name, "family": "drawn", "examination": examination, "problem": problem, "dataset": problem}
    return {**about, "resolution": str(SIDE), "macs": str(macs), "parameters": str(macs // 80), "rivals": {}}


def save(row: str, network: str, model: onnx.ModelProto, about: Mapping[str, Any]) -> None:
    """A network in its place."""
    file = paths.exported_networks(row) / f"{network}.onnx"
    write(file, model, {"network": network, **about})


def write(file: Path, model: onnx.ModelProto, about: Mapping[str, Any]) -> None:
    """A file that says what it is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    texts = {key: each if isinstance(each, str) else json.dumps(each) for key, each in about.items()}
    helper.set_model_props(model, texts)
    onnx.checker.check_model(model, full_check=True)
    file.write_bytes(model.SerializeToString())


def colours(labels: int, seed: int) -> np.ndarray[Any, Any]:
    """How much each label moves each colour."""
    return np.random.default_rng(seed).uniform(-90, 90, (labels, 3)).astype(np.float32)


def graph(nodes: Sequence[onnx.NodeProto], inputs: Ports, outputs: Ports, **constants: Any) -> onnx.ModelProto:  # noqa: ANN401
    """A model of nodes and constants."""
    kept = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    made = helper.make_graph(list(nodes), "drawn", ports(inputs), ports(outputs), kept)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)


def ports(named: Ports) -> list[onnx.ValueInfoProto]:
    """Inputs or outputs."""
    return [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in named.items()]


IMAGE: Ports = {"image": (BYTE, ["n", SIDE, SIDE, 3])}


def translator(moves: np.ndarray[Any, Any]) -> onnx.ModelProto:
    """Moves all colours by what changes of the labels."""
    width = len(moves)
    node = helper.make_node
    nodes = [
        node("Cast", ["image"], ["levels"], to=FLOAT),
        node("Sub", ["target", "source"], ["change"]),
        node("MatMul", ["change", "moves"], ["flat"]),
        node("Reshape", ["flat", "shape"], ["move"]),
        node("Add", ["levels", "move"], ["moved"]),
        node("Clip", ["moved", "low", "high"], ["kept"]),
        node("Cast", ["kept"], ["translated"], to=BYTE),
    ]
    vectors: Ports = {"source": (FLOAT, ["n", width]), "target": (FLOAT, ["n", width])}
    made: Ports = {"translated": (BYTE, ["n", SIDE, SIDE, 3])}
    ends = {"low": np.float32(0), "high": np.float32(255)}
    return graph(nodes, {**IMAGE, **vectors}, made, moves=moves, shape=np.array([-1, 1, 1, 3]), **ends)


def inverter(share: float) -> onnx.ModelProto:
    """Mixes a picture with its negative."""
    node = helper.make_node
    nodes = [
        node("Cast", ["image"], ["levels"], to=FLOAT),
        node("Mul", ["levels", "slope"], ["turned"]),
        node("Add", ["turned", "offset"], ["mixed"]),
        node("Cast", ["mixed"], ["translated"], to=BYTE),
    ]
    ends = {"slope": np.float32(1 - 2 * share), "offset": np.float32(255 * share)}
    return graph(nodes, IMAGE, {"translated": (BYTE, ["n", SIDE, SIDE, 3])}, **ends)


def painter(seed: int) -> onnx.ModelProto:
    """Images that are linear in latents."""
    node = helper.make_node
    nodes = [
        node("Mul", ["latent", "truncation"], ["short"]),
        node("MatMul", ["short", "paint"], ["flat"]),
        node("Reshape", ["flat", "shape"], ["levels"]),
        node("Add", ["levels", "grey"], ["lifted"]),
        node("Clip", ["lifted", "low", "high"], ["kept"]),
        node("Cast", ["kept"], ["image"], to=BYTE),
    ]
    paint = np.random.default_rng(seed).normal(0, 30, (4, SIDE * SIDE * 3)).astype(np.float32)
    ends = {"low": np.float32(0), "high": np.float32(255), "grey": np.float32(128)}
    given: Ports = {"latent": (FLOAT, ["n", 4]), "truncation": (FLOAT, [])}
    shape = np.array([-1, SIDE, SIDE, 3])
    return graph(nodes, given, {"image": (BYTE, ["n", SIDE, SIDE, 3])}, paint=paint, shape=shape, **ends)


def shades(last: str, output: str) -> list[onnx.NodeProto]:
    """What follows from the mean colour of a picture alone."""
    node = helper.make_node
    return [
        node("Cast", ["image"], ["levels"], to=FLOAT),
        node("ReduceMean", ["levels", "axes"], ["mean"], keepdims=0),
        node("Sub", ["mean", "grey"], ["shade"]),
        node("MatMul", ["shade", "weights"], ["logits"]),
        node(last, ["logits"], [output]),
    ]


def constants(labels: int, seed: int) -> dict[str, np.ndarray[Any, Any]]:
    """What `shades` weighs with."""
    weights = np.random.default_rng(seed).normal(0, 0.1, (3, labels)).astype(np.float32)
    return {"axes": np.array([1, 2]), "grey": np.array(128, np.float32), "weights": weights}


def classifier(seed: int) -> onnx.ModelProto:
    """Three classes of shades."""
    made: Ports = {"probabilities": (FLOAT, ["n", 3])}
    return graph(shades("Softmax", "probabilities"), IMAGE, made, **constants(3, seed))


def reader(dataset: str, labels: list[str], kind: str, exclusive: list[list[str]]) -> None:
    """A reader for which bright and dark pictures are strange."""
    node = helper.make_node
    last = "Sigmoid" if kind == "attributes" else "Softmax"
    nodes = [
        *shades(last, "labels"),
        node("Abs", ["shade"], ["far"]),
        node("ReduceMean", ["far", "colours"], ["mean_far"], keepdims=0),
        node("Div", ["mean_far", "reach"], ["strangeness"]),
    ]
    made: Ports = {"labels": (FLOAT, ["n", len(labels)]), "strangeness": (FLOAT, ["n"])}
    more = {"colours": np.array([1]), "reach": np.array(60, np.float32)}
    about = {
        "dataset": dataset,
        "labels": labels,
        "kind": kind,
        "exclusive": exclusive,
        "resolution": str(SIDE),
        "framing": {"crop": "centre", "resampling": "bilinear"},
    }
    write(paths.reader(dataset), graph(nodes, IMAGE, made, **constants(len(labels), 5), **more), about)
