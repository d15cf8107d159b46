"""What a time depends on: of every row its network and its teacher's, whatever their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from stages.exporting import sources
from stages.learning import roles
from stages.learning.contracts import Family
from stages.settings import members, specs, sweeps
from stages.settings.rows import Params
from stages.settings.specs import Spec


@dataclass(frozen=True)
class Sizes:
    """A network and, for the ratio, its teacher's."""

    family: str
    spec: Spec
    teacher_spec: Spec

    @property
    def network(self) -> tuple[str, Any]:
        """What is timed."""
        return self.family, self.spec

    @property
    def teacher(self) -> tuple[str, Any]:
        """What it is compared with."""
        return self.family, self.teacher_spec

    @property
    def kept(self) -> str:
        """The name of what is timed: of the networks that are kept the first."""
        return roles.names(cast(Family, members.load("families", self.family)), "generator")[0]


def rows(settings: Params) -> dict[str, Sizes]:
    """The sizes of every row, of its first seed, which are those of all."""
    found = {}
    for name, row in sweeps.rows(settings).items():
        large, small = specs.of(row, settings)
        found[name] = Sizes(row.family, small, large)
    return found


def exported(settings: Params) -> dict[str, Sizes]:
    """The sizes of every exported row."""
    of_row = rows(settings) if settings.exports else {}
    return {name: of_row[sources.variant(row)] for name, row in settings.exports.items()}
