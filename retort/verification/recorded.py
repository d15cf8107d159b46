"""What dvc.lock says about the files at hand: whether they are those that were recorded, of the params and code of now.

DVC's own check needs a DVC repository and every weight; this one reads the text of dvc.lock, checks what is there, and
names what differs. A file that DVC keeps in its cache may be absent, one that git keeps may not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML

from retort.checking import yaml_text
from retort.engine.graph import stage_of
from retort.engine.staleness import lookup
from retort.verification.published import SourceError
from retort.verification.unchanged import digest
from stages.findings import records
from stages.settings import paths, sweeps
from stages.settings.rows import Params

__all__ = ["digest"]


AGAIN = "`git checkout dvc.lock` brings it back"


class RecordError(SourceError):
    """dvc.lock is damaged; the message says where."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it must be: where, and what."""

    where: str
    what: str


class Strict(BaseModel):
    """Holds what DVC writes and nothing else: a name that is damaged is an unknown one."""

    model_config = ConfigDict(extra="forbid")


class Hashed(Strict):
    """A path and its hash."""

    path: Annotated[str, Field(strict=True, min_length=1)]
    hash: str
    md5: Annotated[str, Field(strict=True)]
    size: int
    nfiles: int = 0
    isexec: bool = False
    files: list[Any] = []
    cloud: dict[str, Any] = {}


class Entry(Strict):
    """What is recorded of an item."""

    cmd: str | list[str]
    deps: list[Hashed] = []
    outs: list[Hashed] = []
    params: dict[str, dict[str, Any]] = {}


class Lock(Strict):
    """A dvc.lock."""

    version: Annotated[Literal["2.0"], Field(alias="schema")]
    stages: dict[str, Entry] = {}
    datasets: Any = None


def parsed(text: bytes) -> dict[str, Any]:
    """The items of a dvc.lock."""
    if yaml_text.depth(text.decode("utf-8", errors="replace")) > yaml_text.DEEPEST:
        raise RecordError(f"{paths.LOCK} has more brackets inside each other than anything writes; {AGAIN}")
    try:
        content = YAML(typ="safe").load(text) or {}
    # Readers of YAML raise nearly anything where a file is damaged.
    except Exception as error:
        raise RecordError(f"{paths.LOCK} cannot be read ({str(error).partition(chr(10))[0]}); {AGAIN}") from None
    try:
        return Lock.model_validate(content).model_dump(exclude_unset=True).get("stages", {}) if content else {}
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise RecordError(f"{paths.LOCK} is not what was recorded: {where}: {first['msg']}; {AGAIN}") from None


def outs(lock: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Path -> (item, hash) of everything that was made."""
    return {out["path"]: (item, out["md5"]) for item, entry in lock.items() for out in entry.get("outs", [])}


def declared() -> dict[str, tuple[list[str], bool]]:
    """Stage -> the names of its items, and whether git keeps what it makes."""
    content, _ = yaml_text.read(paths.GRAPH)
    rows, _ = yaml_text.read(paths.PARAMS)
    found = {}
    for stage, entry in content["stages"].items():
        body = entry.get("do", entry)
        made = [each for kind in ("outs", "metrics", "plots") for each in body.get(kind, [])]
        in_git = all(isinstance(each, dict) and not next(iter(each.values())).get("cache", True) for each in made)
        axis = str(entry.get("foreach", "")).strip("${} ")
        names = [f"{stage}@{name}" for name in rows[axis]] if axis else [stage]
        found[stage] = (names, in_git)
    return found


def check_items(lock: dict[str, Any]) -> Iterator[Finding]:
    """Every row has run, and no other has."""
    expected = [item for items, _ in declared().values() for item in items]
    for item in expected:
        if item not in lock:
            yield Finding(item, f"never ran: it is not in {paths.LOCK}; `retort repro` runs it")
    for item in lock:
        if item not in expected:
            yield Finding(item, f"is in {paths.LOCK} but not in {paths.PARAMS}; `retort prune` removes it")


def check_params(lock: dict[str, Any]) -> Iterator[Finding]:
    """What was run is what params.yaml says now."""
    files: dict[str, dict[str, Any]] = {}
    for item, entry in lock.items():
        for file, recorded in entry.get("params", {}).items():
            if file not in files:
                files[file], _ = yaml_text.read(Path(file))
            for name, value in recorded.items():
                if lookup(files[file], name) != [value]:
                    yield Finding(item, f"is stale: {name} in {file} changed since it ran")


def check_deps(lock: dict[str, Any]) -> Iterator[Finding]:
    """What was run is the code of now, on what the items before it made."""
    made = outs(lock)
    seen: dict[str, str] = {}
    for item, entry in lock.items():
        for dep in entry.get("deps", []):
            path, recorded = dep["path"], dep.get("md5", "")
            if path in made:
                if made[path][1] != recorded:
                    yield Finding(item, f"is stale: {made[path][0]} has made another {path} since")
            elif any(inside.startswith(f"{path}/") and not Path(inside).exists() for inside in made):
                # A folder of files that DVC keeps, and that are not all here.
                continue
            elif not Path(path).exists():
                yield Finding(item, f"is stale: {path} is gone")
            else:
                seen.setdefault(path, digest(Path(path)))
                if seen[path] != recorded:
                    yield Finding(item, f"is stale: {path} changed since it ran")


def check_outs(lock: dict[str, Any]) -> Iterator[Finding]:
    """The files at hand are those that were made; weights may be absent."""
    in_git = {stage: kept for stage, (_, kept) in declared().items()}
    for path, (item, recorded) in outs(lock).items():
        if not Path(path).exists():
            if in_git.get(stage_of(item), False):
                yield Finding(path, f"is missing; {item} makes it")
        elif digest(Path(path)) != recorded:
            yield Finding(path, f"was changed after {item} made it: its hash is not the one in {paths.LOCK}")


def check_numbers(path: Path) -> Iterator[Finding]:
    """A JSON file holds numbers that are some."""
    bad: list[str] = []
    try:
        json.loads(path.read_text(encoding="utf-8"), parse_constant=bad.append)
    except (ValueError, RecursionError) as error:
        yield Finding(path.as_posix(), f"is not JSON: {error}")
    if bad:
        yield Finding(path.as_posix(), f"holds {', '.join(sorted(set(bad)))}")


def check_protocols(reports: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    """All rows were measured in one way, and all rows of one data set with the same ruler."""
    first: dict[str, tuple[str, Any]] = {}
    for variant, report in reports.items():
        protocol = report["protocol"]
        for kind, one in records.parts(protocol).items():
            earlier, other = first.setdefault(kind, (variant, one))
            if one != other:
                names = sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
                where = paths.quality(variant).as_posix()
                yield Finding(where, f"has another protocol than {earlier}: {', '.join(names)} ({kind})")


def check_seeds(rows: Params, reports: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    """Every row was judged, with its seeds."""
    for variant, row in sweeps.rows(rows).items():
        where, expected = paths.quality(variant).as_posix(), {str(seed) for seed in row.seeds}
        if variant not in reports:
            yield Finding(where, "is missing")
        elif set(reports[variant]["seeds"]) != expected:
            found = ", ".join(sorted(reports[variant]["seeds"])) or "none"
            yield Finding(where, f"has seeds {found}; {paths.PARAMS} asks for {', '.join(sorted(expected))}")
