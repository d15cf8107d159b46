"""A pace by the name that params give it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from stages.learning.contracts import Pace
from stages.learning.pacing import Following, Paced
from stages.settings import members

CONSTANT = "constant"


def of(name: str, settings: Mapping[str, Any]) -> Paced | Following:
    """The pace called `name`, ready to weigh a lesson."""
    member = cast(Pace, members.load("paces", name))
    return member.module(**settings) if member.FEEDBACK else Paced(member.weight, settings)  # type: ignore[attr-defined]
