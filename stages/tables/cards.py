"""Model cards (Mitchell et al., Model Cards for Model Reporting, FAT* 2019): one per problem, made from the results.

A card for each of dozens of students would repeat itself: a teacher and its students, their data and their limits are
one subject.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from stages.harness.settings import paths
from stages.harness.settings.rows import Params, VariantRow
from stages.tables import classified, markdown, notes
from stages.tables.columns import RELATIVE, Column
from stages.tables.gathered import Gathered
from stages.tables.summary import Group, Line, Table, kind_of
from stages.tables.templating import Made, environment, one_line

HARDLY = 0.9
CARTOONS = {
    "avatars": "The portraits are cartoons; which method is best on them need not be best on photographs.",
    "tissue": "The tissue is drawn; which method is best on it need not be best on sections of real tissue.",
}
ORIGINS = {
    "avatars": "Drawn by a program, nobody is depicted; the [data card](../../data/README.md) says how, and what the "
    "labels mean. Licence of the images: CC-BY-4.0.",
    "tissue": "Drawn by a program (`stages/datasets/tissue.py`), no patient's tissue. Licence of the images: "
    "CC-BY-4.0.",
    "digits": "Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, UCI Machine Learning Repository, 1998), "
    "as scikit-learn carries it along: CC-BY-4.0.",
}


@dataclass(frozen=True)
class Kind:
    """What cards of one kind of network say differently: template, columns, and whose lessons under which heading."""

    template: str
    shown: tuple[str, ...]
    taught: Mapping[str, str]


TRANSLATORS = Kind(
    "card_of_translators.md.j2",
    ("parameters", "macs", "latency_ms", "speed_up", "fid", "fid_judge", "accuracy_target", "l1"),
    {"generator is taught": "generator", "discriminator is taught": "discriminator"},
)
CLASSIFIERS = Kind(
    "card_of_classifiers.md.j2",
    ("parameters", "macs", "latency_ms", "speed_up", "error", "f1", "auc", "ece", "subclass_ami"),
    {"is taught": "generator"},
)


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


def origins(readers: Collection[str]) -> Iterator[str]:
    """Where the data of a problem come from, and on which terms."""
    yield from (ORIGINS[reader] for reader in readers if reader in ORIGINS)
    foreign = [reader for reader in readers if reader not in ORIGINS]
    if foreign:
        yield (
            f"Read from files that are not part of this project: {', '.join(foreign)}. Their own terms bind whoever "
            "uses these weights."
        )


def limits(found: Gathered, group: Group, readers: Collection[str]) -> Iterator[str]:
    """What the numbers of this problem do not say."""
    yield from (CARTOONS[reader] for reader in readers if reader in CARTOONS)
    single = sum(line.kind in ("control", "taught") and line.seeds == 1 for line in group.lines)
    if single:
        yield f"{single} of the students were trained with one seed: how much another seed would change is unknown."
    verdicts = [line.verdicts.get(group.judged_by, "") for line in group.lines if line.kind == "taught"]
    proven = sum(each in ("better", "worse") for each in verdicts)
    yield (
        f"Of {len(verdicts)} taught rows, {proven} {'differs' if proven == 1 else 'differ'} from the control "
        "beyond the noise of seeds; of the others nothing is shown, in neither direction. "
        "Intervals are not corrected for the number of comparisons."
    )
    shares = {line.name: line.cells[RELATIVE].value for line in group.lines if line.name and RELATIVE in line.cells}
    hardly = [name for name, share in shares.items() if share > HARDLY]
    if hardly:
        yield f"More than {HARDLY:.0%} of the error of returning the input is left by {', '.join(hardly)}.".replace(
            "%", " %"
        )
    if group.judged_by != classified.JUDGED_BY and found.settings.evaluation.extractor == "judge":
        yield "Distances between sets of images are in the features of a small judge, not of Inception."


def datasets(settings: Params, names: list[str]) -> list[tuple[str, Any, list[str]]]:
    """The data sets of rows: their names, rows and the labels that networks translate or tell apart."""
    wanted: dict[str, list[str]] = {}
    for name in names:
        teacher = settings.teachers[settings.variants[name].teacher]
        pairs = [(teacher.dataset, teacher.labels), (teacher.partner, teacher.partner_labels)]
        for data, labels in pairs:
            wanted[data] = list(dict.fromkeys([*wanted.get(data, []), *labels]))
    return [(name, settings.datasets[name], labels) for name, labels in wanted.items()]


def vector(settings: Params, teacher: str) -> list[str]:
    """The columns of the label vector that a generator takes or a classifier answers."""
    row = settings.teachers[teacher]
    merge = row.spec.get("merge", 1)
    if merge > 1:
        return [
            one_line(f"{first} to {last}")
            for first, last in zip(row.labels[::merge], row.labels[merge - 1 :: merge], strict=True)
        ]
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
    kind = CLASSIFIERS if group.judged_by == classified.JUDGED_BY else TRANSLATORS
    filled = {key for line in group.lines for key in line.cells}
    columns = [column for column in table.columns if column.key in kind.shown and column.key in filled]
    of_judged = (found, table, judged)
    readers = list(dict.fromkeys(each.dataset for _, each, _ in data))
    return environment(markdown.escape).get_template(kind.template).render(
        found=found, table=table, group=group, judged=judged, datasets=data, teachers=teachers, rows=list(rows.items()),
        family=Made(teachers[0][1].family),
        students=sum(len(row.seeds) for row in students.values()),
        schedules=[(name, schedule(settings, name)) for name in used],
        columns=columns,
        taught=kind.taught,
        origins=[Made(origin) for origin in origins(readers)],
        notes=notes.made(notes.in_short(found, group, columns), markdown.escape, markdown.WORDS),
        limits=list(limits(found, group, readers)),
        example=Made(paths.teacher(names[0]).as_posix()), pixels=data[0][1].resolution,
        labels=len(vector(settings, names[0])), vector=Made(", ".join(vector(settings, names[0]))),
        code=code, plain=plain, made_by=made_by, lesson=lesson, label=markdown.label, cell=markdown.cell,
        sampled=partial(sampled, *of_judged), difference=partial(difference, *of_judged),
    )  # fmt: skip


def schedule(settings: Params, name: str) -> dict[str, Any]:
    """A schedule as settings."""
    return settings.schedules[name].model_dump()


def texts(found: Gathered, table: Table) -> dict[str, str]:
    """The card of every problem of a table by its file's name."""
    return {f"{group.problem}.md": card(found, table, group) for group in table.groups}
