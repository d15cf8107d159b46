"""How rows are called in figures and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stages.findings import comparing
from stages.settings.rows import PICK, VariantRow

NONE = "none"
UNTAUGHT = "no KD"
UNMOVED = "constant"
BY_LAYERS = "euclidean"
"""The method that is called by the layers it matches."""
INNER = "intermediate"
"""The part of a lesson that compares inner layers."""
JOINED = " + "


def made(row: VariantRow) -> str:
    """How the student of a row is made, in words."""
    parts = [said(key, value) for key, value in row.student.items()]
    return ", ".join(parts if row.compression == "resize" else [row.compression, *parts])


def said(key: str, value: Any) -> str:  # noqa: ANN401 - a setting of any family
    """A setting of a student: a word says itself, numbers need to be said what they are of."""
    if isinstance(value, list):
        value = "/".join(f"{each:g}" for each in value)
    elif isinstance(value, str):
        return value
    return f"{key.replace('_', ' ')} {value}"


def matched(lesson: Mapping[str, Any]) -> str:
    """Which of the teacher's layers a lesson looks at."""
    taps = list(lesson.get("match", {}))
    blocks = [tap.removeprefix("res") for tap in taps if tap.startswith("res")]
    others = [tap for tap in taps if not tap.startswith("res")]
    words = [f"block{'s' if len(blocks) > 1 else ''} {', '.join(blocks)}"] if blocks else []
    return " + ".join([*words, *others])


def parts(lesson: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The lessons that one is made of, each with its settings; none of one that is simple."""
    return {name: each for name, each in lesson.items() if isinstance(each, Mapping) and name != "match"}


def part(name: str, settings: Mapping[str, Any]) -> str:
    """What a part of a lesson is called: where it matches residual blocks, by these."""
    taps = [tap.rpartition(".")[2] for tap in settings.get("match", {})]
    return "block" if name == INNER and taps and all(tap.startswith("res") for tap in taps) else name


def spoken(row: VariantRow, added: str) -> str:
    """What a row is taught besides, in the words in which rows are named."""
    known = parts(row.generator_lesson)
    return JOINED.join(part(name, known.get(name, {})) for name in added.split(JOINED))


def lesson(row: VariantRow) -> str:
    """What a row is taught: D where the critic is, and of the other lesson its method, its parts or the layers.

    The pace follows where λ is not 1 throughout.
    """
    if not comparing.taught(row):
        return UNTAUGHT
    method = row.distill.generator
    words = (
        matched(row.generator_lesson)
        if method == BY_LAYERS
        else JOINED.join(part(*each) for each in parts(row.generator_lesson).items()) or method
    )
    both = "+".join([*(["D"] if row.distill.discriminator != NONE else []), *([words] if method != NONE else [])])
    return both if paced(row) == UNMOVED else f"{both}, {paced(row)}"


def paced(row: VariantRow) -> str:
    """How the weight of a row's lesson moves: the pace with its settings, of two that differ the generator's first."""
    roles = [role for role, lesson in row.distill if lesson != NONE]
    return " / ".join(dict.fromkeys(moved(getattr(row.pace, role), getattr(row, f"{role}_pace")) for role in roles))


def moved(pace: str, settings: Mapping[str, Any]) -> str:
    """A pace and its settings in words; what is set to true is named alone."""
    given = {key.replace("_", " "): value for key, value in settings.items() if value is not False}
    return ", ".join([pace, *(key if value is True else f"{key} {value:g}" for key, value in given.items())])


def called(row: VariantRow) -> str:
    """A short name of a row among those of its size: the one of the thesis, or what it is taught."""
    if row.compression == NONE:
        return "teacher"
    return picked(row, row.thesis or lesson(row))


def picked(row: VariantRow, name: str) -> str:
    """A name behind the pick of a search that a student is, if it is one."""
    return f"{row.student[PICK]}: {name}" if PICK in row.student else name


def apart(rows: Mapping[str, VariantRow]) -> dict[str, str]:
    """Short names of rows that differ from each other: how a student is made follows where they would be the same."""
    names = [called(row) for row in rows.values()]
    return {
        name: called(row) + (f" ({made(row)})" if names.count(called(row)) > 1 else "") for name, row in rows.items()
    }


def labelled(row: VariantRow) -> str:
    """The name of a row among all of its problem: the one of the thesis, or how it is made and what it is taught."""
    if row.compression == NONE:
        return row.thesis or "teacher"
    return picked(row, row.thesis or f"{row.compression}: {lesson(row)}")
