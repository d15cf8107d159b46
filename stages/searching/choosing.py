"""What a search chooses under its budget, and what it is held against at equal multiply-accumulates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from stages.searching import spaces
from stages.searching.spaces import Costs, Widths

BEST, UNIFORM, RANDOM = "best", "uniform", "random"
ENUMERABLE, DRAWS = 4096, 2000
CONTROLS = 1 << 20
"""The stream of chance of controls, beside those of generations."""


class Unchoosable(ValueError):  # noqa: N818 - a reason, not a failure
    """A budget under which there is nothing to choose; the message says what to do."""


class Picks(NamedTuple):
    """The configurations that students can be made of, by name, and further ones to be trained alone."""

    named: Mapping[str, Widths]
    others: tuple[Widths, ...]


def names(random: int) -> tuple[str, ...]:
    """What a search with so many random controls picks."""
    return (BEST, UNIFORM, *(f"{RANDOM}{number}" for number in range(1, random + 1)))


def best(fitness: Mapping[Widths, float], costs: Costs, budget: float) -> Widths:
    """The configuration of least fitness within a budget."""
    within = [widths for widths in fitness if costs.of(widths) <= budget]
    if not within:
        least = min(map(costs.of, fitness))
        raise Unchoosable(f"no configuration costs at most {budget:.0f} MACs, the cheapest {least}; raise `budget`")
    return min(within, key=lambda widths: (fitness[widths], widths))


def candidates(costs: Costs, budget: float, seed: int) -> Iterable[Widths]:
    """Configurations in an order of chance: all of a small space, of a large one many that keep the budget."""
    random, space = spaces.chance(seed, CONTROLS), costs.space
    if len(space) <= ENUMERABLE:
        everything = list(space)
        return [everything[index] for index in random.permutation(len(everything))]
    drawn = (space.within(space.draw(random), lambda widths: costs.of(widths) <= budget, random) for _ in range(DRAWS))
    return unique(drawn)


def unique(drawn: Iterable[Widths]) -> Iterator[Widths]:
    """Each configuration when it comes first."""
    seen = set()
    for widths in drawn:
        if widths not in seen:
            seen.add(widths)
            yield widths


def controls(costs: Costs, budget: float, near: float, count: int, seed: int) -> list[Widths]:
    """One configuration more than so many, drawn from those within a share below the budget: one may be the best."""
    found: list[Widths] = []
    for widths in candidates(costs, budget, seed):
        if len(found) > count:
            break
        if (1 - near) * budget <= costs.of(widths) <= budget:
            found.append(widths)
    if count and len(found) <= count:
        told = f"{len(found)} configurations cost {1 - near:g} to 1 times {budget:.0f} MACs"
        raise Unchoosable(f"{told}, too few for {count} random ones beside the best; raise `near` or lower `random`")
    return found


def nearest(
    fitness: Mapping[Widths, float], costs: Costs, budget: float, count: int, but: Iterable[Widths]
) -> list[Widths]:
    """So many measured configurations whose cost is nearest to the budget, others than some."""
    left = [widths for widths in fitness if widths not in set(but)]
    return sorted(left, key=lambda widths: (abs(costs.of(widths) - budget), widths))[:count]


def picks(
    fitness: Mapping[Widths, float],
    drawn: list[Widths],
    costs: Costs,
    budget: float,
    random: int,
    alone: int,
) -> Picks:
    """The best, the uniform width, the random controls, and further ones."""
    chosen = best(fitness, costs, budget)
    others = [widths for widths in drawn if widths != chosen][:random]
    named = dict(zip(names(random), (chosen, costs.uniform(budget), *others), strict=True))
    return Picks(named, tuple(nearest(fitness, costs, budget, alone, named.values())))
