"""The stages of dvc.yaml as they follow from each other: who writes what, who reads it, how often, and for how long.

DVC itself is not asked, since it holds its lock while a stage runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ruamel.yaml import YAML

from stages.findings.tables import TableError
from stages.settings import paths, provenance
from stages.settings.rows import Params

PLACE = re.compile(r"\$\{[^}]+\}")
SECTION = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Stage:
    """A stage: the items it consists of, the paths it writes and reads, and the seconds of the items that have run."""

    name: str
    items: tuple[str, ...]
    outs: tuple[str, ...]
    deps: tuple[str, ...]
    seconds: Mapping[str, float]


def stages(settings: Params) -> list[Stage]:
    """All stages in the order of dvc.yaml."""
    if not paths.GRAPH.exists():
        raise TableError(f"there is no {paths.GRAPH}, whose stages are drawn; run from the root of the repository")
    found = YAML(typ="safe").load(paths.GRAPH.read_text(encoding="utf-8"))["stages"]
    took = provenance.durations()
    return [stage(name, entry, settings, took) for name, entry in found.items()]


def stage(name: str, entry: Mapping[str, Any], settings: Params, took: Mapping[str, float]) -> Stage:
    """One stage; `foreach` makes an item of each row of a section of the params."""
    body = entry.get("do", entry)
    keys = items(entry["foreach"], settings) if "foreach" in entry else ("",)
    outs = [out for kind in ("outs", "metrics", "plots") for out in body.get(kind, [])]
    seconds = {key: took[item] for key in keys if (item := provenance.item_name(name, key)) in took}
    return Stage(
        name, keys, tuple(each if isinstance(each, str) else next(iter(each)) for each in outs),
        tuple(body.get("deps", [])), seconds,
    )  # fmt: skip


def items(over: str | list[str] | dict[str, Any], settings: Params) -> tuple[str, ...]:
    """The names of a stage's items."""
    section = SECTION.fullmatch(over) if isinstance(over, str) else None
    return tuple(getattr(settings, section[1]) if section else over)


def flows(writer: Stage, reader: Stage) -> list[str]:
    """What a stage reads of another's outs, in a word each."""
    read = [out for out in writer.outs if any(meets(out, dep) for dep in reader.deps)]
    return list(dict.fromkeys(word(out) for out in read))


def meets(one: str, other: str) -> bool:
    """Whether two paths can be the same, or one inside the other; `${…}` stands for any name."""
    return all(
        mine == theirs or PLACE.search(mine) or PLACE.search(theirs)
        for mine, theirs in zip(PurePosixPath(one).parts, PurePosixPath(other).parts, strict=False)
    )


def word(out: str) -> str:
    """What is in a path: its folder below the first, or its name."""
    named = [part for part in PurePosixPath(out).parts if not PLACE.search(part)]
    return PurePosixPath(named[min(1, len(named) - 1)]).stem


def recorded(found: list[Stage]) -> Iterator[tuple[str, str]]:
    """Stage and item of each time that was found."""
    for each in found:
        for key in each.seconds:
            yield each.name, key
