"""What the sections of `params.yaml` say about each other, all subjects together."""

from __future__ import annotations

from collections.abc import Iterator

from retort.checking import datasets, evaluation, exports, rows, searches, sets, teachers
from retort.checking.sentences import Problem
from stages.settings.rows import Params


def check(params: Params) -> Iterator[Problem]:
    """Every broken reference of a params file."""
    yield from datasets.check(params)
    known, sound = datasets.sources(params), set()
    yield from evaluation.check(params, known)
    yield from sets.check(params)
    for name, teacher in params.teachers.items():
        problems = teachers.check(f"teachers.{name}", teacher, params, known)
        yield from problems
        if not problems:
            sound.add(name)
    for name, variant in params.variants.items():
        yield from rows.check(f"variants.{name}", variant, params, known, sound)
    yield from searches.check(params, known, sound)
    for name, sweep in params.sweeps.items():
        yield from rows.check_sweep(name, sweep, params, known, sound)
    yield from exports.check(params)
