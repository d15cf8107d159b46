"""Model cards (Mitchell et al., Model Cards for Model Reporting, FAT* 2019): one per problem, made from the results.

A card for each of dozens of students would repeat itself: a teacher and its students, their data and their limits are
one subject.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from stages.harness.settings import paths
from stages.harness.settings.rows import Params, VariantRow
from stages.tables import markdown, notes, summary
from stages.tables.columns import RELATIVE, Column
from stages.tables.gathered import Gathered
from stages.tables.summary import Group, Line, Table, kind_of
from stages.tables.templating import Made, environment, one_line

SHOWN = ("parameters", "macs", "latency_ms", "speed_up", "fid", "fid_judge", "accuracy_target", "l1")
DRAWN = "avatars"
HARDLY = 0.9


def code(text: str) -> Made:
    """A name that params have checked, as code."""
    return Made(f"`{text}`")


def plain(value: object) -> str:
    """Settings as params.yaml holds them, less the outermost braces."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {nested(each)}" for key, each in value.items())
    return nested(value)


def nested(value: object) -> str:
    """A value in YAML's flow style."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {nested(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(nested, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def made_by(row: VariantRow) -> str:
    """How the network of a row comes to its size and first weights."""
    if kind_of(row) == "teacher":
        return "training"
    return f"{row.compression}: {plain({**row.student, **row.compression_settings})}"


def lesson(row: VariantRow, player: str) -> str:
    """What a network of a row is taught."""
    name = getattr(row.distill, player)
    return "" if name == "none" else f"{name}: {plain(getattr(row, f'{player}_lesson'))}"


def bounds(table: Table, column: Column, low: float, high: float) -> str:
    """An interval."""
    return " to ".join(table.number(column, each).replace("-", "−") for each in (low, high))


def sampled(found: Gathered, table: Table, judged: Column, line: Line) -> str:
    """The bootstrap interval over test images; of several seeds, the mean of its bounds."""
    if not line.name:
        return ""
    low, high = (found.values(line.name, f"{judged.key}_{side}") for side in ("low", "high"))
    return bounds(table, judged, statistics.fmean(low), statistics.fmean(high)) if low and high else ""


def difference(found: Gathered, table: Table, judged: Column, line: Line) -> str:
    """What teaching has changed, with its interval over seeds where there are several."""
    compared = found.comparisons.get((line.name, judged.key), {})
    if not compared.get("difference"):
        return ""
    written = table.number(judged, float(compared["difference"])).replace("-", "−")
    if not (compared["low"] and compared["high"]):
        return written
    return f"{written} ({bounds(table, judged, float(compared['low']), float(compared['high']))})"


def limits(found: Gathered, group: Group, drawn: bool) -> Iterator[str]:
    """What the numbers of this problem do not say."""
    if drawn:
        yield "The portraits are cartoons; which method is best on them need not be best on photographs."
    single = sum(line.kind in ("control", "taught") and line.seeds == 1 for line in group.lines)
    if single:
        yield f"{single} of the students were trained with one seed: how much another seed would change is unknown."
    verdicts = [line.verdicts.get(group.judged_by, "") for line in group.lines if line.kind == "taught"]
    proven = sum(each in ("better", "worse") for each in verdicts)
    yield (
        f"Of {len(verdicts)} taught rows, {proven} differ from their control beyond the noise of seeds; of the others "
        "nothing is shown, in neither direction. Intervals are not corrected for the number of comparisons."
    )
    shares = {line.name: line.cells[RELATIVE].value for line in group.lines if line.name and RELATIVE in line.cells}
    hardly = [name for name, share in shares.items() if share > HARDLY]
    if hardly:
        yield f"More than {HARDLY:.0%} of the error of returning the input is left by {', '.join(hardly)}.".replace(
            "%", " %"
        )
    if found.settings.evaluation.extractor == "judge":
        yield "Distances between sets of images are in the features of a small judge, not of Inception."


def datasets(settings: Params, names: list[str]) -> list[tuple[str, Any, list[str]]]:
    """The data sets of rows: their names, rows and the labels that are translated."""
    wanted: dict[str, list[str]] = {}
    for name in names:
        teacher = settings.teachers[settings.variants[name].teacher]
        pairs = [(teacher.dataset, teacher.labels), (teacher.partner, teacher.partner_labels)]
        for data, labels in pairs:
            wanted[data] = list(dict.fromkeys([*wanted.get(data, []), *labels]))
    return [(name, settings.datasets[name], labels) for name, labels in wanted.items()]


def vector(settings: Params, teacher: str) -> list[str]:
    """The columns of the label vector that a generator takes."""
    row = settings.teachers[teacher]
    mask = [] if row.partner == row.dataset else [f"is of {name}" for name in (row.dataset, row.partner)]
    return [one_line(label) for label in (*row.labels, *row.partner_labels, *mask)]


def card(found: Gathered, table: Table, group: Group) -> str:
    """The card of one problem."""
    settings = found.settings
    rows = {line.name: settings.variants[line.name] for line in group.lines if line.name}
    data = datasets(settings, list(rows))
    names = list(dict.fromkeys(row.teacher for row in rows.values()))
    teachers = [(name, settings.teachers[name], schedule(settings, settings.teachers[name].schedule)) for name in names]
    students = {name: row for name, row in rows.items() if kind_of(row) != "teacher"}
    used = dict.fromkeys(row.schedule for row in students.values())
    judged = next(column for column in table.columns if column.key == group.judged_by)
    columns = [column for column in table.columns if column.key in SHOWN]
    of_judged = (found, table, judged)
    drawn = any(each.dataset == DRAWN for _, each, _ in data)
    return environment(markdown.escape).get_template("model_card.md.j2").render(
        found=found, table=table, group=group, judged=judged, datasets=data, teachers=teachers, rows=list(rows.items()),
        family=Made(teachers[0][1].family),
        students=sum(len(row.seeds) for row in students.values()),
        schedules=[(name, schedule(settings, name)) for name in used],
        columns=columns,
        drawn=drawn,
        read=sorted({each.dataset for _, each, _ in data if each.dataset != DRAWN}),
        notes=notes.made(notes.in_short(found, group, columns), markdown.escape, markdown.WORDS),
        limits=list(limits(found, group, drawn)),
        example=Made(paths.teacher(names[0]).as_posix()), pixels=data[0][1].resolution,
        labels=len(vector(settings, names[0])), vector=Made(", ".join(vector(settings, names[0]))),
        code=code, plain=plain, made_by=made_by, lesson=lesson, label=markdown.label, cell=markdown.cell,
        sampled=partial(sampled, *of_judged), difference=partial(difference, *of_judged),
    )  # fmt: skip


def schedule(settings: Params, name: str) -> dict[str, Any]:
    """A schedule as settings."""
    return settings.schedules[name].model_dump()


def texts(found: Gathered) -> dict[str, str]:
    """Every card by its file's name."""
    table = summary.build(found)
    return {f"{group.problem}.md": card(found, table, group) for group in table.groups}
