"""What a search chooses under its budget, and what it is held against at equal multiply-accumulates.

The best may cost much less than the budget allows, so its controls cost what it does.
"""

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


def candidates(costs: Costs, most: float, seed: int) -> Iterable[Widths]:
    """Configurations in an order of chance: all of a small space, of a large one many that cost at most so much."""
    random, space = spaces.chance(seed, CONTROLS), costs.space
    if len(space) <= ENUMERABLE:
        everything = list(space)
        return [everything[index] for index in random.permutation(len(everything))]
    drawn = (space.within(space.draw(random), lambda widths: costs.of(widths) <= most, random) for _ in range(DRAWS))
    return unique(drawn)


def unique(drawn: Iterable[Widths]) -> Iterator[Widths]:
    """Each configuration when it comes first."""
    seen = set()
    for widths in drawn:
        if widths not in seen:
            seen.add(widths)
            yield widths


def controls(costs: Costs, chosen: Widths, near: float, count: int, seed: int) -> list[Widths]:
    """So many others drawn from the configurations that cost what the chosen one does, within a share of it."""
    target = costs.of(chosen)
    found: list[Widths] = []
    for widths in candidates(costs, (1 + near) * target, seed):
        if len(found) == count:
            break
        if widths != chosen and abs(costs.of(widths) - target) <= near * target:
            found.append(widths)
    if len(found) < count:
        told = f"{len(found)} other configurations cost {1 - near:g} to {1 + near:g} times the {target} MACs"
        raise Unchoosable(
            f"{told} of {spaces.described(chosen)}, too few for {count} random ones; raise `near` or lower `random`"
        )
    return found


def nearest(
    fitness: Mapping[Widths, float], costs: Costs, count: int, chosen: Widths, but: set[Widths]
) -> list[Widths]:
    """So many measured configurations, others than some, whose cost is nearest to that of the chosen one."""
    left, target = [widths for widths in fitness if widths not in but], costs.of(chosen)
    return sorted(left, key=lambda widths: (abs(costs.of(widths) - target), widths))[:count]


def picks(fitness: Mapping[Widths, float], chosen: Widths, drawn: list[Widths], costs: Costs, alone: int) -> Picks:
    """The best, the uniform width at most as costly, the random controls, and further ones."""
    named = dict(zip(names(len(drawn)), (chosen, costs.uniform(costs.of(chosen)), *drawn), strict=True))
    return Picks(named, tuple(nearest(fitness, costs, alone, chosen, set(named.values()))))
