# ruff: noqa: E501 - rows are read as a table
"""Networks small enough to be exported in a test, of each family, and sound params of which rows are exported."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from stages.exporting import converting
from stages.exporting.contracts import Array, Arrays, Outside
from stages.exports import classification, directions, synthesis, translation
from stages.learning import checkpoints, roles
from stages.learning.contracts import Family, Networks
from stages.settings import members, params, paths, specs, sweeps
from stages.storage.prepared import to_tensor, to_uint8

SPECS: dict[str, dict[str, Any]] = {
    "stargan": {"labels": 3, "classes": 3, "resolution": 16, "width": 4, "blocks": 1, "critic_width": 2, "output": "gated", "condition": "difference"},
    "cyclegan": {"resolution": 16, "width": 4, "blocks": 1, "critic_width": 2, "critic_layers": 1, "output": "gated", "convolutions": "separable"},
    "pix2pix": {"resolution": 16, "width": 4, "critic_width": 2, "critic_layers": 1, "norm": "instance"},
    "stylegan2": {"resolution": 16, "widths": (8, 6, 4), "critic_widths": (2, 2, 2), "latent": 8, "mapping_layers": 1, "noise": True},
    "classifier": {"labels": 4, "classes": 4, "resolution": 8, "network": "convolutional", "filters": 4, "dense": 8},
    "backbone": {"labels": 2, "classes": 2, "resolution": 32, "network": "mobilenet_v2", "pretrained": "none", "width": 0.1, "depth": 0.1},
}  # fmt: skip
INNER = ("stargan", "cyclegan", "pix2pix", "stylegan2", "backbone")
"""Families whose networks have convolutions between the first and the last."""


@cache
def networks(family: str, seed: int = 0, **changes: Any) -> Networks:  # noqa: ANN401 - fields of a spec
    """The kept networks of a family, of chance, with numbers where they begin with zeros."""
    torch.manual_seed(seed)
    member = cast(Family, members.load("families", family))
    kept = roles.kept(member, member.build(member.Spec(**{**SPECS[family], **changes})))
    for network in kept.values():
        network.eval().requires_grad_(False)
        for parameter in network.parameters():
            if not parameter.any():
                parameter.copy_(torch.randn_like(parameter) / 4)
        if family == "backbone":
            settle(network)
    return kept


def settle(network: nn.Module) -> None:
    """Let batch norms take the statistics of some images: with those that they begin with no image differs from another."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    network.train()(to_tensor(given("backbone", 16, seed=1)["image"]))
    network.eval()


def given(family: str, count: int, seed: int = 0) -> Arrays:
    """Inputs of a family's first kept network."""
    random = np.random.default_rng(seed)
    side = SPECS[family]["resolution"]
    image = random.integers(0, 256, (count, side, side, 3), np.uint8)
    if family == "stylegan2":
        latent = random.standard_normal((count, SPECS[family]["latent"]), np.float32)
        return {"latent": latent, "truncation": np.array(0.6, np.float32)}
    if family == "stargan":
        vectors = random.integers(0, 2, (2, count, 3)).astype(np.float32)
        return {"image": image, "source": vectors[0], "target": vectors[1]}
    return {"image": image}


def outside(family: str, **changes: Any) -> Outside:  # noqa: ANN401 - fields of a spec
    """A family's first kept network as it is to be run elsewhere."""
    member: Any = members.load("families", family)
    kept = networks(family, **changes)
    name, network = next(iter(kept.items()))
    module: nn.Module
    if family == "stargan":
        module, output = translation.Translating(member, kept), "translated"
    elif family == "stylegan2":
        module, output = synthesis.Synthesising(member, kept), "image"
    elif family in ("cyclegan", "pix2pix"):
        module, output = directions.Translating(network), "translated"
    else:
        module, output = classification.Classifying(network), "probabilities"
    inputs = {key: torch.from_numpy(np.asarray(value)) for key, value in given(family, 2).items()}
    return Outside(name, module, inputs, output)


@cache
def float32(family: str) -> Any:  # noqa: ANN401 - a model of onnx, whose type costs an import
    """The graph of a family's first kept network."""
    return converting.float32(outside(family))


def original(family: str, inputs: Arrays) -> Array:
    """What the benchmark sees of a family's first kept network."""
    member: Any = members.load("families", family)
    kept = networks(family)
    tensors = {key: torch.from_numpy(np.asarray(value)) for key, value in inputs.items() if key != "image"}
    with torch.inference_mode():
        if family == "stylegan2":
            return to_uint8(member.sample(kept, tensors["latent"], float(inputs["truncation"])))
        image = to_tensor(inputs["image"])
        if family == "stargan":
            return to_uint8(member.translate(kept, image, tensors["source"], tensors["target"]))
        if family in ("cyclegan", "pix2pix"):
            second = torch.tensor([[0.0, 1.0]]).expand(len(image), -1)
            return to_uint8(member.translate(kept, image, 1 - second, second))
        seen = kept["classifier"].watch(image)  # type: ignore[operator] # a classifier
        return cast(Array, seen["classes"].softmax(dim=1).numpy())


TEXT = """\
run: {device: cpu, precision: float32, save_every: 2}
datasets:
  faces: {dataset: avatars, resolution: 16, settings: {labels: attributes, train: 24, validation: 8, test: 16, seed: 0}}
  horses: {dataset: scenes, resolution: 16, settings: {task: horse2zebra, train: 16, validation: 8, test: 10, seed: 0}}
  numbers: {dataset: digits, resolution: 8, settings: {validation: 100, test: 120, seed: 0}}
judges:
  faces: {dataset: faces, width: 8, steps: 4, batch: 8, learning_rate: 0.002, seed: 0}
  horses: {dataset: horses, width: 8, steps: 4, batch: 8, learning_rate: 0.002, seed: 0}
  numbers: {dataset: numbers, width: 8, steps: 4, batch: 8, learning_rate: 0.002, seed: 0}
schedules:
  short: {steps: 4, batch: 4, learning_rate: 0.001, critic_learning_rate: 0.001, betas: [0.5, 0.999], decay_from: 0.5, decay: linear, average: 0.9, flip: true}
teachers:
  large: {family: stargan, dataset: faces, partner: faces, labels: [Black_Hair, Blond_Hair, Male], partner_labels: [], spec: {width: 4, blocks: 2, critic_width: 4, output: gated, condition: difference}, losses: {cycle: 10.0, classification: 1.0, gradient_penalty: 10.0}, play: &play {critic_steps: 1, targets: permuted, augment: none}, schedule: short, seed: 0}
  herd: {family: cyclegan, dataset: horses, partner: horses, labels: [horse, zebra], partner_labels: [], spec: {width: 4, blocks: 2, critic_width: 4, critic_layers: 1}, losses: {cycle: 2.0, identity: 1.0}, play: {}, schedule: short, seed: 0}
  drawn: {family: stylegan2, dataset: faces, partner: faces, labels: [Male], partner_labels: [], spec: {widths: [8, 6, 4], critic_widths: [4, 4, 4], latent: 8, mapping_layers: 1, noise: false}, losses: {r1: 0.1, path_length: 0.0}, play: &alone {mixing: 0.0, r1_every: 4, path_every: 4}, schedule: short, seed: 0}
  big: {family: classifier, dataset: numbers, partner: numbers, labels: [zero, one, two, three, four, five, six, seven, eight, nine], partner_labels: [], spec: {network: convolutional, filters: 4, dense: 16, hidden: 8}, losses: {}, play: {}, schedule: short, seed: 0}
_none: &none {distill: {generator: none, discriminator: none}, pace: {generator: constant, discriminator: constant}, compression: resize, schedule: short, seeds: [0, 1]}
_large: &large {teacher: large, family: stargan, dataset: faces, partner: faces, examination: translation, problem: faces}
_herd: &herd {teacher: herd, family: cyclegan, dataset: horses, partner: horses, examination: directions, problem: horses}
_drawn: &drawn {teacher: drawn, family: stylegan2, dataset: faces, partner: faces, examination: synthesis, problem: drawn}
_big: &big {teacher: big, family: classifier, dataset: numbers, partner: numbers, examination: classification, problem: numbers}
variants:
  plain: {<<: [*none, *large], student: {width: 2}, play: *play}
  pony: {<<: [*none, *herd], student: {width: 2}, play: {}}
  doodle: {<<: [*none, *drawn], student: {widths: [4, 4, 2]}, play: *alone}
sweeps:
  digits: {<<: [*none, *big], student: {network: perceptron}, play: {}, points: {none: {}, kd: {distill: {generator: soft_labels, discriminator: none}, grid: {alpha: [1.0], temperature: [2, 4]}}}}
evaluation:
  translation: {extractor: judge, batch: 16, images: 16, resamples: 100, seed: 0, metrics: {pixels: {}}}
  directions: {extractor: judge, batch: 16, images: 16, resamples: 100, seed: 0, metrics: {pixels: {}}}
  synthesis: {extractor: judge, batch: 16, images: 24, resamples: 100, seed: 0, truncation: 0.8, metrics: {fid: {allow_small_samples: true}}}
  classification: {batch: 16, resamples: 100, seed: 0, metrics: {classification: {}}}
exports:
  plain: {<<: *large, source: plain, seed: 0}
  pony: {<<: *herd, source: pony, seed: 1}
  doodle: {<<: *drawn, source: doodle, seed: 0}
  digits-kd-alpha1-temperature4: {<<: *big, source: digits, point: kd-alpha1-temperature4, seed: 0}
latency: {batches: [1], repeats: 3, warmup: 1}
"""
DIGITS = "digits-kd-alpha1-temperature4"


def lay_weights(row: str, seed: int) -> None:
    """Networks of chance where a trained row would have left its own."""
    settings = params.read()
    trained = sweeps.rows(settings)[row]
    _, small = specs.of(trained, settings)
    torch.manual_seed(seed)
    family = cast(Family, members.load("families", trained.family))
    made = roles.kept(family, family.build(small))
    for network in made.values():
        for parameter in network.parameters():
            if not parameter.any():
                nn.init.normal_(parameter, 0.0, 0.1)
    content = checkpoints.serialise(trained.family, small, made, {"precision": "float32"})
    file = paths.student(row, seed)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def digest(family: str) -> str:
    """The SHA-256 of a family's file."""
    return hashlib.sha256(converting.described(float32(family), {"row": family})).hexdigest()


if __name__ == "__main__":
    print(digest(sys.argv[1]))
