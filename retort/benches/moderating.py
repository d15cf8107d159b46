"""Variances of rows that scatter unlike: each is taken from its row, and from the others by as much as these are alike.

Rows' variances are held for draws of one distribution: `middle` times `degrees` over a chi square of so many degrees.
Which one is found from the mean and the variance of their logarithms (Smyth 2004, doi:10.2202/1544-6115.1027). What the
others say of a row then counts like so many seeds more: none where nothing can be learnt from one row for another, all
where they scatter alike.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.special import digamma, polygamma

ALIKE = 1e4
"""Degrees of freedom from which on all rows scatter alike."""
SMALLEST = 1e-3
"""Share of the middle variance below which none is believed: few images can give the same count in every seed."""

HALVES = np.geomspace(ALIKE / 2, 1e-3, 4001)
EXCESS = polygamma(1, HALVES)
"""How much the logarithms of variances vary that have twice so many degrees, beyond what few seeds make them."""


def spread(
    variances: Float[np.ndarray, "*families rows"], degrees: Float[np.ndarray, " rows"]
) -> tuple[Float[np.ndarray, "*families"], Float[np.ndarray, "*families"]]:
    """Degrees and middle of the distribution that measured variances with these degrees of freedom come from."""
    seen = np.where(variances > 0, variances, np.nan)
    some = np.asarray((variances > 0).any(axis=-1, keepdims=True))
    typical = np.nanmedian(np.where(some, seen, 1.0), axis=-1, keepdims=True)
    logs = np.log(np.maximum(variances, SMALLEST * typical)) - digamma(degrees / 2) + np.log(degrees / 2)
    rows = variances.shape[-1]
    varied = logs.var(axis=-1, ddof=1) if rows > 1 else np.zeros(variances.shape[:-1])
    more = varied - polygamma(1, degrees / 2).mean()
    half = np.exp(np.interp(np.log(np.maximum(more, EXCESS[0])), np.log(EXCESS), np.log(HALVES)))
    middle = np.exp(logs.mean(axis=-1) + digamma(half) - np.log(half))
    pooled = (variances * degrees).sum(axis=-1) / degrees.sum()
    return 2 * half, np.where(more <= EXCESS[0], pooled, np.where(some[..., 0], middle, 0.0))


def moderated(
    variances: Float[np.ndarray, "*families rows"], degrees: Float[np.ndarray, " rows"]
) -> tuple[Float[np.ndarray, "*families rows"], Float[np.ndarray, "*families rows"]]:
    """The variance of each row as it and the others say, and with how many degrees of freedom; degrees may be zero."""
    own = degrees > 0
    others, middle = (each[..., None] for each in spread(variances[..., own], degrees[own]))
    return (others * middle + degrees * variances) / (others + degrees), others + degrees
