"""Searches: weight-shared trainings, the choices that are made of them, and the rows that use what was chosen."""

from __future__ import annotations

import warnings
from collections.abc import Container, Iterator
from dataclasses import asdict
from typing import Any

import torch

from retort.checking import making, rows, sentences
from retort.checking.datasets import Sources
from retort.checking.sentences import Problem
from stages.learning import roles, students
from stages.learning.contracts import AGAIN, Unsupported
from stages.searching import choosing, ranking, spaces
from stages.searching.choosing import Unchoosable
from stages.searching.spaces import Costs
from stages.settings import members, specs
from stages.settings.rows import CHOSEN, PICK, Params, SearchRow, StudentRow, VariantRow, WideRow
from stages.settings.specs import Spec

WHOLE = {"compression": "none", "student": {}}
"""How a weight-shared network begins: as the teacher itself."""

TAUGHT = set(WideRow.model_fields) & set(StudentRow.model_fields)


def check(params: Params, known: Sources, sound: Container[str]) -> Iterator[Problem]:
    """Everything that is wrong with the three sections, all of them together."""
    sound_wides = set()
    for name, wide in params.wides.items():
        problems = list(check_wide(f"wides.{name}", wide, params, sound))
        yield from problems
        if not problems and wide.teacher in sound:
            sound_wides.add(name)
    for name, search in params.searches.items():
        yield from check_search(f"searches.{name}", search, params, sound_wides)
    for name, row in params.chosen.items():
        yield from check_chosen(name, row, params, known, sound)


def check_wide(path: str, row: WideRow, params: Params, sound: Container[str]) -> Iterator[Problem]:
    """What is wrong with a weight-shared training."""
    shares = row.space.widths
    if shares != sorted(set(shares)) or shares[-1] != 1:
        told = f"are shares of the teacher's widths, ascending, the last of them 1; found {shares}"
        yield Problem(f"{path}.space.widths", f"{told}; write them so")
    unknown = [*rows.taught(path, row, params)]
    yield from unknown
    if unknown or row.teacher not in sound:
        return
    large = specs.of_teacher(params.teachers[row.teacher], params)
    refused = list(unsearchable(path, row.family, large))
    whole = StudentRow.model_validate({**row.model_dump(include=TAUGHT), **WHOLE})
    if refused:
        yield from refused
    else:
        yield from taught(path, whole, large, narrowest(row, large))


def narrowest(row: WideRow, large: Spec) -> Spec:
    """The spec of the least that a weight-shared network can become."""
    return spaces.spec_of(large, spaces.of(large, row.space.widths).smallest)


def unsearchable(path: str, family: str, large: Spec) -> Iterator[Problem]:
    """A family whose networks have no widths to be searched."""
    try:
        spaces.demand(members.load("families", family), large)
    except Unsupported as error:
        yield Problem(f"{path}.family", f"{error}; write another")


def taught(path: str, row: StudentRow, large: Spec, narrow: Spec) -> Iterator[Problem]:
    """What is wrong with the lesson of a network whose widths change from step to step."""
    problems = [*rows.fit(path, row, large)] or making.check(path, row, large, large)
    yield from problems
    if not problems and not fits(row, large, narrow):
        told = f"{row.distill.generator!r} compares what has one width, and here widths change from step to step"
        yield Problem(f"{path}.distill.generator", f"{told}; write none, or a lesson that compares images")


def fits(row: StudentRow, large: Spec, narrow: Spec) -> bool:
    """Whether a lesson that is made for the widest network also teaches the narrowest, tried without weights."""
    family: Any = members.load("families", row.family)
    with torch.device("meta"):
        teacher = making.teacher(row.family, large)
        student = students.make(row, teacher, (large, large), begin=False)
        lesson = students.teach(row, teacher, student, (large, large))["generator"]
        networks, inputs = family.example(asdict(narrow))
        (name,) = roles.names(family, "generator")
        both: tuple[Any, Any] = (networks[name], teacher[name])
        seen = [each.watch(*inputs[name]) for each in both]
        mine, theirs = ({**each, **{f"{AGAIN}{tap}": value for tap, value in each.items()}} for each in seen)
        with warnings.catch_warnings():
            # Of shapes that do not fit, but can be spread to each other, torch only warns.
            warnings.simplefilter("error", UserWarning)
            try:
                lesson.contract(mine, theirs)
            except NotImplementedError:
                return True
            except (RuntimeError, UserWarning):
                return False
    return True


def check_search(path: str, row: SearchRow, params: Params, sound_wides: Container[str]) -> Iterator[Problem]:
    """What is wrong with a search."""
    problems = [*references(path, row, params), *numbers(path, row)]
    yield from problems
    if problems or row.wide not in sound_wides:
        return
    teacher, large = params.teachers[row.teacher], specs.of_teacher(params.teachers[row.teacher], params)
    problems = [*rows.student(f"{path}.student", row, teacher, large)] or [*rows.fit(path, row, large)]
    yield from problems or making.check(path, row, large, specs.shrink(large, row.student))
    yield from of_space(path, row, params.wides[row.wide], large)


def references(path: str, row: SearchRow, params: Params) -> Iterator[Problem]:
    """Names of things that do not exist, and what a search says otherwise than its weight-shared training."""
    yield from sentences.no_member(f"{path}.compression", "compressions", row.compression)
    yield from rows.taught(path, row, params)
    unknown = sentences.absent(f"{path}.wide", row.wide, params.wides, "a weight-shared training")
    yield from unknown
    if not unknown and row.teacher != params.wides[row.wide].teacher:
        theirs = params.wides[row.wide].teacher
        yield Problem(f"{path}.teacher", f"{row.teacher!r} is not the teacher of {row.wide!r}; write {theirs!r}")


def numbers(path: str, row: SearchRow) -> Iterator[Problem]:
    """Values that do not go together."""
    if "widths" in row.student:
        yield Problem(f"{path}.student.widths", "are what the search chooses; take them out")
    ranked = 1 + row.random + row.alone
    if ranked < ranking.FEWEST:
        told = f"with `random` {row.random} and `alone` {row.alone} there are {ranked} configurations to rank"
        yield Problem(f"{path}.alone", f"{told}, and a rank correlation needs {ranking.FEWEST}; write more")
    if row.evolution and row.evolution.parents + row.evolution.mutated > 1:
        told = "parents and mutated are shares of one population"
        yield Problem(f"{path}.evolution", f"{told}; write shares that are 1 together at most")


def of_space(path: str, row: SearchRow, wide: WideRow, large: Spec) -> Iterator[Problem]:
    """A space that is too large to be enumerated, and a budget that none of it keeps."""
    space = spaces.of(large, wide.space.widths)
    if row.evolution is None and len(space) > choosing.ENUMERABLE:
        told = f"has no `evolution`, and of {len(space)} configurations not all can be measured"
        yield Problem(path, f"{told}; write one, or fewer shares in wides.{row.wide}.space.widths")
    costs = spaces.Costs(members.load("families", row.family), large, space)  # type: ignore[arg-type] # a family
    least = costs.of(space.smallest) / costs.of(space.largest)
    if row.budget < least:
        yield Problem(f"{path}.budget", f"{row.budget:g} is less than the {least:.3g} of the narrowest; write more")
    elif len(space) <= choosing.ENUMERABLE:
        yield from controls(path, row, costs)


def controls(path: str, row: SearchRow, costs: Costs) -> Iterator[Problem]:
    """Fewer configurations of nearly equal cost than are to be drawn, should the costliest be the best."""
    budget = row.budget * costs.of(costs.space.largest)
    costliest = max((widths for widths in costs.space if costs.of(widths) <= budget), key=costs.of)
    try:
        choosing.controls(costs, costliest, row.near, row.random, row.seed)
    except Unchoosable as error:
        yield Problem(f"{path}.near", f"{row.near:g} is too little: {error}")


def check_chosen(
    name: str, row: VariantRow, params: Params, known: Sources, sound: Container[str]
) -> Iterator[Problem]:
    """What is wrong with a row that uses what a search chose.

    Its widths are known once the search has run; until then the teacher's own stand for them.
    """
    path = f"chosen.{name}"
    if name in params.variants:
        yield Problem(path, "is the name of a variant too, and their files would be the same; rename one")
    problems = list(picked(f"{path}.student", row, params))
    others = {key: value for key, value in row.student.items() if key not in (CHOSEN, PICK)}
    whole = row.model_copy(update={"student": others})
    yield from problems or rows.check(path, whole, params, known, sound)


def picked(path: str, row: VariantRow, params: Params) -> Iterator[Problem]:
    """What a student does not say of its search."""
    missing = [key for key in (CHOSEN, PICK) if not isinstance(row.student.get(key), str)]
    if missing:
        told = f"names no {' and no '.join(missing)}"
        yield Problem(path, f"{told}; write `{{chosen: <search>, pick: best}}`, or move the row to `variants`")
        return
    search: Any = row.student[CHOSEN]
    unknown = sentences.absent(f"{path}.{CHOSEN}", search, params.searches, "a search")
    yield from unknown
    if not unknown:
        offered = choosing.names(params.searches[search].random)
        yield from sentences.absent(f"{path}.{PICK}", row.student[PICK], offered, f"picked by {search!r}")
        theirs = params.searches[search].teacher
        if row.teacher != theirs:
            told = f"{row.teacher!r} is not the teacher of search {search!r}"
            yield Problem(f"{path.removesuffix('.student')}.teacher", f"{told}; write {theirs!r}")
