"""Rows of the family that only the tests have: a teacher, and students of every compression."""

from __future__ import annotations

import re

PARAMS = """\
run: {device: cpu, precision: float32, save_every: 5}
datasets:
  faces: {dataset: avatars, resolution: 16, settings: {labels: attributes, train: 24, validation: 8, test: 16, seed: 0}}
judges:
  faces: {dataset: faces, width: 8, steps: 4, batch: 8, learning_rate: 0.002, seed: 0}
schedules:
  long:      &one {steps: 300, batch: 4, learning_rate: 0.001, critic_learning_rate: 0.001, betas: [0.5, 0.999],
                   decay_from: 0.5, decay: linear, average: 0.9, flip: true}
  short:     {<<: *one, steps: 10}
  last:      {<<: *one, steps: 10, average: 0.0}
  untrained: {<<: *one, steps: 0, average: 0.0}
teachers:
  strange:
    family: exotic
    dataset: faces
    partner: faces
    labels: [Male]
    partner_labels: []
    spec: {width: 8, blocks: 3, critic_width: 4}
    losses: {cycle: 5.0}
    play: {pool: 8}
    schedule: long
    seed: 0
_row: &row
  teacher: strange
  family: exotic
  dataset: faces
  partner: faces
  examination: translation
  problem: strange
  play: {pool: 8}
  distill: {generator: none, discriminator: none}
  pace: {generator: constant, discriminator: constant}
  schedule: short
  seeds: [0]
variants:
  strange-teacher: {<<: *row, compression: none, student: {}, schedule: untrained}
  strange-none:    {<<: *row, compression: resize, student: {width: 4, blocks: 2}}
  strange-last:    {<<: *row, compression: resize, student: {width: 4, blocks: 2}, schedule: last}
  strange-prune:   {<<: *row, compression: prune, student: {width: 4, blocks: 2}}
  strange-inherit: {<<: *row, compression: inherit, student: {blocks: 1}, compression_settings: {freeze: false}}
  strange-taught:
    <<: *row
    compression: resize
    student: {width: 4, blocks: 2}
    distill: {generator: euclidean, discriminator: attention}
    generator_lesson: {match: {forth.res2: forth.res1, forth.image: forth.image}, weight: 10.0}
    discriminator_lesson: {match: {back_critic.trunk: back_critic.trunk}, weight: 1.0}
    pace: {generator: linear, discriminator: constant}
    evidence: 5
wides: {}
searches: {}
chosen: {}
exports: {}
sweeps: {}
evaluation:
  translation:
    extractor: judge
    batch: 16
    images: 16
    resamples: 100
    seed: 0
    metrics:
      pixels: {}
      attributes: {}
      lpips: {network: judge}
      fid: {allow_small_samples: true}
      kid: {subsets: 2, subset_images: 8}
latency: {batches: [1], repeats: 3, warmup: 1}
"""
STUDENTS = re.findall(r"^  (strange-\w+):", PARAMS, re.MULTILINE)
SHORT = PARAMS.replace("steps: 300,", "steps: 10,")
"""The same, its teacher trained for a moment."""
