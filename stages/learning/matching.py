"""Pairs of taps that a lesson's `match` names: the teacher's on the left, the student's on the right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stages.learning.contracts import Need, Side


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """Both taps of each pair."""
    return [
        need
        for theirs, mine in settings["match"].items()
        for need in (Need(f"match.{theirs}", "teacher", theirs), Need(f"match.{theirs}", "student", mine))
    ]


def images(teacher: Side, student: Side) -> tuple[str, ...]:
    """The images that both sides make."""
    return tuple(name for name, tap in student.taps.items() if tap.kind == "image" and name in teacher.taps)
