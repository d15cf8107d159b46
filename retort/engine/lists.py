"""dvc.yaml's deps lists held to what is derived, and rewritten in its text, so that comments stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from retort.checking.sentences import Problem
from retort.engine import deriving, imports, usage
from stages.settings import paths

REMEDY = "`retort deps --write` writes what the code says"
DERIVED: Mapping[str, Callable[[str], bool]] = {"deps": deriving.is_code, "params": deriving.is_schedule}
STAGE, KEY = re.compile(r"  (\w+):"), re.compile(r" +(\w+):$")
ENTRY = re.compile(r"( +)- (\S+)")


def stages(root: Path) -> dict[str, Any]:
    """The stages of dvc.yaml as they stand there."""
    content: dict[str, Any] = YAML(typ="safe").load((root / paths.GRAPH).read_text(encoding="utf-8"))["stages"]
    return content


def derived(root: Path) -> dict[str, deriving.Lists]:
    """What each stage has to list."""
    used = usage.read(root)
    return {stage: deriving.derive(stage, entry, used, root) for stage, entry in stages(root).items()}


def declared(entry: Mapping[str, Any], kind: str) -> list[str]:
    """What a stage lists now, of what is derived."""
    return [each for each in entry.get("do", entry).get(kind, []) if DERIVED[kind](each)]


def problems(root: Path) -> Iterator[Problem]:
    """What dvc.yaml lists otherwise than the code says; members that only another params file names may stay."""
    entries = stages(root)
    for stage, right in derived(root).items():
        for kind, wanted in (("deps", right.deps), ("params", right.schedules)):
            mine = declared(entries[stage], kind)
            where = f"dvc.yaml: stages.{stage}.{kind}"
            missing = [each for each in wanted if each not in mine]
            superfluous = [each for each in mine if each not in wanted and not is_member(each, root)]
            if missing:
                yield Problem(where, f"lack {', '.join(missing)}; {REMEDY}")
            if superfluous:
                yield Problem(where, f"list {', '.join(superfluous)}, which nothing there uses; {REMEDY}")


def is_member(dep: str, root: Path) -> bool:
    """Whether a dep is a member of an axis."""
    parts = Path(dep).parts
    return len(parts) == 3 and parts[1] in imports.AXES and (root / dep).exists()


def rewritten(root: Path) -> str:
    """The text of dvc.yaml with every derived entry as it has to be."""
    right = derived(root)
    lines = (root / paths.GRAPH).read_text(encoding="utf-8").splitlines()
    text: list[str] = []
    stage, at = "", 0
    while at < len(lines):
        stage = found[1] if (found := STAGE.match(lines[at])) else stage
        key = found[1] if (found := KEY.match(lines[at])) else ""
        text.append(lines[at])
        at += 1
        if key in DERIVED and stage in right:
            end = end_of_list(lines, at)
            wanted = right[stage].deps if key == "deps" else right[stage].schedules
            text += exchanged(lines[at:end], wanted, DERIVED[key])
            at = end
    return "\n".join(text) + "\n"


def end_of_list(lines: Sequence[str], start: int) -> int:
    """Behind the last entry of a list, the comments between its entries included."""
    end = at = start
    while at < len(lines) and (ENTRY.match(lines[at]) or lines[at].lstrip().startswith("#")):
        at += 1
        end = at if ENTRY.match(lines[at - 1]) else end
    return end


def exchanged(lines: Sequence[str], wanted: Sequence[str], is_derived: Callable[[str], bool]) -> list[str]:
    """A list with its derived entries exchanged; a comment stays before the entry that it stood before."""
    blocks: dict[str, list[str]] = {}
    comments: list[str] = []
    for line in lines:
        entry = ENTRY.match(line)
        comments.append(line)
        if entry:
            blocks[entry[2]], comments, indent = comments, [], entry[1]
    kept = [name for name in blocks if not is_derived(name)]
    first = next((index for index, name in enumerate(blocks) if is_derived(name)), 0)
    before = [name for name in list(blocks)[:first] if name in kept]
    named = [*before, *wanted, *(name for name in kept if name not in before)]
    return [line for name in named for line in blocks.get(name, [f"{indent}- {name}"])]
