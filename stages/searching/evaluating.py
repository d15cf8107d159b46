"""How good configurations are, on validation latents and images: each measured once, and remembered on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from stages.learning import checkpoints, roles
from stages.learning.contracts import Family, Networks
from stages.measuring import judges, realities, synthesised
from stages.searching import slicing, spaces
from stages.searching.spaces import Widths
from stages.settings import paths
from stages.settings.atomic import write_atomically
from stages.settings.rows import SearchRow, TeacherRow
from stages.settings.specs import Spec
from stages.storage import prepared

LATENTS = 1
"""The seed of the latents of validation; the test has 0."""
BATCH, TRUNCATION, SAVE_EVERY = 100, 1.0, 8


class Validation:
    """Fréchet distance in the judge's features of so many images, of validation latents, to validation images."""

    def __init__(self, family: Family, teacher: TeacherRow, count: int, device: torch.device) -> None:
        data = prepared.read(paths.dataset(teacher.dataset))
        judge = judges.read_for(paths.judge(teacher.dataset), data.header).network.to(device)
        self.family: Any = family
        self.features, self.count, self.device = judge.features, count, device
        self.real = synthesised.real_moments(
            realities.held(data, "choosing"), self.features, batch=BATCH, device=device
        )

    def of(self, networks: Networks) -> float:
        """The fitness of trained networks; the less, the better."""
        latents = self.family.latents(networks, self.count, LATENTS)
        sample = synthesised.sampler(self.family, networks, TRUNCATION, self.device)
        return rounded(synthesised.fitness(sample, latents, self.real, self.features, batch=BATCH, device=self.device))


def rounded(number: float) -> float:
    """Six significant digits, so that what follows from a number also follows from what is written of it."""
    return float(f"{number:.6g}")


class Remembered:
    """A measure of configurations that keeps what it has found in a file, so that a killed search goes on."""

    def __init__(self, measure: Callable[[Widths], float], file: Path) -> None:
        self.measure, self.file = measure, file
        known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
        self.known: dict[Widths, float] = {tuple(widths): value for widths, value in known}
        self.unsaved = 0

    def __call__(self, widths: Widths) -> float:
        if widths not in self.known:
            self.known[widths] = self.measure(widths)
            self.unsaved += 1
            if self.unsaved >= SAVE_EVERY:
                self.save()
        return self.known[widths]

    def save(self) -> None:
        """Write down what is known."""
        write_atomically(self.file, json.dumps(list(self.known.items())).encode())
        self.unsaved = 0


def of_slices(row: SearchRow, family: Family, large: Spec, validation: Validation) -> Callable[[Widths], float]:
    """The fitness of configurations with the weights that they share."""
    wide = checkpoints.read(paths.wide(row.wide)).networks

    def fitness(widths: Widths) -> float:
        spec = spaces.spec_of(large, widths)
        kept = roles.names(family, "generator")
        return validation.of({name: slicing.cut(family, wide[name], name, spec) for name in kept})

    return fitness
