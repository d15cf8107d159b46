"""Which folder may import which: downwards only, the tool on top, and every file of stages/ is a stage."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from retort.engine import imports, lists
from stages.settings import sweeps

ROOT = Path(__file__).resolve().parents[1]
LAYERS = (
    ("settings",),
    ("storage",),
    ("preparing",),
    ("drawing",),
    ("learning",),
    ("blocks",),
    ("measuring",),
    ("searching",),
    ("exporting",),
    ("timing",),
    ("reading",),
    ("findings",),
    imports.AXES,
    ("figures", "tables"),
)
"""Folders of stages/, lowest first; files of the same layer's folders do not import each other."""

BY_NAME = ("stages/metrics/cost.py", "stages/metrics/latency.py")
"""Metrics of networks rather than of examinations, which stages import by name."""


def sources(root: Path, *folders: str) -> list[Path]:
    """The Python files below some folders."""
    found = (file.relative_to(root) for folder in folders for file in sorted((root / folder).rglob("*.py")))
    return [file for file in found if "__pycache__" not in file.parts]


def height(file: Path) -> int:
    """The layer of a file of stages/: the folders from below, then the stages themselves."""
    if len(file.parts) == 2:
        return len(LAYERS)
    return next(index for index, layer in enumerate(LAYERS) if file.parts[1] in layer)


def home(file: Path) -> tuple[str, ...]:
    """What a file may import of its own layer: its folder, of an axis its member."""
    if file.parts[1] in imports.AXES and file.name != "__init__.py":
        return (*file.parts[1:2], file.parts[2].removesuffix(".py"))
    return file.parts[1:2] if file.parts[1] not in imports.AXES else file.parts[1:-1]


def upward(root: Path) -> Iterator[str]:
    """Imports that do not run downwards."""
    for file in sources(root, "stages"):
        for other in sorted(imports.of(root, file).files):
            if other.name == "__init__.py" and len(other.parts) < 4:
                continue
            if (
                other.parts[0] != "stages"
                or height(other) > height(file)
                or (height(other) == height(file) and home(other) != home(file))
            ):
                yield f"{file} imports {other}"
            elif other.parts[1] in imports.AXES and home(other) != home(file) and not by_name(file, other):
                yield f"{file} imports the member {other}; members are loaded"


def by_name(file: Path, other: Path) -> bool:
    """Whether a stage may import a member by its name."""
    return height(file) == len(LAYERS) and other.as_posix() in BY_NAME


def test_imports_run_downwards() -> None:
    assert not list(upward(ROOT))


def test_every_folder_of_the_stages_has_its_layer() -> None:
    folders = {path.name for path in (ROOT / "stages").iterdir() if (path / "__init__.py").exists()}
    assert folders == {name for layer in LAYERS for name in layer}


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("stages/settings/rows.py", "from stages.storage import prepared"),
        ("stages/learning/devices.py", "from stages.families import stargan"),
        ("stages/blocks/soft.py", "import stages.measuring.judges"),
        ("stages/distillations/none.py", "from stages.distillations import critic"),
        ("stages/exporting/doors.py", "from stages.exports import directions"),
        ("stages/measuring/judges.py", "def late() -> None:\n    from stages.findings import records"),
        ("stages/build_judges.py", "from stages.metrics import fid"),
        ("stages/acquire_data.py", "from retort.checking import params"),
    ],
)
def test_one_upward_import_is_noticed(tmp_path: Path, file: str, line: str) -> None:
    for package in imports.PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    assert not list(upward(tmp_path))
    with (tmp_path / file).open("a", encoding="utf-8") as source:
        source.write(f"\n\n{line}\n")
    imports.of.cache_clear()
    (found,) = upward(tmp_path)
    assert found.startswith(file)


def test_every_file_of_the_stages_is_a_stage_in_order() -> None:
    files = [file.stem for file in sorted((ROOT / "stages").glob("*.py")) if file.stem != "__init__"]
    stages = list(lists.stages(ROOT))
    run = dict.fromkeys(sweeps.file(stage) for stage in stages if stage != "accept_rows")
    assert list(run) == files
    assert stages == sorted(stages)


def test_packages_hold_no_code_but_a_family_its_contract() -> None:
    for file in sources(ROOT, *imports.PACKAGES):
        if file.name == "__init__.py" and file.parts[:2] != ("retort", "commands") and len(file.parts) < 4:
            body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
            assert all(isinstance(node, ast.Expr) for node in body), file


def test_a_drawer_has_no_word_in_the_code() -> None:
    word = re.compile("harn" + "ess", re.IGNORECASE)
    files = [
        *sources(ROOT, "retort", "stages", "tests"),
        *map(Path, ("dvc.yaml", "params.yaml", "Makefile", "pyproject.toml")),
    ]
    assert not [file for file in files if word.search((ROOT / file).read_text(encoding="utf-8"))]
