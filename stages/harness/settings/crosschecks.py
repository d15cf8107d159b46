"""What one row of `params.yaml` says about another: names and taps that must exist, students that must be smaller."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from pydantic import ValidationError

from stages.harness.settings import members, sweeps
from stages.harness.settings.rows import Params, SweepRow, TeacherRow, VariantRow
from stages.harness.settings.yaml_text import Problem

PLAYERS = ("generator", "discriminator")
# Folders of data/ that hold what was not made here.
RESERVED = ("raw", "weights")


def did_you_mean(word: object, allowed: Iterable[str]) -> str:
    """A suggestion for a near miss, or nothing."""
    close = difflib.get_close_matches(str(word), list(allowed), 1, 0.6)
    return f" — did you mean {close[0]!r}?" if close else ""


def hint(word: object, allowed: Iterable[str]) -> str:
    """A suggestion, or all that is allowed."""
    known = list(allowed)
    return did_you_mean(word, known) or f"; known here: {', '.join(known) or 'none'}"


def absent(path: str, word: str, allowed: Iterable[str], what: str) -> list[Problem]:
    """A problem if a name does not exist."""
    known = list(allowed)
    if word in known:
        return []
    return [
        Problem(path, f"{word!r} is not {what}{did_you_mean(word, known)} (there are: {', '.join(known) or 'none'})")
    ]


def settings(path: str, function: Callable[..., Any], given: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a member's settings, by the signature of the function that receives them."""
    try:
        members.options(function, given)
    except ValidationError as error:
        known = list(members.settings_model(function).model_fields)
        return [setting_problem(path, dict(detail), known) for detail in error.errors(include_url=False)]
    return []


def setting_problem(path: str, detail: dict[str, Any], known: list[str]) -> Problem:
    """One wrong setting in a sentence."""
    where = ".".join([path, *(str(part) for part in detail["loc"])])
    if detail["type"] == "missing":
        return Problem(where, "is missing; this member needs it")
    if detail["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return Problem(where, f"is not a setting of this member{hint(detail['loc'][-1], known)}")
    text = detail["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return Problem(where, f"{text[0].lower()}{text[1:]}; found {detail['input']!r}")


def check(params: Params) -> list[Problem]:
    """Every broken reference of a params file."""
    return [
        *check_datasets(params),
        *(
            p
            for name, row in params.judges.items()
            for p in absent(f"judges.{name}.dataset", row.dataset, params.datasets, "a data set")
        ),
        *(p for name, row in params.teachers.items() for p in check_teacher(f"teachers.{name}", row, params)),
        *(p for name, row in params.variants.items() for p in check_variant(f"variants.{name}", row, params)),
        *(p for name, row in params.sweeps.items() for p in check_sweep(name, row, params)),
    ]


def check_datasets(params: Params) -> Iterator[Problem]:
    """Readers exist and understand their settings; every data set that a variant is judged on has a judge."""
    for name, row in params.datasets.items():
        if name in RESERVED:
            yield Problem(f"datasets.{name}", f"data/{name} holds files from elsewhere; call the data set otherwise")
        unknown = absent(
            f"datasets.{name}.dataset", row.dataset, members.names("datasets"), "a file in stages/datasets"
        )
        if unknown:
            yield from unknown
            continue
        source = members.load("datasets", row.dataset).source
        yield from settings(f"datasets.{name}.settings", source, {"resolution": row.resolution, **row.settings})
    swept = {row.teacher for row in params.sweeps.values()} - {row.teacher for row in params.variants.values()}
    judged = [row for name, row in params.teachers.items() if name not in swept]
    used = {row.dataset for row in judged} | {row.partner for row in judged}
    for name in sorted(used & set(params.datasets)):
        if name not in params.judges:
            yield Problem("judges", f"data set {name!r} has no judge of its name; rows cannot be judged without")


def spec_of(row: TeacherRow, params: Params) -> Any:  # noqa: ANN401 - each family has its own Spec
    """The teacher's spec, with labels and resolution filled in."""
    domains = 1 if row.partner == row.dataset else 2
    labels = len(row.labels) + len(row.partner_labels)
    resolution = params.datasets[row.dataset].resolution
    return members.load("families", row.family).make_spec(row.spec, labels, domains, resolution)


def spec_problems(path: str, build: Callable[[], Any]) -> list[Problem]:
    """What is wrong with a spec, by the family's own model."""
    try:
        build()
    except ValidationError as error:
        fields = [str(detail["loc"][-1]) for detail in error.errors() if detail["type"] == "missing"]
        known = ["width", "blocks", *fields]
        return [setting_problem(path, dict(detail), known) for detail in error.errors(include_url=False)]
    except TypeError as error:
        return [Problem(path, str(error))]
    return []


def check_teacher(path: str, row: TeacherRow, params: Params) -> list[Problem]:
    """A teacher's references, its spec, and the weights of its losses."""
    problems = [
        *absent(f"{path}.family", row.family, members.names("families"), "a file in stages/families"),
        *absent(f"{path}.dataset", row.dataset, params.datasets, "a data set"),
        *absent(f"{path}.partner", row.partner, params.datasets, "a data set"),
        *absent(f"{path}.schedule", row.schedule, params.schedules, "a schedule"),
    ]
    doubled = sorted({label for label in row.labels if row.labels.count(label) > 1})
    if doubled:
        problems.append(Problem(f"{path}.labels", f"{', '.join(doubled)} stands twice"))
    if (row.partner == row.dataset) != (not row.partner_labels):
        rule = "name a second data set and its labels, or repeat the data set and leave partner_labels empty"
        problems.append(
            Problem(
                f"{path}.partner",
                f"partner {row.partner!r} and {len(row.partner_labels)} partner_labels do not fit; {rule}",
            )
        )
    if problems:
        return problems
    if params.datasets[row.partner].resolution != params.datasets[row.dataset].resolution:
        problems.append(
            Problem(f"{path}.partner", "has another resolution than the data set; joint training needs one")
        )
    family = members.load("families", row.family)
    problems += spec_problems(f"{path}.spec", lambda: spec_of(row, params))
    problems += spec_problems(f"{path}.losses", lambda: family.Losses(**row.losses))
    return problems


def check_variant(path: str, row: VariantRow, params: Params) -> list[Problem]:
    """A variant's references; then that it fits its teacher."""
    problems = [
        *absent(f"{path}.teacher", row.teacher, params.teachers, "a teacher"),
        *absent(f"{path}.compression", row.compression, members.names("compressions"), "a file in stages/compressions"),
        *absent(f"{path}.schedule", row.schedule, params.schedules, "a schedule"),
        *(
            p
            for player in PLAYERS
            for p in absent(
                f"{path}.distill.{player}",
                getattr(row.distill, player),
                members.names("distillations"),
                "a file in stages/distillations",
            )
        ),
    ]
    if len(set(row.seeds)) != len(row.seeds):
        problems.append(Problem(f"{path}.seeds", f"a seed stands twice; found {row.seeds}"))
    if row.teacher in params.teachers:
        teacher = params.teachers[row.teacher]
        for field in ("family", "dataset", "partner"):
            mine, theirs = getattr(row, field), getattr(teacher, field)
            if mine != theirs:
                problems.append(Problem(f"{path}.{field}", f"{mine!r} is not its teacher's {field}, {theirs!r}"))
        if not problems and not check_teacher("", teacher, params):
            problems += check_fit(path, row, teacher, params)
    return problems


def check_sweep(name: str, row: SweepRow, params: Params) -> Iterator[Problem]:
    """Every point of a sweep is a sound row."""
    path = f"sweeps.{name}"
    if name in params.variants:
        yield Problem(path, "is the name of a variant too; their files would be the same")
    for point, changes in row.points.items():
        rows = sweeps.points(name, row.model_copy(update={"points": {point: changes}}))
        found = (problem for each in rows.values() for problem in check_variant(f"{path}.points.{point}", each, params))
        yield from dict.fromkeys(found)


def check_fit(path: str, row: VariantRow, teacher: TeacherRow, params: Params) -> list[Problem]:
    """The student is not larger than its teacher, and what is compared exists on both sides."""
    family, large = members.load("families", row.family), spec_of(teacher, params)
    fixed = {name for name in ("labels", "classes", "resolution") if name in row.student}
    if fixed:
        return [
            Problem(f"{path}.student.{name}", "comes from the teacher's labels and data; take it out")
            for name in sorted(fixed)
        ]
    unknown = [name for name in row.student if name not in type(large).__dataclass_fields__]
    if unknown:
        fields = [name for name in type(large).__dataclass_fields__ if name not in ("labels", "classes", "resolution")]
        return [Problem(f"{path}.student.{name}", f"is not part of the spec{hint(name, fields)}") for name in unknown]
    problems = spec_problems(f"{path}.student", lambda: family.shrink(large, row.student))
    if problems:
        return problems
    for name, value in row.student.items():
        allowed = getattr(large, name)
        if isinstance(value, int) and not isinstance(value, bool) and value > allowed:
            problems.append(Problem(f"{path}.student.{name}", f"{value} is larger than the teacher's {allowed}"))
    small = family.shrink(large, row.student)
    make = members.load("compressions", row.compression).make_student
    problems += settings(f"{path}.compression_settings", make, row.compression_settings)
    for which, network in zip_longest(PLAYERS, family.NETWORKS):
        member, lesson = getattr(row.distill, which), getattr(row, f"{which}_lesson")
        wrong = settings(f"{path}.{which}_lesson", members.load("distillations", member).objective, lesson)
        if network is None and member != "none":
            wrong = [Problem(f"{path}.distill.{which}", f"{row.family} has no such network to teach; write none")]
        if wrong or network is None:
            problems += wrong
            continue
        problems += check_taps(
            f"{path}.{which}_lesson", lesson, family.taps(large, network), family.taps(small, network)
        )
        critic = family.taps(large, family.NETWORKS[-1])
        layers = enumerate(lesson.get("layers", []))
        problems += [
            p
            for i, n in layers
            for p in absent(f"{path}.{which}_lesson.layers[{i}]", n, critic, "a tap of the teacher's discriminator")
        ]
    return problems


def check_taps(path: str, lesson: Mapping[str, Any], large: dict[str, int], small: dict[str, int]) -> list[Problem]:
    """`match` maps the teacher's taps to the student's."""
    return [
        problem
        for theirs, mine in lesson.get("match", {}).items()
        for problem in (
            *absent(f"{path}.match.{theirs}", theirs, large, "a tap of the teacher"),
            *absent(f"{path}.match.{theirs}", mine, small, "a tap of the student"),
        )
    ]
