"""The whole graph through real DVC in a temporary clone at the smoke scale: run, resumed, changed, re-rendered."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tarfile
import time
from pathlib import Path

import pytest

from retort.checking import params
from retort.engine import imports
from stages.findings import headlines
from stages.settings import sweeps
from tests.cloned import ROOT, call, clone, commit, everything, made, retort


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which everything ran, undisturbed."""
    folder = clone(tmp_path_factory.mktemp("finished"))
    everything(folder)
    return folder


def test_every_row_has_results(finished: Path) -> None:
    lines = (finished / "results" / "results.csv").read_text(encoding="utf-8").splitlines()
    rows = sweeps.rows(params.checked(finished / "params.yaml"))
    assert len(lines) - 1 == sum(len(row.seeds) for row in rows.values())
    assert "nan" not in "".join(lines).lower()
    assert "Nothing to prune" in retort(finished, "prune")
    assert call(finished, "dvc", "status").strip() == "Data and pipelines are up to date."


def test_a_second_run_does_nothing_and_is_quick(finished: Path) -> None:
    before = made(finished)
    began = time.monotonic()
    retort(finished, "repro", "-j", "2")
    assert time.monotonic() - began < 30
    assert made(finished) == before


def test_a_new_row_runs_itself_and_the_tail_and_a_new_member_nothing(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder, symlinks=True)
    for axis in imports.AXES:
        (folder / "stages" / axis / "brandnew.py").write_text('"""A new member."""\n', encoding="utf-8")
    assert call(folder, "dvc", "status").strip() == "Data and pipelines are up to date."
    file = folder / "params.yaml"
    text = file.read_text(encoding="utf-8")
    lesson = "{match: {res5: res2, image: image}, weight: 50.0}"
    row = f"  set1-w4b3-fr5out-strong: {{<<: [*fr5out, *w4b3, *set1], generator_lesson: {lesson}}}"
    file.write_text(text.replace("\nvariants:\n", f"\nvariants:\n{row}\n", 1), encoding="utf-8")
    assert "are sound" in retort(folder, "check")
    status = call(folder, "dvc", "status")
    stale = {line.rstrip(":") for line in status.splitlines() if line and not line[0].isspace()}
    own = {"distill_students@set1-w4b3-fr5out-strong", "evaluate_quality@set1-w4b3-fr5out-strong"}
    assert stale == {*own, "accept_rows"}


def test_an_archive_renders_again_and_restores_weights_without_git(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder, symlinks=True)
    commit(folder)
    retort(folder, "bundle", "--weights", "dist/whole.tar.gz")
    with tarfile.open(folder / "dist" / "whole.tar.gz") as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (root,) = (tmp_path / "unpacked").iterdir()
    assert not (root / "results" / "teachers").exists()
    tables = {file.name: file.read_bytes() for file in (root / "paper_figures" / "tables").iterdir()}
    shutil.rmtree(root / "paper_figures" / "tables")
    with (root / "stages" / "write_tables.py").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert call(root, "dvc", "repro", "--allow-missing").count("Running stage") == 1
    assert {file.name: file.read_bytes() for file in (root / "paper_figures" / "tables").iterdir()} == tables
    call(root, "dvc", "pull", "--quiet")
    assert call(root, "dvc", "status").strip() == "Data and pipelines are up to date."
    assert made(root) == made(folder)


def test_dvc_shows_headline_numbers_and_plots(finished: Path) -> None:
    shown = json.loads(call(finished, "dvc", "metrics", "show", "--json"))[""]["data"]
    rows = sweeps.rows(params.checked(finished / "params.yaml"))
    wanted = [f"results/metrics/{name}.json" for names in headlines.of_problems(rows).values() for name in names]
    assert sorted(shown) == sorted(wanted)
    page = json.loads(call(finished, "dvc", "plots", "show", "--json"))
    assert not page.get("errors")
    drawn = {path for path in page["data"] if page["data"][path]}
    files = {file.relative_to(finished).as_posix() for file in (finished / "results" / "plots").rglob("*.csv")}
    assert drawn == {*files, "paper_figures/figures/summary.png"}


def commands(text: str) -> set[str]:
    """What a page tells its readers to run."""
    lines = {
        line.split("#")[0].strip()
        for part in re.findall(r"```console\n(.*?)```", text, re.S)
        for line in part.splitlines()
    }
    spans = {span for span in re.findall(r"`([^`\n]+)`", text) if span.split()[0] in RUN_BY_READERS}
    return lines | spans


PAGES = ("README.md", "docs/machines.md")
"""What a newcomer reads, and then whoever has several machines."""
ADDRESS = "tls://HOST:8786"
RUN_BY_READERS = ("retort", "make", "dvc", "python", "pip")
# The Makefile's recipes, which would set up an environment inside the clone; how they end is what is run elsewhere.
RECIPES = {
    "make repro": ".venv/bin/retort repro -j ",
    "make test": ".venv/bin/python -m pytest",
    "make phone": ".venv-phone/bin/python -m retort.phone",
}
# Too long for here, or of another place than a clone with results: the test that runs them.
ELSEWHERE = {
    "python -m venv .venv": "Makefile",
    "pip install -e .[dev,export] -c constraints.txt": "Makefile",
    "dvc pull": "tests/test_smoke.py",
    "retort bench training": "tests/test_bench.py",
    "retort bench metrics": "tests/test_bench.py",
    "retort bench engine": "tests/test_bench.py",
    "retort bench faults": "tests/test_faults.py",
    "retort bench judges": "tests/test_verify.py",
    "retort bench strangers": "tests/test_strangers.py",
    "retort bundle --weights": "tests/test_smoke.py",
    "retort agree": "tests/test_repeating.py",
    "retort artifact": "tests/test_artifact.py",
    "dvc metrics show": "tests/test_dvc_shows.py",
    "dvc plots show": "tests/test_dvc_shows.py",
    "retort demo": "tests/test_demo.py",
    "retort verify --quick": "tests/test_verify.py",
    "retort worker tls://HOST:8786": "tests/elsewhere.py",
    "retort rehearse paper": "tests/test_rehearse.py",
    "retort repro --scheduler tls://HOST:8786": "tests/test_clones.py",
    "retort repro --slurm": "tests/test_elsewhere.py",
    "retort repro --remote NAME": "tests/test_elsewhere.py",
    "pip install -e .[cluster]": "pyproject.toml",
    "retort try set1-w8b3-fr5out PICTURE": "tests/test_trying.py",
}
# No images are there.
STATUS = {"retort fetch celeba": 1}
ARGUMENTS = {
    "retort report": ["report", "--no-open"],
    "retort bundle": ["bundle", "dist/small.tar.gz"],
    "retort export set1-w8b3-fr5out": ["export", "set1-w4b3-fr5out"],
}


def test_every_command_that_readers_are_told_runs(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder, symlinks=True)
    # The appendix that was published is of the default scale.
    assert "does not say that" in retort(folder, "verify", status=1)
    retort(folder, "artifact")
    commit(folder)
    found = set[str]().union(*(commands((ROOT / page).read_text(encoding="utf-8")) for page in PAGES))
    assert {*RECIPES, *ELSEWHERE} <= found
    # What changes the params comes last.
    for command in sorted(found - set(ELSEWHERE), key=lambda each: ("use" in each, each)):
        program, *arguments = shlex.split(command)
        if command in RECIPES:
            assert RECIPES[command] in call(folder, "make", "-n", *arguments)
        elif program == "retort":
            assert retort(folder, *ARGUMENTS.get(command, arguments), status=STATUS.get(command, 0)).strip()
        else:
            assert call(folder, program, *arguments).strip()
    for command, place in ELSEWHERE.items():
        words = [word for word in shlex.split(command) if word not in (*RUN_BY_READERS, "install", "-e", ADDRESS)]
        text = (ROOT / place).read_text(encoding="utf-8")
        assert all(word.removeprefix(".[").removesuffix("]") in text for word in words), command
