"""Every file has one licence, whose text is here, and everything that speaks of licences says the same."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from retort.verification import licences
from stages.tables import templating

ROOT = Path(__file__).resolve().parents[1]
FILES = ("LICENSE", "REUSE.toml", "pyproject.toml", ".zenodo.json")


def test_a_file_that_no_pattern_fits_has_none() -> None:
    two: licences.Annotations = [
        {"path": ["a/*", "b/**"], licences.KEY: "MIT"},
        {"path": "b/c.*", licences.KEY: "CC-BY-4.0"},
    ]
    given = {name: licences.licence_of(name, two) for name in ("a/x", "a/x/y", "b/x/y", "b/c.txt", "c")}
    assert given == {"a/x": "MIT", "a/x/y": "", "b/x/y": "MIT", "b/c.txt": "CC-BY-4.0", "c": ""}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What speaks of licences, to be changed."""
    shutil.copytree(ROOT / "LICENSES", tmp_path / "LICENSES")
    for name in FILES:
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def change(name: str, before: str, after: str) -> Callable[[Path], None]:
    """Another text in a file."""

    def damage(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert before in text
        (folder / name).write_text(text.replace(before, after), encoding="utf-8")

    return damage


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (change("pyproject.toml", "MIT AND CC-BY-4.0", "MIT"), "names MIT, REUSE.toml CC-BY-4.0 and MIT"),
        (change(".zenodo.json", '"MIT"', '"GPL-3.0"'), "does not name MIT"),
        (change("LICENSE", "without restriction", "with restriction"), "grants otherwise than LICENSES/MIT.txt"),
        (change("LICENSES/CC-BY-4.0.txt", "Creative", "Destructive"), "is not the text of CC-BY-4.0"),
        (
            lambda folder: (folder / "LICENSES" / "X.txt").write_text("", encoding="utf-8"),
            "is used by nothing in REUSE.toml",
        ),
    ],
)
def test_what_differs_is_found(copy: Path, damage: Callable[[Path], object], said: str) -> None:
    assert not list(licences.findings(copy))
    damage(copy)
    assert [each.what for each in licences.findings(copy)] == [said]


def test_cards_name_the_licence_of_the_code() -> None:
    card = (templating.TEMPLATES / "model_card.md.j2").read_text(encoding="utf-8")
    assert f"license: {licences.CODE.lower()}\n" in card


def test_reuse_finds_nothing_amiss() -> None:
    if importlib.util.find_spec("reuse") is None:
        pytest.skip("no reuse: pip install -e .[dev,export] -c constraints.txt")
    if not licences.tracked(ROOT):
        pytest.skip("no git here: which files belong to the project is not known")
    done = subprocess.run([sys.executable, "-m", "reuse", "lint", "--quiet"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"`reuse lint` says what is amiss\n{done.stdout}{done.stderr}"
