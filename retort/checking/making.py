"""Whether a row's student can be made of its teacher and taught by it: tried with networks that have no weights."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch

from retort.checking.sentences import Problem
from stages.learning import students
from stages.learning.contracts import Networks, Unsupported
from stages.settings import members
from stages.settings.rows import VariantRow


@lru_cache(maxsize=8)
def teacher(family: str, large: Any) -> Networks:  # noqa: ANN401 - each family has its own Spec
    """The networks of a teacher's spec, which many rows share."""
    networks: Networks = members.load("families", family).build(large)
    return networks


def check(path: str, row: VariantRow, large: Any, small: Any) -> list[Problem]:  # noqa: ANN401 - as above
    """What a compression or a lesson refuses; of members that look at the weights themselves nothing can be said."""
    where = f"{path}.compression"
    try:
        with torch.device("meta"):
            networks = teacher(row.family, large)
            student = students.make(row, networks, (large, small), begin=False)
            where = f"{path}.distill"
            students.teach(row, networks, student, (large, small))
    except Unsupported as error:
        return [Problem(where, str(error))]
    except RuntimeError:
        return []
    return []
