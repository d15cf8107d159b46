"""Power: how often a true difference would be shown, and the smallest that would be shown nearly always."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.stats import chi2, norm

from stages.findings import student

POWER = 0.8
POINTS = 4_000


@lru_cache(maxsize=256)
def deviations(degrees: float) -> Float[np.ndarray, " points"]:
    """A measured deviation over the true one, at evenly spaced shares of its distribution."""
    shares = (np.arange(POINTS) + 0.5) / POINTS
    return np.sqrt(chi2.ppf(shares, degrees) / degrees)


def power(shift: float, degrees: float, level: float) -> float:
    """How often Student's t leaves zero out, two-sided; `shift` is the true difference in standard errors.

    SciPy's noncentral t is not used: it fails where few degrees of freedom make bounds of hundreds.
    """
    bound = student.bound(level, degrees) * deviations(degrees)
    return float((norm.cdf(shift - bound) + norm.cdf(-shift - bound)).mean())


@lru_cache(maxsize=4096)
def detectable(degrees: float, level: float, wanted: float = POWER) -> float:
    """The true difference, in standard errors, that would be shown as often as wanted."""
    most = 4 * student.bound(level, degrees) + 10

    def short(shift: float) -> float:
        return power(shift, degrees, level) - wanted

    return float(brentq(short, 0.0, most))
