"""A file boundary is an invalidation boundary: what a change makes stale, asked of real DVC in a copy of the project.

Nothing is trained: every out is a file of a few bytes, committed as if its stage had made it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pytest
from dvc.repo import Repo

from retort.checking import accepting, yaml_text
from retort.engine import imports, lists

ROOT = Path(__file__).resolve().parents[1]
CODE = ("retort", "stages", "scales")
FILES = ("dvc.yaml", "claims.yaml", ".dvcignore", ".dvc/config")
PACED = "  paced: {<<: [*fr5out, *w4b3, *set1], pace: {generator: linear, discriminator: constant}}\n"
OF_ITEMS = {stage for stage, entry in lists.stages(ROOT).items() if "foreach" in entry}
TRAINING = {
    "acquire_data", "build_judges", "build_teachers", "build_wide_students", "choose_students", "distill_students",
    "distill_students_chosen", "distill_students_sweeps",
}  # fmt: skip


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project at the smoke scale, everything up to date."""
    folder = tmp_path_factory.mktemp("settled")
    for name in CODE:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copyfile(ROOT / "scales" / "smoke.yaml", folder / "params.yaml")
    add_row(folder, PACED)
    derive(folder)
    (folder / ".dvc/config").write_text("[core]\n    no_scm = true\n", encoding="utf-8")
    accept(folder)
    with chdir(folder), Repo() as repo:
        for out in (out for stage in repo.index.stages for out in stage.outs):
            fake(Path(out.fs_path))
        repo.commit(force=True)
    return folder


def fake(out: Path) -> None:
    """An out of a few bytes, where the check has not written it."""
    file = out if out.suffix else out / "content"
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.write_text(out.name, encoding="utf-8")


@pytest.fixture
def copy(settled: Path, tmp_path: Path) -> Path:
    """The settled project, to be changed."""
    imports.of.cache_clear()
    return shutil.copytree(settled, tmp_path / "copy", ignore=shutil.ignore_patterns("tmp"))


def accept(folder: Path) -> None:
    """What the first stage does, by the code of the copy."""
    done = run(folder, "-m", "retort", "check", "--accept")
    assert done.returncode == 0, done.stderr


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A Python command in the copy."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )


def stale(folder: Path) -> set[str]:
    """The items that DVC would run."""
    with chdir(folder), Repo() as repo:
        found: dict[str, object] = repo.status()
    return {name.removeprefix("dvc.yaml:") for name in found}


def of_items(found: set[str], *new: str) -> set[str]:
    """The items of rows among stale ones, less those that are called like a new row."""
    return {item for item in found if item.partition("@")[0] in OF_ITEMS and item.partition("@")[2] not in new}


def add_row(folder: Path, row: str, section: str = "variants") -> None:
    """Another row in params.yaml."""
    exchange(folder / "params.yaml", f"\n{section}:\n", f"\n{section}:\n{row}")


def exchange(file: Path, old: str, new: str) -> None:
    """Another text in a file, where there is such a one."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def derive(folder: Path) -> None:
    """What `retort deps --write` does."""
    imports.of.cache_clear()
    (folder / "dvc.yaml").write_text(lists.rewritten(folder), encoding="utf-8")


def test_nothing_is_stale_where_nothing_changed(copy: Path) -> None:
    assert stale(copy) == set()
    assert not list(lists.problems(copy))


def test_a_new_unused_member_of_each_axis_makes_nothing_stale(copy: Path) -> None:
    for axis in imports.AXES:
        file = f"{axis}/newcomer/__init__.py" if axis == "families" else f"{axis}/newcomer.py"
        (copy / "stages" / file).parent.mkdir(exist_ok=True)
        (copy / "stages" / file).write_text('"""A newcomer."""\n', encoding="utf-8")
    assert not list(lists.problems(copy))
    assert stale(copy) == set()


@pytest.mark.parametrize(
    "file", ["checking/sentences.py", "commands/repro.py", "verification/claimed.py", "engine/graph.py"]
)
def test_a_reworded_message_makes_nothing_stale(copy: Path, file: str) -> None:
    with (copy / "retort" / file).open("a", encoding="utf-8") as source:
        source.write('\nSENTENCE = "said otherwise"\n')
    assert stale(copy) == set()


@pytest.mark.parametrize("line", ["  another: {<<: *adversarial, steps: 5}\n", "  # A comment.\n"])
def test_a_new_schedule_or_a_comment_only_has_the_check_run(copy: Path, line: str) -> None:
    exchange(copy / "params.yaml", "\nteachers:\n", f"\n{line}\nteachers:\n")
    assert stale(copy) == {"accept_rows"}
    accept(copy)
    assert stale(copy) == {"accept_rows"}
    assert accepting.unchanged(copy)


def test_a_caption_makes_the_tables_stale_alone(copy: Path) -> None:
    with next((copy / "stages" / "tables").glob("[a-z]*.py")).open("a", encoding="utf-8") as source:
        source.write('\nCAPTION = "said otherwise"\n')
    assert stale(copy) == {"write_tables"}


def test_a_line_of_a_pace_reaches_only_rows_that_name_it(copy: Path) -> None:
    with (copy / "stages" / "paces" / "linear.py").open("a", encoding="utf-8") as source:
        source.write("\n# Another line.\n")
    content, _ = yaml_text.read(copy / "params.yaml")
    assert content
    named = {name for name, row in content["variants"].items() if row["pace"]["generator"] == "linear"}
    taught = {item for item in of_items(stale(copy)) if not item.startswith("evaluate_quality")}
    assert taught == {f"distill_students@{name}" for name in named}
    assert "distill_students@paced" in taught


def test_a_metric_that_is_newly_asked_for_reaches_the_evaluations_of_its_examination_alone(copy: Path) -> None:
    shutil.copyfile(copy / "stages/metrics/calibration.py", copy / "stages/metrics/twice.py")
    exchange(copy / "params.yaml", "      calibration:    {}\n", "      calibration:    {}\n      twice:          {}\n")
    derive(copy)
    found = of_items(stale(copy))
    assert "establish_protocols@classification" in found
    assert not {item for item in found if item.partition("@")[0] in TRAINING}
    (copy / "results/protocols/classification.json").write_text("{}", encoding="utf-8")
    evaluations = {item for item in of_items(stale(copy)) if item.startswith("evaluate_quality")}
    assert evaluations == {f"evaluate_quality_sweeps@{name}" for name in ("digits", "halves", "tissue")}


NEW_ROWS = {
    "compressions": "  new: {<<: [*none, *w4b3, *set1], compression: newcomer}\n",
    "distillations": "  new: {<<: [*fr5out, *w4b3, *set1], distill: {generator: newcomer, discriminator: none}}\n",
    "paces": "  new: {<<: [*fr5out, *w4b3, *set1], pace: {generator: newcomer, discriminator: constant}}\n",
    "families": "  new: {<<: [*none, *w4b3, *set1], teacher: new, family: newcomer}\n",
    "datasets": "  new: {<<: *none, teacher: new, family: classifier, dataset: new, partner: new, problem: new, "
    "examination: classification, compression: resize, student: {network: perceptron}, schedule: digits-student, "
    "play: {}, seeds: [0]}\n",
    "examinations": "  new: {<<: [*none, *w4b3, *set1], examination: newcomer}\n",
}
COPIED = {
    "compressions": "resize.py",
    "distillations": "euclidean.py",
    "paces": "linear.py",
    "families": "stargan",
    "datasets": "digits.py",
    "examinations": "translation.py",
}


TEACHERS = {
    "families": "  new: {<<: *large, family: newcomer}\n",
    "datasets": "  new: {<<: *classifier, dataset: new, partner: new}\n",
}
NUMBERS = """
datasets:
  new: {dataset: newcomer, resolution: 8, settings: {validation: 200, test: 800, seed: 0}}
judges:
  new: {dataset: new, width: 4, steps: 5, batch: 8, learning_rate: 0.002, seed: 0}
"""


def introduce(folder: Path, axis: str) -> None:
    """A member of an axis called `newcomer`, which is another over again, and a row that names it."""
    source, target = folder / "stages" / axis / COPIED[axis], folder / "stages" / axis / "newcomer.py"
    if source.is_dir():
        shutil.copytree(source, target.with_suffix(""))
        for file in target.with_suffix("").glob("*.py"):
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace(f"stages.{axis}.{source.name}", f"stages.{axis}.newcomer"), encoding="utf-8")
    else:
        shutil.copyfile(source, target)
    text = (folder / "params.yaml").read_text(encoding="utf-8")
    text = text.replace("  tissue:\n    family:", f"{TEACHERS.get(axis, '')}  tissue:\n    family:")
    if axis == "datasets":
        for section, row in zip(("datasets", "judges"), NUMBERS.splitlines()[2::2], strict=True):
            text = text.replace(f"\n{section}:\n", f"\n{section}:\n{row}\n")
    if axis == "examinations":
        start, end = text.index("\n  translation:\n"), text.index("\n  classification:\n")
        text = text[:end] + text[start:end].replace("  translation:", "  newcomer:") + text[end:]
    (folder / "params.yaml").write_text(text, encoding="utf-8")
    add_row(folder, NEW_ROWS[axis])


@pytest.mark.parametrize("axis", NEW_ROWS)
def test_a_new_member_that_a_row_names_reaches_that_row_alone(copy: Path, axis: str) -> None:
    introduce(copy, axis)
    derive(copy)
    accept(copy)
    found = stale(copy)
    assert of_items(found, "new", "newcomer") == set()
    assert "distill_students@new" in found
    assert "evaluate_quality@new" in found


def test_dvc_alone_refuses_a_row_that_cannot_run_in_the_words_of_the_check(copy: Path) -> None:
    add_row(copy, "  bad: {<<: [*fr5out, *w4b3, *set1], compression: resise}\n")
    words = "variants.bad.compression: 'resise' is not in stages/compressions — did you mean 'resize'?"
    checked, ran = run(copy, "-m", "retort", "check"), run(copy, "-m", "dvc", "repro")
    assert checked.returncode == 2
    assert words in checked.stderr
    assert ran.returncode != 0
    assert words in ran.stderr
    assert "exited with 2" in ran.stderr
    assert "Running stage 'accept_rows'" in ran.stdout
    assert "acquire_data" not in ran.stdout
