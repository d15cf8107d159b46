"""Model cards (Mitchell et al., Model Cards for Model Reporting, FAT* 2019): one per problem, made from the results.

A card for each of dozens of students would repeat itself: a teacher and its students, their data and their limits are
one subject.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from stages.findings import comparing
from stages.settings import paths
from stages.settings.rows import Params, VariantRow
from stages.tables import exported, indexed, markdown, notes
from stages.tables.columns import Column
from stages.tables.exported import Exported
from stages.tables.gathered import Gathered
from stages.tables.summary import Group, Line, Table, kind_of
from stages.tables.templating import Made, environment, one_line

if TYPE_CHECKING:
    from stages.learning.contracts import Role

CONSTANT = "constant"
CARTOONS = {
    "avatars": "The portraits are cartoons; which method is best on them need not be best on photographs.",
    "churches": "The façades are drawn; which method is best on them need not be best on photographs.",
    "scenes": "The scenes are drawn; which method is best on them need not be best on photographs.",
    "tissue": "The tissue is drawn; which method is best on it need not be best on sections of real tissue.",
}
ORIGINS = {
    "avatars": "Drawn by a program, nobody is depicted; the [data card](../../data/README.md) says how, and what the "
    "labels mean. Licence of the images: CC-BY-4.0.",
    "churches": "Drawn by a program; the [data card](../../data/README.md) says how. Licence of the images: CC-BY-4.0.",
    "scenes": "Drawn by a program; the [data card](../../data/README.md) says how. Licence of the images: CC-BY-4.0.",
    "tissue": "Drawn by a program (`stages/datasets/tissue.py`), no patient's tissue. Licence of the images: "
    "CC-BY-4.0.",
    "digits": "Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, UCI Machine Learning Repository, 1998), "
    "as scikit-learn carries it along: CC-BY-4.0.",
}


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


def lesson(row: VariantRow, role: Role) -> str:
    """What a network of a row is taught."""
    name = getattr(row.distill, role)
    if name == "none":
        return ""
    settings, pace = getattr(row, f"{role}_lesson"), getattr(row.pace, role)
    given = getattr(row, f"{role}_pace")
    moved = f"; pace {pace}{': ' if given else ''}{plain(given)}" if given or pace != CONSTANT else ""
    return f"{name}: {plain(settings)}{moved}"


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


def limits(found: Gathered, table: Table, group: Group, readers: Collection[str]) -> Iterator[str]:
    """What the numbers of this problem do not say."""
    yield from (CARTOONS[reader] for reader in readers if reader in CARTOONS)
    single = sum(line.kind in ("control", "taught") and line.seeds == 1 for line in group.lines)
    if single:
        yield f"{single} of the students were trained with one seed: how much another seed would change is unknown."
    verdicts = [line.verdicts.get(group.judged_by, "") for line in group.lines if line.kind == "taught"]
    proven, none = (sum(each in words for each in verdicts) for words in (("better", "worse"), ("no difference",)))
    yield (
        f"Of {len(verdicts)} taught rows, {proven} {'differs' if proven == 1 else 'differ'} from the control "
        f"beyond the noise of seeds, and {none} {'does' if none == 1 else 'do'} not, within "
        f"±{comparing.NEAR * 100:g} % of it; of the others nothing is shown, in neither direction. Intervals are those "
        "of Holm's correction for the comparisons of this problem. They cover other trainings of these students, not "
        "other teachers or other images."
    )
    yield from table.layout.limits(found.only({line.name: found.rows[line.name] for line in group.lines if line.name}))


def datasets(settings: Params, rows: Mapping[str, VariantRow]) -> list[tuple[str, Any, list[str]]]:
    """The data sets of rows: their names, rows and the labels that networks translate or tell apart."""
    wanted: dict[str, list[str]] = {}
    for row in rows.values():
        teacher = settings.teachers[row.teacher]
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


def deciding(table: Table, group: Group) -> Column:
    """The column of the table that shows what decides a problem; a layout that leaves it out cannot be carded."""
    return next(column for column in table.columns if column.key == group.judged_by)


def files(found: Gathered, outside: Exported | None, problem: str) -> list[dict[str, Any]]:
    """The networks of a problem that stay in git as files of their own."""
    lines = [line for line in outside.lines if line.problem == problem and exported.kept(line)] if outside else []
    return [
        {
            "row": line.row,
            "seed": found.settings.exports[line.row].seed,
            "links": [(each.name, Made(exported.link(each, paths.cards()))) for each in exported.kept(line)],
            "kilobytes": round((line.bytes or 0) / 1e3),
        }
        for line in lines
    ]


def card(found: Gathered, table: Table, group: Group, outside: Exported | None = None) -> str:
    """The card of one problem."""
    settings = found.settings
    rows = {line.name: found.rows[line.name] for line in group.lines if line.name}
    data = datasets(settings, rows)
    names = list(dict.fromkeys(row.teacher for row in rows.values()))
    teachers = [(name, settings.teachers[name], schedule(settings, settings.teachers[name].schedule)) for name in names]
    students = {name: row for name, row in rows.items() if kind_of(row) != "teacher"}
    used = dict.fromkeys(row.schedule for row in students.values())
    judged = deciding(table, group)
    filled = {key for line in group.lines for key in line.cells}
    shown = {*table.layout.on_card, judged.key}
    columns = [column for column in table.columns if column.key in shown and column.key in filled]
    of_judged = (found, table, judged)
    kept = found.costs["teachers"][names[0]]["roles"]["generator"]
    readers = list(dict.fromkeys(each.dataset for _, each, _ in data))
    return environment(markdown.escape).get_template(table.layout.card).render(
        found=found, table=table, group=group, judged=judged, datasets=data, teachers=teachers, rows=list(rows.items()),
        family=Made(teachers[0][1].family),
        students=sum(len(row.seeds) for row in students.values()),
        schedules=[(name, schedule(settings, name)) for name in used],
        columns=columns,
        indexed=lambda tag: Made(indexed.text(found, rows, columns, tag.strip())),
        taught=table.layout.taught, kept=kept, files=files(found, outside, group.problem),
        origins=[Made(origin) for origin in origins(readers)],
        notes=notes.made(notes.in_short(found, group, columns), markdown.escape, markdown.WORDS),
        limits=list(limits(found, table, group, readers)),
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
    outside = exported.of(found)
    return {f"{group.problem}.md": card(found, table, group, outside) for group in table.groups}
