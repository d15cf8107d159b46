"""Spaces of widths: at each side of a network one of some shares of what its teacher has there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import torch

from stages.learning import counting, roles
from stages.learning.contracts import Family, Unsupported
from stages.settings import specs
from stages.settings.specs import Spec

Widths = tuple[int, ...]
"""A configuration: the channels at each side, from the smallest side up."""

NEEDED = ("SHARED", "coupled_channels", "latents", "readings", "sample")
STREAM = 2 << 32
"""Apart from the streams that batches are drawn from."""


def demand(family: Family, large: Spec) -> None:
    """Refuse a family whose networks have no widths to be searched."""
    missing = [name for name in NEEDED if not hasattr(family, name)]
    if not hasattr(large, "widths") or not hasattr(large, "channels"):
        missing.append("a spec with widths")
    if missing:
        raise Unsupported(f"{family.__name__} offers no {' and no '.join(missing)}, so its widths cannot be searched")


def narrowed(width: int, share: float) -> int:
    """A share of a width, to the nearest channel."""
    return max(1, math.floor(width * share + 0.5))


def chance(seed: int, step: int) -> np.random.Generator:
    """What is random about a step of a search, from (seed, step) alone."""
    return np.random.Generator(np.random.Philox(key=np.array([seed + STREAM, step], np.uint64)))


class TooLarge(ValueError):  # noqa: N818 - a reason, not a failure
    """A budget that no configuration keeps."""


@dataclass(frozen=True)
class Space:
    """The choices at each side, ascending."""

    choices: tuple[Widths, ...]

    @property
    def largest(self) -> Widths:
        """The teacher's own widths."""
        return tuple(each[-1] for each in self.choices)

    @property
    def smallest(self) -> Widths:
        """The least of each side."""
        return tuple(each[0] for each in self.choices)

    def __len__(self) -> int:
        return math.prod(map(len, self.choices))

    def __iter__(self) -> Iterator[Widths]:
        return product(*self.choices)

    def __contains__(self, widths: object) -> bool:
        return (
            isinstance(widths, tuple)
            and len(widths) == len(self.choices)
            and all(width in each for width, each in zip(widths, self.choices, strict=True))
        )

    def draw(self, random: np.random.Generator) -> Widths:
        """A configuration, each as likely as any other."""
        return tuple(each[random.integers(len(each))] for each in self.choices)

    def within(self, widths: Widths, allowed: Callable[[Widths], bool], random: np.random.Generator) -> Widths:
        """A configuration, made narrower at sides of chance until it keeps a budget."""
        while not allowed(widths):
            wider = [side for side, width in enumerate(widths) if width > self.smallest[side]]
            if not wider:
                raise TooLarge("even the narrowest configuration exceeds the budget; write a larger one")
            side = wider[random.integers(len(wider))]
            less = max(width for width in self.choices[side] if width < widths[side])
            widths = (*widths[:side], less, *widths[side + 1 :])
        return widths

    def uniform(self, share: float) -> Widths:
        """One share of all sides, which need not be among the choices."""
        return tuple(narrowed(width, share) for width in self.largest)


def of(large: Spec, shares: Sequence[float]) -> Space:
    """The space of a teacher's spec."""
    channels: Widths = large.channels()  # type: ignore[attr-defined] # demanded of the family
    return Space(tuple(tuple(sorted({narrowed(width, share) for share in shares})) for width in channels))


def spec_of(large: Spec, widths: Widths) -> Spec:
    """The spec of a configuration."""
    return specs.shrink(large, {"widths": widths})


@cache
def macs(family: Family, spec: Spec) -> int:
    """Multiply-accumulates of the networks of a spec that are kept, for one image."""
    with torch.device("meta"):
        networks, inputs = family.example(asdict(spec))
        return sum(counting.of_pass(networks[name], inputs[name])["macs"] for name in roles.names(family, "generator"))


class Costs:
    """Multiply-accumulates of configurations for one image, by the input rule.

    A layer reads one side and writes the same or the next, so that the cost of any configuration follows from those in
    which all sides but two neighbours are at their least; each of these is counted once.
    """

    def __init__(self, family: Family, large: Spec, space: Space) -> None:
        self.family, self.large, self.space = family, large, space
        self.counted = cache(self.whole)

    def of(self, widths: Widths) -> int:
        """Of a configuration, by parts where it is of the space."""
        if widths not in self.space or len(widths) < 2:
            return self.counted(widths)
        sides = range(len(widths))
        pairs = sum(self.counted(self.only(widths, side, side + 1)) for side in sides[:-1])
        return pairs - sum(self.counted(self.only(widths, side)) for side in sides[1:-1])

    def only(self, widths: Widths, *kept: int) -> Widths:
        """The smallest configuration with some sides of another."""
        return tuple(widths[side] if side in kept else least for side, least in enumerate(self.space.smallest))

    def whole(self, widths: Widths) -> int:
        """Of any widths, as a whole."""
        return macs(self.family, spec_of(self.large, widths))  # type: ignore[arg-type] # a module can be hashed

    def uniform(self, budget: float) -> Widths:
        """The widest network of one share of all sides within a budget: its share is found by halving."""
        space, low, high = self.space, 0.0, 1.0
        while len({space.uniform(low), space.uniform(high), space.uniform((low + high) / 2)}) > 1 and high - low > TINY:
            middle = (low + high) / 2
            low, high = (middle, high) if self.of(space.uniform(middle)) <= budget else (low, middle)
        return space.uniform(high if self.of(space.uniform(high)) <= budget else low)


TINY = 1e-6


def described(widths: Any) -> str:  # noqa: ANN401 - any sequence of numbers
    """Widths as titles have them."""
    return "-".join(map(str, widths))
