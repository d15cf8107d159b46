"""The page: what was found, every row and figure, in one file that needs no other and loads none."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from markupsafe import Markup, escape

from stages.findings import records
from stages.settings import machine, paths
from stages.tables import details, exported, galleries, notes, pictures, summary
from stages.tables.claimed import Finding, Opening
from stages.tables.columns import Column
from stages.tables.exported import Exported
from stages.tables.gathered import Gathered
from stages.tables.page import KINDS, WORDS
from stages.tables.summary import Group, Line, Table
from stages.tables.templating import TEMPLATES, pages

OVERVIEW = "summary"
"""The figure that stands behind the findings."""
COSTS = ("macs", "macs_output_rule", "parameters", "bytes", "latency_ms", "training_macs")
FILTERS = {
    "problem": "Problem",
    "lessons": "Lesson",
    "pace": "Pace",
    "compression": "Made by",
    "family": "Family",
    "examination": "Examination",
}


def island(data: Mapping[str, Any]) -> Markup:
    """JSON that no content can end early: a browser looks for `</script` and `<!--`, both of which begin with `<`."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))


def pressed(data: Mapping[str, Any]) -> Markup:
    """JSON in a sixth of its bytes, in signs that mean nothing to a browser."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode())


def inlined(name: str) -> tuple[Markup, str]:
    """A file of the templates, and its hash as a content security policy names it."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"'sha256-{digest}'"


def ordered(both: Sequence[Table], table: Table) -> list[Column]:
    """What decides stands on the left: measured columns first, the last of each paper's table before its others."""
    columns = {column.key: column for column in table.columns}
    measured = dict.fromkeys(each.key for part in both for each in reversed(part.columns) if each.measured)
    return [*(columns[key] for key in measured), *(column for column in table.columns if not column.measured)]


def columns(table: Table) -> list[dict[str, Any]]:
    """How the script writes, orders and offers the numbers of the table."""
    return [
        {
            "key": column.key,
            "title": column.title,
            "unit": column.unit,
            "factor": column.factor,
            "places": table.places[column.key],
            "better": column.better,
            "cost": column.key in COSTS,
        }
        for column in table.columns
    ]


def number(table: Table, column: Column, value: float) -> str:
    """As in the other tables, but with a digit more than zeros where a column is common to large and small networks."""
    text, shown = table.number(column, value), value * column.factor
    return text if column.measured or not shown or float(text) else f"{shown:.1g}"


def whole(both: Sequence[Table]) -> Table:
    """Rows of all examinations in one table, each with the columns it has."""
    found: dict[str, Column] = {}
    for each in both:
        found |= {column.key: column for column in each.columns if column.key not in found}
    groups = tuple(group for each in both for group in each.groups)
    return Table(both[0].layout, tuple(found.values()), groups, summary.places(tuple(found.values()), groups))


def row(found: Gathered, table: Table, group: Group, line: Line) -> dict[str, Any]:
    """What a line of the table is sorted, filtered and drawn by."""
    shown = {
        "name": line.name,
        "label": line.label,
        "kind": line.kind,
        "problem": group.title,
        "seeds": line.seeds,
        "verdict": table.verdict(group, line),
        "judged": group.judged_by,
        "cells": {key: cell.value for key, cell in line.cells.items()},
        "spreads": {key: cell.spread for key, cell in line.cells.items() if cell.spread is not None},
    }
    if line.name:
        settings = found.rows[line.name]
        shown |= {
            "lessons": details.lessons(found, line.name) or ["none"],
            "compression": settings.compression,
            "family": settings.family,
            "examination": settings.examination,
        }
        paces = details.paces(found, line.name)
        shown |= {"pace": paces} if paces else {}
    return shown


def choices(rows: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """The filters: key, name and values in the order of rows; none where all rows have the same."""
    found = []
    for key, title in FILTERS.items():
        values = [row[key] for row in rows if key in row]
        flat = [each for value in values for each in ([value] if isinstance(value, str) else value)]
        distinct = list(dict.fromkeys(flat))
        if len(distinct) > 1:
            found.append((key, title, distinct))
    return found


def data(
    tables: Sequence[tuple[Gathered, Table]], table: Table, titles: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the script shows, and the pictures by name."""
    diagrams, known, rows, sheets = pictures.diagrams(titles), {}, [], {}
    drawn, outlines = pictures.drawings(titles)
    # Packing pictures takes most of the time, and leaves Python's lock to other threads.
    with ThreadPoolExecutor(machine.cores()) as pool:
        figures = {name: pool.submit(pictures.figure, name, each) for name, each in drawn.items()}
        for found, part in tables:
            rows += [row(found, part, group, line) for group in part.groups for line in group.lines]
            for name, settings in found.rows.items():
                measured = records.read(paths.quality(name))
                known[name] = details.of_row(found, name, measured) | {"diagram": diagrams.get(name), "parts": None}
                sheets[name] = pool.submit(pictures.sheet, name, measured, settings.compression == "none")
    shown = {name: packed.result() for name, packed in figures.items()}
    for name, packed in sheets.items():
        sheet = packed.result()
        if sheet:
            known[name]["parts"], shown[f"sheet {name}"] = sheet
    items = dict.fromkeys(item for each in known.values() for item in each["origins"])
    text = {
        "columns": columns(table),
        "rows": rows,
        "details": known,
        "records": {item: kept for item in items if (kept := details.record(item))},
        "curves": details.curves(),
        "galleries": galleries.of(tables, {name: each for name, each in known.items() if each["parts"]}),
        "outlines": outlines,
    }
    return text, shown


def shown_elsewhere(name: str) -> bool:
    """Whether a figure stands elsewhere on the page than among the figures."""
    return name == OVERVIEW or name.startswith(pictures.PER_ROW)


def led_to(rows: Sequence[Mapping[str, Any]], each: Finding) -> list[str]:
    """The rows of the table that a finding is about."""
    known = {row["name"] for row in rows}
    return [name for name in each.rows if name in known]


def page(tables: Sequence[tuple[Gathered, Table]], opening: Opening, outside: Exported | None = None) -> str:
    """index.html, of what was found, the rows of all examinations, and of what was exported if anything was."""
    both, titles = [each for _, each in tables], pictures.manifest()
    table = whole(both)
    text, shown = data(tables, table, titles)
    (style, style_hash), (script, script_hash) = inlined("report.css"), inlined("report.js")
    said = dict.fromkeys(note for found, part in tables for note in notes.in_full(found, part))
    written = notes.made(list(said), lambda note: str(escape(note)), WORDS)
    spread = {key for each in text["rows"] for key in each["spreads"]}
    return pages().get_template("report.html.j2").render(
        table=table, ordered=ordered(both, table), number_of=number, kinds=KINDS, spread=spread,
        rows=text["rows"], choices=choices(text["rows"]), notes=[Markup(note) for note in written],
        figures={name: title for name, title in titles.items() if name in shown and not shown_elsewhere(name)},
        sizes={name: (each["width"], each["height"]) for name, each in shown.items()},
        opening=opening, rows_of=partial(led_to, text["rows"]),
        overview=OVERVIEW if OVERVIEW in shown else None, titles=titles,
        data=pressed(text), pictures=island(shown), outside=exported.section(outside) if outside else None,
        style=style, script=script, style_hash=Markup(style_hash), script_hash=Markup(script_hash),
    )  # fmt: skip
