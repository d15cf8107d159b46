# ruff: noqa: E501 - rows are read as a table
"""The smallest sound params, as text to break and as a start for tests of the stages."""

from __future__ import annotations

TEXT = """\
run: {device: cpu, precision: float32, save_every: 2}
datasets:
  faces: {dataset: avatars, resolution: 16, settings: {labels: attributes, train: 24, validation: 8, test: 16, seed: 0}}
judges:
  faces: {dataset: faces, width: 8, steps: 4, batch: 8, learning_rate: 0.002, seed: 0}
schedules:
  short: {steps: 4, batch: 4, learning_rate: 0.001, critic_learning_rate: 0.001, betas: [0.5, 0.999], decay_from: 0.5, decay: linear, average: 0.9, flip: true}
  untrained: {steps: 0, batch: 4, learning_rate: 0.001, critic_learning_rate: 0.001, betas: [0.5, 0.999], decay_from: 0.5, decay: linear, average: 0.0, flip: true}
teachers:
  large: {family: stargan, dataset: faces, partner: faces, labels: [Male, Young], partner_labels: [], spec: {width: 4, blocks: 6, critic_width: 4, output: gated}, losses: {cycle: 10.0, classification: 1.0, gradient_penalty: 10.0}, play: {critic_steps: 1, targets: permuted, augment: none}, schedule: short, seed: 0}
_none: &none {family: stargan, dataset: faces, partner: faces, examination: translation, play: {critic_steps: 1, targets: permuted, augment: none}, distill: {generator: none, discriminator: none}, pace: {generator: constant, discriminator: constant}, problem: two}
variants:
  teacher: {<<: *none, teacher: large, compression: none, student: {}, schedule: untrained, seeds: [0]}
  plain: {<<: *none, teacher: large, compression: resize, student: {width: 2, blocks: 3}, schedule: short, seeds: [0, 1]}
  taught: {<<: *none, teacher: large, compression: resize, student: {width: 2, blocks: 3}, distill: {generator: euclidean, discriminator: euclidean}, generator_lesson: {match: {res5: res2, image: image}, weight: 10.0}, discriminator_lesson: {match: {trunk: trunk}, weight: 10.0}, schedule: short, seeds: [0, 1]}
evaluation:
  translation: {extractor: judge, batch: 16, images: 16, resamples: 100, seed: 0, metrics: {pixels: {}, attributes: {}, lpips: {network: judge}, fid: {allow_small_samples: true}, kid: {subsets: 4, subset_images: 8}, diversity: {neighbours: 3}}}
latency: {batches: [1], repeats: 3, warmup: 1}
"""
