"""Whether every factor alone is as frequent as the drawing program's law says.

Of a category with the known chances p and the shares q that a reader sees, q = Cᵀ p̂ is solved for p̂, where C holds the
chance of reading a value, given the true one, on real images held out; p̂ is moved to the nearest shares that are not
negative. `tv_marginal` is the mean over categories of ½ Σ |p̂ − p|, `frequency_gap` the mean of |p̂ − p| over the values
of the categories whose cells are counted, a category of two values counting once.

Of a trait every reading is replaced by its rank among those of real images held out, u from 0 to 1: where the law is
kept, u is uniform, whatever the reader's scale. `w1_traits` is the mean over traits of the Wasserstein-1 distance of u
to the uniform law, (1/n) Σ |u₍ᵢ₎ − (i − ½)/n|, in shares of the trait's range. Traits that the reader does not follow
are left out.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from stages.measuring import readings
from stages.measuring.columns import Column
from stages.measuring.contracts import Read

NEEDS = "factors"
COLUMNS = {
    "tv_marginal": Column(
        "min", "", "TV of marginals", "mean over categories of the total variation of their shares to the known ones"
    ),
    "frequency_gap": Column("min", "", "gap of frequencies", "mean over attributes of |share − known share|"),
    "w1_traits": Column(
        "min",
        "",
        "W1 of traits",
        "mean over traits of the Wasserstein-1 distance to their law; 1 is their range",
    ),
}


def measure(given: Read) -> dict[str, float]:
    """All three; no distance of traits where the reader follows none."""
    gaps = {name: shares(given, name) - readings.known(given.law, [name]) for name in given.law.categories}
    counted = torch.cat([gaps[name][-1:] if len(gaps[name]) == 2 else gaps[name] for name in given.law.cells])
    traits = [
        wasserstein(readings.ranks(given.found.traits[:, place], given.real.traits[:, place]))
        for place in given.mistakes.followed
    ]
    found = {
        "tv_marginal": sum(float(gap.abs().sum()) for gap in gaps.values()) / (2 * len(gaps)),
        "frequency_gap": float(counted.abs().mean()),
    }
    return found | ({"w1_traits": sum(traits) / len(traits)} if traits else {})


def shares(given: Read, name: str) -> Float[Tensor, " k"]:
    """The shares of a category's values, corrected."""
    return readings.corrected(readings.shares(given.found, given.law, [name]), given.mistakes.confusions, [name])


def wasserstein(values: Float[Tensor, " n"]) -> float:
    """The distance of values from 0 to 1 to the uniform law, which n values evenly spaced stand for."""
    even = (torch.arange(len(values), dtype=torch.float64) + 0.5) / len(values)
    return float((values.double().sort().values - even).abs().mean())
