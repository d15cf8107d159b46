"""What the project's files import and load, read off their text; nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from stages.settings import members

PACKAGES = ("retort", "stages")
AXES = (*members.AXES, "exports")
"""The axes of trainings and examinations, and that of what leaves them, of which they know nothing."""


@dataclass(frozen=True)
class Loaded:
    """A member that a file loads: of one axis, by a name that stands there or, where it is empty, that rows decide."""

    axis: str
    name: str


@dataclass(frozen=True)
class Imports:
    """The project files that a file imports, inside functions too, and the members that it loads."""

    files: frozenset[Path]
    loads: frozenset[Loaded]


@cache
def of(root: Path, file: Path) -> Imports:
    """The imports of a file below a root; imports for types alone are none."""
    nodes = list(run(ast.parse((root / file).read_text(encoding="utf-8"))))
    files = {found for node in nodes for name in names(node) for found in located(root, name)}
    return Imports(frozenset(files - {file}), frozenset(each for node in nodes for each in loads(node)))


def run(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree, less those behind `if TYPE_CHECKING`."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING"):
            yield from run(child)


def names(node: ast.AST) -> list[str]:
    """The modules that a node may import."""
    if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def located(root: Path, name: str) -> list[Path]:
    """The file of a module of the project, where there is one."""
    if name.partition(".")[0] not in PACKAGES:
        return []
    path = Path(*name.split("."))
    return [each for each in (path.with_suffix(".py"), path / "__init__.py") if (root / each).is_file()]


def loads(node: ast.AST) -> Iterator[Loaded]:
    """The member that a node loads with `members.load`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "load":
        values = [each.value if isinstance(each, ast.Constant) else "" for each in node.args[:2]]
        if len(values) == 2 and values[0] in AXES:
            yield Loaded(str(values[0]), str(values[1]))


def reached(root: Path, start: Iterable[Path]) -> set[Path]:
    """The given files and everything that their imports lead to."""
    found: set[Path] = set()
    waiting = list(start)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += of(root, file).files
    return found
