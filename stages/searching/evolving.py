"""Evolution of configurations under a budget, for spaces too large to enumerate (Cai et al., ICLR 2020, 1908.09791).

Parents, mutated parents and children of two parents make the next population, and each of them stays in it: published
searches of GANs measure the children and then leave them out. Whoever exceeds the budget is made narrower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from stages.searching import spaces
from stages.searching.spaces import Space, Widths
from stages.settings.rows import Evolution


def evolve(
    space: Space,
    fitness: Callable[[Widths], float],
    allowed: Callable[[Widths], bool],
    settings: Evolution,
    seed: int,
) -> dict[Widths, float]:
    """The fitness of all configurations that were looked at; the less, the better."""
    found: dict[Widths, float] = {}
    population = list(first(space, allowed, settings, seed))
    for generation in range(1, settings.generations + 1):
        found |= {widths: fitness(widths) for widths in dict.fromkeys(population) if widths not in found}
        population = list(following(space, ranked(population, found), allowed, settings, seed, generation))
    return found | {widths: fitness(widths) for widths in dict.fromkeys(population) if widths not in found}


def ranked(population: list[Widths], found: dict[Widths, float]) -> list[Widths]:
    """The different configurations of a population, the best first."""
    return sorted(dict.fromkeys(population), key=lambda widths: (found[widths], widths))


def first(space: Space, allowed: Callable[[Widths], bool], settings: Evolution, seed: int) -> Iterator[Widths]:
    """A population drawn at random."""
    random = spaces.chance(seed, 0)
    for _ in range(settings.population):
        yield space.within(space.draw(random), allowed, random)


def following(
    space: Space,
    best: list[Widths],
    allowed: Callable[[Widths], bool],
    settings: Evolution,
    seed: int,
    generation: int,
) -> Iterator[Widths]:
    """The next population, of configurations sorted by their fitness."""
    random = spaces.chance(seed, generation)
    parents = best[: max(2, round(settings.parents * settings.population))]
    mutated = round(settings.mutated * settings.population)
    yield from parents
    for _ in range(mutated):
        yield space.within(mutate(space, any_of(parents, random), settings.chance, random), allowed, random)
    for _ in range(settings.population - len(parents) - mutated):
        child = cross(any_of(parents, random), any_of(parents, random), random)
        yield space.within(child, allowed, random)


def any_of(parents: list[Widths], random: np.random.Generator) -> Widths:
    """One of the parents."""
    return parents[random.integers(len(parents))]


def mutate(space: Space, parent: Widths, chance: float, random: np.random.Generator) -> Widths:
    """A parent of which each side changes with some chance."""
    changes = random.random(len(parent)) < chance
    return tuple(new if change else old for new, old, change in zip(space.draw(random), parent, changes, strict=True))


def cross(one: Widths, other: Widths, random: np.random.Generator) -> Widths:
    """A child that has each side of either parent."""
    return tuple(a if first else b for a, b, first in zip(one, other, random.random(len(one)) < 0.5, strict=True))
