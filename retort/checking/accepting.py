"""What DVC is told of params that were accepted: that they were, and what rows use of them.

`results/accepted.txt` never changes: what depends on it waits for the check and becomes stale through nothing else.
`results/rows.json` holds all rows with the schedules, data sets and examinations that they use, in one dep: stages that
look at all rows at once then need not list sections of params.yaml, of which a row that nobody uses would change them.
`README.md` in results/choices, results/exports and results/networks makes the folders that stages depend on, which are
there whether or not anything is searched or exported.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stages.settings import paths, sweeps
from stages.settings.atomic import write_atomically
from stages.settings.rows import Params

ACCEPTED, ROWS = paths.RESULTS / "accepted.txt", paths.RESULTS / "rows.json"
SECTIONS = ("teachers", "wides", "searches", "variants", "chosen", "sweeps", "exports")
ABOUT = {
    paths.choices() / "README.md": (
        "What searches chose: `<search>.json` holds each configuration with its cost and its fitness on validation "
        "images, what was picked, and how far shared weights and weights of their own rank configurations alike.\n"
    ),
    paths.exported("README").with_suffix(".md"): (
        "How exported networks compare with those of the benchmark: `<row>.json` holds of each precision the largest "
        "difference of 8-bit levels, the share of equal pixels, bytes, and the error over the test.\n"
    ),
    paths.exported_networks("README.md"): (
        "Networks as files that run without this project: `<row>/<network>.onnx` takes 8-bit images or latents, and "
        "says in its metadata what it is. `retort export` writes them with instructions.\n"
    ),
}
"""Of folders that are depended on as a whole what they hold."""
SENTENCE = "`retort check` has accepted params.yaml.\n"


def used(params: Params) -> dict[str, Any]:
    """All rows, and of the other sections what they use."""
    rows = sweeps.rows(params).values()
    trained: list[Any] = [*params.teachers.values(), *params.wides.values(), *params.searches.values(), *rows]
    schedules = {row.schedule for row in trained}
    data = {name for row in params.teachers.values() for name in (row.dataset, row.partner)}
    whole = params.model_dump(mode="json", exclude_unset=True)
    return {
        **{section: whole.get(section, {}) for section in SECTIONS},
        "schedules": {name: row for name, row in whole["schedules"].items() if name in schedules},
        "datasets": {name: row for name, row in whole["datasets"].items() if name in data},
        "evaluation": {name: whole["evaluation"][name] for name in {row.examination: 0 for row in rows}},
    }


def write(params: Params, root: Path = Path()) -> None:
    """All of them."""
    write_atomically(root / ACCEPTED, SENTENCE.encode())
    for file, about in ABOUT.items():
        write_atomically(root / file, about.encode())
    write_atomically(root / ROWS, text_of(used(params)).encode())


def unchanged(root: Path = Path()) -> bool:
    """Whether these files would be those that are here; not if params.yaml is unsound."""
    from retort.checking.params import ParamsError, checked

    try:
        text = text_of(used(checked(root / paths.PARAMS)))
    except ParamsError:
        return False
    there = all((root / file).is_file() for file in (ACCEPTED, *ABOUT, ROWS))
    return there and (root / ROWS).read_text(encoding="utf-8") == text


def text_of(content: dict[str, dict[str, Any]]) -> str:
    """Sections as JSON, with a row on each line."""
    sections = []
    for name, rows in content.items():
        lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(row, ensure_ascii=False)}" for key, row in rows.items())
        sections.append(f" {json.dumps(name)}: {{\n{lines}\n }}" if rows else f" {json.dumps(name)}: {{}}")
    return "{\n" + ",\n".join(sections) + "\n}\n"
