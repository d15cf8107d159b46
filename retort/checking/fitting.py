"""Whether rows are examined in a way that is meant for their networks and data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retort.checking.datasets import Sources
from retort.checking.sentences import Problem
from stages.learning import roles
from stages.settings import members
from stages.settings.rows import VariantRow
from stages.settings.specs import Spec


def check(path: str, row: VariantRow, large: Spec, known: Sources) -> Iterator[Problem]:
    """What the examination of a row asks of its family, networks and data, and does not find."""
    if row.examination not in members.names("examinations"):
        return
    lacking = list(missing(row.examination, row, large, known))
    if lacking:
        fit = [name for name in members.names("examinations") if not list(missing(name, row, large, known))]
        remedy = f"write {' or '.join(fit)}" if fit else "no examination is meant for this row"
        yield Problem(f"{path}.examination", f"{row.examination!r} {' and '.join(lacking)}; {remedy}")


def missing(examination: str, row: VariantRow, large: Spec, known: Sources) -> Iterator[str]:
    """What one examination does not find."""
    member: Any = members.load("examinations", examination)
    family: Any = members.load("families", row.family)
    absent = [name for name in member.ASKS if not hasattr(family, name)]
    if absent:
        yield f"needs a family that offers {', '.join(absent)}, which {row.family} does not"
    kept = roles.names(family, "generator")
    unseen = [tap for tap in member.WATCHES if any(tap not in family.taps(large, network) for network in kept)]
    if unseen:
        yield f"looks at {', '.join(unseen)} of networks, which those of {row.family} do not have"
    for name in dict.fromkeys((row.dataset, row.partner)):
        if name in known and known[name].kind not in member.KINDS:
            yield f"judges {', '.join(member.KINDS)}, and data set {name!r} holds {known[name].kind}"
