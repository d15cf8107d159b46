"""Every file has one licence, whose text is here, and everything that speaks of licences says the same."""

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stages.tables import templating

ROOT = Path(__file__).resolve().parents[1]
TEXTS = {"MIT": "MIT License", "CC-BY-4.0": "Creative Commons Attribution 4.0 International"}
PICTURED = ("paper_figures/", "results/samples/")
# REUSE asks for no annotation of the texts themselves.
TEXT = re.compile(r"(.*/)?LICENSE|LICENSES/.*")
# Written in two parts, for a tool that looks for the whole.
KEY = "SPDX-License-" + "Identifier"


@pytest.fixture(scope="module")
def annotations() -> list[dict[str, Any]]:
    return tomllib.loads((ROOT / "REUSE.toml").read_text(encoding="utf-8"))["annotations"]


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode or not listed.stdout:
        pytest.skip("no git here: which files belong to the project is not known")
    return [name for name in listed.stdout.split("\0") if name and not TEXT.fullmatch(name)]


def fits(name: str, pattern: str) -> bool:
    """A path against a pattern of REUSE.toml: * stays within a folder, ** does not."""
    pieces = (re.escape(piece).replace(r"\*", "[^/]*") for piece in pattern.split("**"))
    return re.fullmatch(".*".join(pieces), name) is not None


def licence_of(name: str, annotations: list[dict[str, Any]]) -> str:
    """Of the annotations that fit, the last one's."""
    found = ""
    for each in annotations:
        patterns = [each["path"]] if isinstance(each["path"], str) else each["path"]
        if any(fits(name, pattern) for pattern in patterns):
            found = each[KEY]
    return found


def test_every_file_has_the_licence_that_LICENSE_gives_it(  # noqa: N802 - a file's name
    tracked: list[str], annotations: list[dict[str, Any]]
) -> None:
    for name in tracked:
        expected = "CC-BY-4.0" if name.startswith(PICTURED) else "MIT"
        assert licence_of(name, annotations) == expected, name
    for place in PICTURED:
        assert place.rstrip("/") in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_a_file_that_no_pattern_fits_has_none() -> None:
    two: list[dict[str, Any]] = [{"path": ["a/*", "b/**"], KEY: "MIT"}, {"path": "b/c.*", KEY: "CC-BY-4.0"}]
    given = {name: licence_of(name, two) for name in ("a/x", "a/x/y", "b/x/y", "b/c.txt", "c")}
    assert given == {"a/x": "MIT", "a/x/y": "", "b/x/y": "MIT", "b/c.txt": "CC-BY-4.0", "c": ""}


def test_texts_are_those_of_the_licences_in_use(annotations: list[dict[str, Any]]) -> None:
    used = {each[KEY] for each in annotations}
    assert used == {file.stem for file in (ROOT / "LICENSES").iterdir()} == set(TEXTS)
    for name, title in TEXTS.items():
        assert (ROOT / "LICENSES" / f"{name}.txt").read_text(encoding="utf-8").startswith(title)


def test_the_code_s_licence_is_the_text_of_its_name() -> None:
    def words(text: str) -> list[str]:
        return text[text.index("Permission is hereby") :].split()

    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("LICENSE", "LICENSES/MIT.txt")]
    assert words(texts[0]) == words(texts[1])


def test_package_citation_archives_and_cards_say_the_same(annotations: list[dict[str, Any]]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["license"].split(" AND ")) == {each[KEY] for each in annotations}
    cited = YAML(typ="safe").load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    zenodo = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
    assert cited["license"] == zenodo["license"] == licence_of("stages/__init__.py", annotations)
    card = (templating.TEMPLATES / "model_card.md.j2").read_text(encoding="utf-8")
    assert f"license: {cited['license'].lower()}\n" in card


def test_reuse_finds_nothing_amiss(tracked: list[str]) -> None:
    if importlib.util.find_spec("reuse") is None:
        pytest.skip("no reuse: pip install -e .[dev] -c constraints.txt")
    assert tracked
    done = subprocess.run([sys.executable, "-m", "reuse", "lint", "--quiet"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"`reuse lint` says what is amiss\n{done.stdout}{done.stderr}"
