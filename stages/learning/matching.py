"""The taps that a lesson looks at, and what its parts are called."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from stages.learning.contracts import Need, Side, Unsupported


def both(where: str, theirs: str, mine: str) -> tuple[Need, Need]:
    """A tap of each side, which are compared."""
    return Need(where, "teacher", theirs), Need(where, "student", mine)


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """Both taps of each pair that `match` names: the teacher's on the left, the student's on the right."""
    return [need for theirs, mine in settings["match"].items() for need in both(f"match.{theirs}", theirs, mine)]


def alike(teacher: Side, student: Side, kind: str) -> tuple[str, ...]:
    """The taps of a kind that both sides have."""
    return tuple(name for name, tap in student.taps.items() if tap.kind == kind and name in teacher.taps)


def images(teacher: Side, student: Side) -> tuple[str, ...]:
    """The images that both sides make."""
    return alike(teacher, student, "image")


def only_output(student: Side, match: Mapping[str, str]) -> bool:
    """Whether all that is matched of the student is what leaves it."""
    return all(student.taps[mine].kind in ("image", "logits") for mine in match.values())


def demand_maps(lesson: str, teacher: Side, student: Side, match: Mapping[str, str]) -> None:
    """Refuse taps without pixels, or with a single one."""
    for theirs, mine in match.items():
        both = teacher.taps[theirs], student.taps[mine]
        if any(tap.kind in ("vector", "logits") for tap in both):
            raise Unsupported(f"{lesson} compares maps, and of {theirs} and {mine} not both are: match maps")
        if any(tap.side == 1 for tap in both):
            raise Unsupported(
                f"{lesson} looks at the pixels of a map together, and of {theirs} and {mine} not both have more than "
                "one: match larger maps"
            )


def part(lesson: str, tap: str, taps: Collection[str]) -> str:
    """What a lesson calls its part on one of its taps; where there is no other, by the lesson alone."""
    return lesson if len(taps) == 1 else f"{lesson}_{tap}"
