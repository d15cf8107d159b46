"""The deps that dvc.yaml has to list, derived: code from imports and from the members that rows name.

Data, results and params stand in dvc.yaml as a person wrote them. A member is one dep: a slot where an item's row names
it, its own path where a stage looks at all rows. What members may share is a folder, so that a new member lengthens no
list of other items; of other folders the files that are used, or the folder where that is all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retort.checking.lessons import UNTAUGHT
from retort.checking.paces import UNMOVED
from retort.engine import imports
from retort.engine.imports import Loaded
from retort.engine.usage import Usage
from stages.learning.contracts import ROLES
from stages.settings import sweeps

CODE = Path("stages")
WHOLE = ("settings", "tables", "drawing")
"""Folders that are deps as a whole wherever they are used: what a stage must know to run; layouts and templates; what
programs draw with, which protocols hold one hash of."""

SHARED = ("blocks", "learning")
"""Folders that are deps as a whole, whichever of their files are used, wherever members are loaded."""

STUDENT = {
    "families": ("${item.family}",),
    "compressions": ("${item.compression}",),
    "distillations": tuple(f"${{item.distill.{role}}}" for role in ROLES),
    "paces": tuple(f"${{item.pace.{role}}}" for role in ROLES),
    "examinations": ("${item.examination}",),
    "metrics": (),
}
TAUGHT = {axis: STUDENT[axis] for axis in ("families", "distillations", "paces")}
SLOTS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "datasets": {"datasets": ("${item.dataset}",)},
    "teachers": {"families": ("${item.family}",), "distillations": (UNTAUGHT,), "paces": (UNMOVED,)},
    "wides": {**TAUGHT, "compressions": ()},
    "searches": {**TAUGHT, "compressions": STUDENT["compressions"]},
    "variants": STUDENT,
    "chosen": STUDENT,
    "sweeps": STUDENT,
    "exports": {"families": ("${item.family}",), "exports": ("${item.examination}",)},
}
"""Section of params -> axis -> the members that an item lists. Teachers are taught nothing; weight-shared networks are
made by no compression; the files of metrics reach an evaluation through the protocol of its examination."""

UNLISTED = {"variants": ("datasets",), "chosen": ("datasets",), "sweeps": ("datasets",), "searches": ("metrics",)}
"""Section -> axes whose members an item does not list, nor what they import: programs that draw, whose hashes stand in
the protocol; metrics, which a search shares rooms with and asks for none."""

SCHEDULES = "schedules."


@dataclass(frozen=True)
class Lists:
    """The entries of one stage that are derived: code among its deps, schedules among its params."""

    deps: tuple[str, ...]
    schedules: tuple[str, ...]


def is_code(dep: str) -> bool:
    """Whether a dep is derived."""
    return dep.startswith(f"{CODE}/")


def is_schedule(param: str) -> bool:
    """Whether a param is derived."""
    return param.startswith(SCHEDULES)


def derive(stage: str, entry: Mapping[str, Any], usage: Usage, root: Path) -> Lists:
    """What a stage of dvc.yaml has to list."""
    section = str(entry.get("foreach", "")).strip("${} ")
    main = CODE / f"{sweeps.file(stage)}.py"
    deps = code(main, section, usage, root) if (root / main).is_file() else []
    own = [param for param in entry.get("do", entry).get("params", []) if is_schedule(param) and "$" in param]
    more = [f"{SCHEDULES}{name}" for name in usage.schedules] if own and section == "sweeps" else []
    return Lists(tuple(deps), (*own, *more))


def code(main: Path, section: str, usage: Usage, root: Path) -> list[str]:
    """The code that an item runs: its stage's file, its members, what they share, what else is imported."""
    programs = {Loaded("datasets", name) for name in usage.programs}
    loads = {Loaded("metrics", ""), *programs} if section == "evaluation" else set()
    while True:
        own = {
            file for load in loads for name in candidates(load, section, usage) for file in held(load.axis, name, root)
        }
        found = imports.reached(root, [main, *own])
        more = {load for file in found for load in imports.of(root, file).loads}
        more = {load for load in more if load.axis not in UNLISTED.get(section, ())}
        if more <= loads:
            break
        loads |= more
    listed = [dep for load in sorted(loads, key=place) for dep in stand_ins(load, section, usage)]
    shared = imports.reached(root, own) - own
    return list(dict.fromkeys([main.as_posix(), *listed, *collapsed(found - own - {main}, shared, root)]))


def candidates(load: Loaded, section: str, usage: Usage) -> list[str]:
    """The members that a file may load when it runs for an item of a section."""
    if load.name:
        return [load.name]
    fixed = [name for name in SLOTS.get(section, {}).get(load.axis, ()) if "$" not in name]
    return fixed or sorted(usage.rows[load.axis])


def stand_ins(load: Loaded, section: str, usage: Usage) -> list[str]:
    """The deps that an item lists for the members of an axis; a sweep also those that points name."""
    slots = SLOTS.get(section, {}).get(load.axis)
    if load.name or slots is None:
        return [dep_of(load.axis, name) for name in candidates(load, section, usage)]
    more = sorted(usage.points[load.axis]) if section == "sweeps" else []
    return [dep_of(load.axis, name) for name in (*slots, *more)]


def place(load: Loaded) -> tuple[int, str]:
    """Where the dep of a member stands in a list."""
    return imports.AXES.index(load.axis), load.name


def dep_of(axis: str, name: str) -> str:
    """The dep that stands for a member, or for the slot of one: families are folders."""
    return f"{CODE}/{axis}/{name}" if axis == "families" else f"{CODE}/{axis}/{name}.py"


def held(axis: str, name: str, root: Path) -> list[Path]:
    """The Python files of a member."""
    return within(Path(dep_of(axis, name)), root)


def within(dep: Path, root: Path) -> list[Path]:
    """The Python files of a dep."""
    files = sorted((root / dep).rglob("*.py")) if (root / dep).is_dir() else [root / dep]
    return [file.relative_to(root) for file in files]


def collapsed(found: set[Path], shared: set[Path], root: Path) -> list[str]:
    """Files as deps: their folder where it is wholly used, or where members share files of it."""
    common = {file.parent for file in shared if file.parent.name in SHARED}
    deps = set()
    for folder in {file.parent for file in found}:
        mine = {file for file in found if file.parent == folder and file.name != "__init__.py"}
        whole = {file for file in within(folder, root) if file.name != "__init__.py"}
        as_one = folder in common or folder.name in WHOLE or (folder != CODE and whole <= mine)
        deps |= {folder.as_posix()} if as_one and mine else {file.as_posix() for file in mine}
    return sorted(deps)
