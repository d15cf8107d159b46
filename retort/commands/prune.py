"""`retort prune`: remove what rows left behind that no longer exist in params.yaml."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from dvc.repo import Repo
from dvc.utils.serialize import load_yaml

from retort.engine import graph as graphs
from retort.engine import lockfile
from retort.exchange import folders
from stages.settings import paths

NAME = "[a-z][a-z0-9_-]*"
ROW = re.compile(r"\$\{\s*(key|item)\s*\}")
# People put their own files here, and a row could be called so.
PROTECTED = (paths.WEIGHTS, folders.RAW)
# The mark of a data set that this project has written.
HEADER = "header.json"


@dataclass
class Leftovers:
    """What would be removed, and what was found but is not ours to remove."""

    rows: set[str] = field(default_factory=set)
    files: list[Path] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    ignored: list[Path] = field(default_factory=list)
    left_alone: dict[Path, str] = field(default_factory=dict)


def prune(yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False) -> None:
    """List, then remove what rows left behind that are gone from params.yaml.

    These are the files their stages made, their entries in dvc.lock, and the lines DVC wrote for them into .gitignore.
    Nothing else is touched: raw data, weights, other files, what lies behind links. DVC's cache keeps the weights and
    data (`dvc gc` empties it), so a row that comes back is restored without training. Without --yes it asks on a
    terminal, and elsewhere only lists.
    """
    try:
        with graphs.alone():
            found = look()
            report(found)
            if not (found.files or found.entries):
                return
            if not yes and not (sys.stdin.isatty() and typer.confirm("Remove all this?")):
                typer.echo("Nothing was removed; `retort prune --yes` does.")
                return
            remove(found)
    except graphs.GraphError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    typer.echo(f"Removed {len(found.files)} files and folders, {len(found.entries)} entries of dvc.lock.")


def look() -> Leftovers:
    """What the working tree holds of rows that are gone."""
    items = graphs.items()
    with graphs.opened() as repo:
        lock = load_yaml(paths.LOCK)["stages"] if paths.LOCK.exists() else {}
        cache = Path(repo.cache.local.path).resolve()
    found = Leftovers()
    declared = foreach_outs(load_yaml(paths.GRAPH)["stages"])
    for stage, templates in declared.items():
        # Stages of variants and of sweeps may write to the same place.
        beside = {each for each, theirs in declared.items() if each == stage or set(theirs) & set(templates)}
        live = {item.partition("@")[2] for item in items if graphs.stage_of(item) in beside}
        entries = {name: entry for name, entry in lock.items() if graphs.stage_of(name) == stage and "@" in name}
        entries = {name: entry for name, entry in entries.items() if name.partition("@")[2] not in live}
        recorded = {Path(out["path"]) for entry in entries.values() for out in entry.get("outs", [])}
        gone = {name.partition("@")[2] for name in entries}
        for template in (*templates, str(paths.provenance(stage, "${key}"))):
            for row, path in matches(template):
                if row not in live and sort_out(path, path in recorded, cache, found):
                    gone.add(row)
        found.entries += entries
        found.rows |= gone
        found.ignored += [Path(ROW.sub(row, template)) for template in templates for row in sorted(gone)]
    found.files = sorted(set(found.files))
    return found


def foreach_outs(stages: Mapping[str, Any]) -> dict[str, list[str]]:
    """The outs of each stage that has an item per row, as written in dvc.yaml, where the row alone decides the path."""
    templates: dict[str, list[str]] = {}
    for name, stage in stages.items():
        if "foreach" in stage:
            declared = [each for kind in ("outs", "metrics", "plots") for each in stage["do"].get(kind, [])]
            named = [each if isinstance(each, str) else next(iter(each)) for each in declared]
            templates[name] = [out for out in named if ROW.search(out) and "${" not in ROW.sub("", out)]
    return templates


def matches(template: str) -> Iterator[tuple[str, Path]]:
    """Rows and paths on disk that fit an out of dvc.yaml."""
    literals = [re.escape(part) for part in ROW.sub("\0", template).rstrip("/").split("\0")]
    pattern = re.compile(f"{literals[0]}(?P<row>{NAME})" + "(?P=row)".join(literals[1:]))
    for path in Path().glob(ROW.sub("*", template).rstrip("/")):
        fits = pattern.fullmatch(path.as_posix())
        if fits:
            yield fits["row"], path


def sort_out(path: Path, recorded: bool, cache: Path, found: Leftovers) -> bool:
    """Whether a path is ours to remove: made by an item, as dvc.lock, its place or its content shows."""
    if path in PROTECTED:
        return False
    if any(parent.is_symlink() for parent in path.parents):
        found.left_alone[path] = "lies behind a link"
    elif path.is_symlink() and not path.resolve().is_relative_to(cache):
        found.left_alone[path] = f"is a link to {path.readlink()}"
    elif not (recorded or path.is_relative_to(paths.RESULTS) or (path / HEADER).is_file()):
        found.left_alone[path] = "is not recorded in dvc.lock and may be your own"
    else:
        found.files.append(path)
        return True
    return False


def report(found: Leftovers) -> None:
    """Say what is there, before anything happens."""
    if not (found.files or found.entries):
        typer.echo("Nothing to prune: every file and every entry of dvc.lock belongs to a row of params.yaml.")
    else:
        typer.echo(f"Left behind by {len(found.rows)} rows that params.yaml no longer has:")
    for path in found.files:
        typer.echo(f"  {path}{'/' if path.is_dir() else ''}")
    for entry in found.entries:
        typer.echo(f"  dvc.lock: {entry}")
    for path, why in found.left_alone.items():
        typer.echo(f"Left alone: {path} {why}")


def remove(found: Leftovers) -> None:
    """Remove the files, then their traces in dvc.lock and .gitignore."""
    for path in found.files:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    with graphs.opened() as repo:
        forget(found, repo)


def forget(found: Leftovers, repo: Repo) -> None:
    """Take the rows out of dvc.lock and .gitignore."""
    if found.entries:
        before, entries, after = lockfile.lock_entries()
        kept = [text for name, text in entries.items() if name not in found.entries]
        lockfile.replace_lock(before, kept, after)
    for path in set(found.ignored) - set(found.left_alone):
        repo.scm_context.ignore_remove(str(path.absolute()))
