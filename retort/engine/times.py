"""How long items take on this machine, by the records of the machines on which they ran."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from retort.engine.graph import stage_of
from stages.settings import provenance, speed


@dataclass(frozen=True)
class Times:
    """The seconds that items need on this machine, by their last runs."""

    seconds: dict[str, float]
    elsewhere: frozenset[str]
    """Items whose seconds are another machine's, as no speed of theirs or of this one is known."""

    def of_another_machine(self, items: Iterable[str]) -> str:
        """What to say behind a time that is made of those of items."""
        foreign = self.elsewhere & set(items)
        return " on the machine that ran last; this one may need longer" if foreign else ""


def known() -> Times:
    """The seconds of all records, scaled to the speed of this machine where both speeds are known."""
    mine = speed.here()
    seconds: dict[str, float] = {}
    elsewhere = set()
    for item, (took, theirs) in provenance.records().items():
        if mine is not None and isinstance(theirs, int | float) and theirs > 0:
            seconds[item] = took * theirs / mine
        else:
            seconds[item] = took
            elsewhere.add(item)
    return Times(seconds, frozenset(elsewhere))


def by_stage(seconds: Mapping[str, float]) -> dict[str, float]:
    """The mean of each stage's items."""
    found: dict[str, list[float]] = {}
    for item, each in seconds.items():
        found.setdefault(stage_of(item), []).append(each)
    return {stage: sum(each) / len(each) for stage, each in found.items()}
