# ruff: noqa: E501 - rows are read as a table
"""The smallest sound params with a search, as text to break and as a start for tests of its stages."""

from __future__ import annotations

import json

from ruamel.yaml import YAML

from stages.searching import choosing
from stages.settings import paths, specs
from stages.settings.params import sections
from stages.settings.rows import Params

TEXT = """\
run: {device: cpu, precision: float32, save_every: 2}
datasets:
  faces: {dataset: avatars, resolution: 16, settings: {labels: attributes, train: 64, validation: 96, test: 64, seed: 0}}
judges:
  faces: {dataset: faces, width: 4, steps: 4, batch: 8, learning_rate: 0.002, seed: 0}
schedules:
  short: {steps: 6, batch: 4, learning_rate: 0.002, critic_learning_rate: 0.002, betas: [0.0, 0.99], decay_from: 0.5, decay: linear, average: 0.9, flip: true}
teachers:
  large: {family: stylegan2, dataset: faces, partner: faces, labels: [Male, Young], partner_labels: [], spec: {widths: [8, 6, 4], critic_widths: [4, 4, 4], latent: 8, mapping_layers: 1, noise: false}, losses: {r1: 0.1, path_length: 2.0}, play: &play {mixing: 0.0, r1_every: 4, path_every: 4, fakes: same}, schedule: short, seed: 0}
_taught: &taught {teacher: large, family: stylegan2, dataset: faces, partner: faces, play: *play, distill: {generator: image, discriminator: none}, generator_lesson: {weight: 1.0, norm: 1}, pace: {generator: constant, discriminator: constant}, schedule: short}
wides:
  wide: {<<: *taught, space: {widths: [0.5, 1.0]}, seed: 0}
searches:
  half: {<<: *taught, wide: wide, compression: resize, student: {}, budget: 0.6, near: 0.5, images: 96, random: 1, alone: 1, seed: 0}
variants:
  plain: {<<: *taught, examination: synthesis, compression: resize, student: {widths: [4, 3, 2]}, seeds: [0], problem: two}
chosen:
  best: {<<: *taught, examination: synthesis, compression: resize, student: {chosen: half, pick: best}, seeds: [0], problem: two}
evaluation:
  synthesis: {extractor: judge, batch: 32, images: 64, resamples: 100, seed: 0, metrics: {fid: {allow_small_samples: true}}}
latency: {batches: [1], repeats: 3, warmup: 1}
"""


def params(text: str = TEXT) -> Params:
    """The rows of such a text, not held against each other."""
    return Params.model_validate(sections(YAML(typ="safe").load(text)))


def choose(settings: Params) -> None:
    """Write what searches would: every pick has half of the teacher's widths."""
    for name, row in settings.searches.items():
        large = specs.of_teacher(settings.teachers[row.teacher], settings)
        pick = {"widths": [max(1, width // 2) for width in large.channels()]}  # type: ignore[attr-defined] # a StyleGAN2
        paths.choice(name).parent.mkdir(parents=True, exist_ok=True)
        content = {"search": name, "picks": dict.fromkeys(choosing.names(row.random), pick)}
        paths.choice(name).write_text(json.dumps(content), encoding="utf-8")
