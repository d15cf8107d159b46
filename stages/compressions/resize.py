"""A smaller spec with fresh weights: fewer channels, fewer blocks, cheaper convolutions."""

from __future__ import annotations

from stages.learning.contracts import Family, Networks
from stages.settings.specs import Spec

FRESH = True


def make_student(family: Family, teacher: Networks, large: Spec, small: Spec) -> Networks:  # noqa: ARG001 - the contract
    """Networks of the smaller spec, freshly initialised."""
    return family.build(small)
