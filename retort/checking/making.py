"""Whether a row's student can be made of its teacher and taught by it: tried with networks that have no weights."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import torch

from retort.checking.sentences import Problem
from stages.learning import students
from stages.learning.contracts import Networks, Unsupported
from stages.learning.pacing import Following
from stages.learning.teaching import Teaching
from stages.settings import members
from stages.settings.rows import StudentRow
from stages.settings.specs import Spec


@lru_cache(maxsize=8)
def teacher(family: str, large: Spec) -> Networks:
    """The networks of a teacher's spec, which many rows share."""
    networks: Networks = members.load("families", family).build(large)
    return networks


def check(path: str, row: StudentRow, large: Spec, small: Spec) -> list[Problem]:
    """What a compression or a lesson refuses; of members that look at the weights themselves nothing can be said."""
    where = f"{path}.compression"
    try:
        with torch.device("meta"):
            networks = teacher(row.family, large)
            student = students.make(row, networks, (large, small), begin=False)
            where = f"{path}.distill"
            lessons = students.teach(row, networks, student, (large, small))
    except Unsupported as error:
        return [Problem(where, str(error))]
    except RuntimeError:
        return []
    return [*unmoved(path, row, lessons["generator"])]


def unmoved(path: str, row: StudentRow, lesson: Teaching) -> Iterator[Problem]:
    """A pace that would never move: it follows gradients of the weights, which only the steps of evidence measure."""
    if isinstance(lesson.pace, Following) and not lesson.contract.compares_output and not row.evidence:
        told = f"{row.pace.generator!r} never moves the weight of this lesson, which compares more than the output"
        yield Problem(f"{path}.pace.generator", f"{told}; write `evidence: 50`, so that gradients are compared")
