"""The whole graph through real DVC in a temporary clone at the smoke scale: run, resumed, changed, re-rendered."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from retort.checking import params
from stages.settings import members, sweeps
from tests import elsewhere, killing

ROOT = Path(__file__).resolve().parents[1]
SKIPPED = ("results", "paper_figures", "dvc.lock")
LOCAL = (".venv", ".retort", ".dvc/cache", ".dvc/tmp", ".dvc/config.local", "dvc_remote", "dist")
MADE = ("data", "results", "paper_figures")


def environment() -> dict[str, str]:
    """This interpreter first on the path, and nothing of a terminal."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": ".", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "default"}


def call(folder: Path, *command: str, status: int = 0) -> str:
    """Run a command in the clone and return what it printed."""
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=600)
    assert done.returncode == status, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def retort(folder: Path, *arguments: str, status: int = 0) -> str:
    return call(folder, sys.executable, "-c", "from retort.commands import app; app()", *arguments, status=status)


def clone(target: Path) -> Path:
    """The project's files without results, at the smoke scale, under git."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    names = listed.stdout.splitlines() or [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file()]
    for name in names:
        source = ROOT / name
        if source.is_file() and not name.startswith(SKIPPED) and not name.startswith(LOCAL):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / name)
    shutil.copyfile(ROOT / "scales" / "smoke.yaml", target / "params.yaml")
    call(target, "git", "init", "-q")
    commit(target)
    return target


def commit(folder: Path) -> None:
    """Everything that git does not ignore."""
    call(folder, "git", "add", "-A")
    call(folder, "git", "-c", "user.name=Test", "-c", "user.email=test@example.invalid", "commit", "-q", "-m", "state")


def made(folder: Path) -> dict[str, bytes]:
    """Every artifact but times."""
    files = [file for top in MADE for file in sorted((folder / top).rglob("*")) if file.is_file()]
    names = {file.relative_to(folder).as_posix(): file for file in files}
    timed = ("results/provenance", "results/latency")
    drawn_from_times = ("paper_figures/",)
    return {name: file.read_bytes() for name, file in names.items() if not name.startswith((*timed, *drawn_from_times))}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which everything ran, undisturbed."""
    folder = clone(tmp_path_factory.mktemp("finished"))
    retort(folder, "repro", "-j", "2")
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
    for axis in members.AXES:
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


def entries(folder: Path) -> dict[str, str]:
    """What dvc.lock says of each item."""
    text = (folder / "dvc.lock").read_text(encoding="utf-8")
    return {piece.partition(":\n")[0].strip(): piece for piece in re.split(r"^(?=  \S)", text, flags=re.MULTILINE)}


def assert_equal_but_for_times(folder: Path, finished: Path) -> None:
    """Every artifact, and every entry of dvc.lock but those of items that measure times, or draw what was measured."""
    assert made(folder) == made(finished)
    mine, theirs = entries(folder), entries(finished)
    assert mine.keys() == theirs.keys()
    assert {item for item in mine if mine[item] != theirs[item]} <= {"measure_latency", "plot_figures", "write_tables"}


def test_clones_with_caches_of_their_own_make_the_same_bytes_through_a_remote(finished: Path, tmp_path: Path) -> None:
    folder = clone(tmp_path / "driver")
    call(folder, "dvc", "remote", "add", "--quiet", "--local", "store", str(tmp_path / "store"))
    files = elsewhere.certificates(tmp_path / "tls")
    secured = ("--tls-ca-file", files.ca_file, "--tls-cert", files.certificate, "--tls-key", files.key)
    with elsewhere.cluster(tmp_path / "cluster", 2, files) as cluster:
        assert cluster.address.startswith("tls://")
        retort(folder, "repro", "--scheduler", cluster.address, "--remote", "store", *map(str, secured))
        both = elsewhere.clones(tmp_path / "cluster")
        assert len(both) == 2
        assert all(list((each / ".dvc" / "cache" / "files").iterdir()) for each in both)
    assert_equal_but_for_times(folder, finished)
    assert call(folder, "dvc", "status").strip() == "Data and pipelines are up to date."


def test_clones_that_share_a_cache_make_the_same_bytes_although_drivers_are_killed(
    finished: Path, tmp_path: Path
) -> None:
    folder = clone(tmp_path / "driver")
    with elsewhere.cluster(tmp_path / "cluster", 2) as cluster:
        command = [sys.executable, "-m", "retort", "repro", "--scheduler", cluster.address]
        for seconds in (6.0, 14.0):
            with subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL) as run:
                time.sleep(seconds)
                run.kill()
        retort(folder, "repro", "--scheduler", cluster.address)
        assert not [each for each in elsewhere.clones(tmp_path / "cluster") if (each / ".dvc/cache/files").exists()]
    assert_equal_but_for_times(folder, finished)


def test_killed_workers_and_drivers_change_no_bit_of_what_is_trained(tmp_path: Path) -> None:
    undisturbed, worker, driver = (clone(tmp_path / name) for name in ("undisturbed", "worker", "driver"))
    for folder in (undisturbed, worker, driver):
        file = folder / "params.yaml"
        file.write_text(file.read_text(encoding="utf-8").replace("{steps: 6,", "{steps: 150,"), encoding="utf-8")
    retort(undisturbed, "repro", "build_teachers@set1")
    for folder, kills in ((worker, 2), (driver, 1)):
        assert killing.kill(folder, folder.name, kills, seed=0, targets=("build_teachers@set1",)) == (kills, 0)
        assert made(folder) == made(undisturbed)
        assert (folder / "dvc.lock").read_bytes() == (undisturbed / "dvc.lock").read_bytes()
        log = (folder / ".retort" / "logs" / "build_teachers@set1.log").read_text(encoding="utf-8")
        assert "continuing at step" in log


def commands(text: str) -> set[str]:
    """What a page tells its readers to run."""
    lines = {
        line.split("#")[0].strip()
        for part in re.findall(r"```console\n(.*?)```", text, re.S)
        for line in part.splitlines()
    }
    spans = {span for span in re.findall(r"`([^`\n]+)`", text) if span.split()[0] in RUN_BY_READERS}
    return lines | spans


ADDRESS = "tls://HOST:8786"
RUN_BY_READERS = ("retort", "make", "dvc", "python", "pip")
# The Makefile's recipes, which would set up an environment inside the clone; how they end is what is run elsewhere.
RECIPES = {"make repro": ".venv/bin/retort repro -j ", "make test": ".venv/bin/python -m pytest"}
# Too long for here, or of another place than a clone with results: the test that runs them.
ELSEWHERE = {
    "python -m venv .venv": "Makefile",
    "pip install -e .[dev] -c constraints.txt": "Makefile",
    "dvc pull": "tests/test_smoke.py",
    "retort bench training": "tests/test_bench.py",
    "retort bench metrics": "tests/test_bench.py",
    "retort bench engine": "tests/test_bench.py",
    "retort bundle --weights": "tests/test_smoke.py",
    "retort verify --quick": "tests/test_verify.py",
    "retort worker tls://HOST:8786": "tests/elsewhere.py",
    "retort repro --scheduler tls://HOST:8786": "tests/test_smoke.py",
    "retort repro --slurm": "tests/test_elsewhere.py",
    "retort repro --remote NAME": "tests/test_elsewhere.py",
    "pip install -e .[cluster]": "pyproject.toml",
}
# No images are there; and the claims are about the default scale.
STATUS = {"retort fetch celeba": 1, "retort verify": 1}
ARGUMENTS = {"retort report": ["report", "--no-open"], "retort bundle": ["bundle", "dist/small.tar.gz"]}


def test_every_command_of_the_readme_runs(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder, symlinks=True)
    commit(folder)
    found = commands((ROOT / "README.md").read_text(encoding="utf-8"))
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
        words = [word for word in shlex.split(command) if word not in (*RUN_BY_READERS, "-e", ADDRESS)]
        text = (ROOT / place).read_text(encoding="utf-8")
        assert all(word.removeprefix(".[").removesuffix("]") in text for word in words), command
