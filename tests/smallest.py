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
  short: {steps: 4, batch: 4, critic_steps: 1, learning_rate: 0.001, critic_learning_rate: 0.001, betas: [0.5, 0.999], decay_from: 0.5, decay: linear, average: 0.9, flip: true, targets: permuted, augment: none}
  untrained: {steps: 0, batch: 4, critic_steps: 1, learning_rate: 0.001, critic_learning_rate: 0.001, betas: [0.5, 0.999], decay_from: 0.5, decay: linear, average: 0.0, flip: true, targets: permuted, augment: none}
teachers:
  large: {family: stargan, dataset: faces, partner: faces, labels: [Male, Young], partner_labels: [], spec: {width: 4, blocks: 6, critic_width: 4, output: gated}, losses: {cycle: 10.0, classification: 1.0, gradient_penalty: 10.0}, schedule: short, seed: 0}
variants:
  teacher: {teacher: large, family: stargan, dataset: faces, partner: faces, compression: none, student: {}, distill: {generator: none, discriminator: none}, schedule: untrained, seeds: [0], problem: two}
  plain: {teacher: large, family: stargan, dataset: faces, partner: faces, compression: resize, student: {width: 2, blocks: 3}, distill: {generator: none, discriminator: none}, schedule: short, seeds: [0, 1], problem: two}
  taught: {teacher: large, family: stargan, dataset: faces, partner: faces, compression: resize, student: {width: 2, blocks: 3}, distill: {generator: euclidean, discriminator: euclidean}, generator_lesson: {match: {res5: res2, image: image}, weight: 10.0}, discriminator_lesson: {match: {trunk: trunk}, weight: 10.0}, schedule: short, seeds: [0, 1], problem: two}
evaluation: {extractor: judge, lpips: judge, batch: 16, images: 16, subsets: 4, subset_images: 8, neighbours: 3, resamples: 100, allow_small_samples: true, seed: 0}
latency: {batches: [1], repeats: 3, warmup: 1}
"""
