"""A small graph of three stages under real DVC, for tests of the commands that bring items up to date."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from retort.commands import repro as command

PROJECT = Path(__file__).resolve().parents[1]

PARAMS = """\
sources:
  a: {count: 3}
  b: {count: 5}
rows:
  one: {source: a, factor: 2, rate: 1.0e-5, about: "a text that is long enough for YAML to fold it: ä, ß, and so on"}
  two: {source: a, factor: 3, rate: 0.0001, about: &empty []}
  three: {source: b, factor: 1, rate: 1.0, about: *empty}
"""

GRAPH = """\
stages:
  acquire:
    foreach: ${sources}
    do:
      cmd: python step.py acquire ${key} ${item.count} data/${key}/numbers
      params:
        - sources.${key}
      deps:
        - acquire.txt
      outs:
        - data/${key}
  distill:
    foreach: ${rows}
    do:
      cmd: python step.py distill ${key} ${item.factor} results/students/${key}/seed0 data/${item.source}/numbers
      params:
        - rows.${key}
      deps:
        - distill.txt
        - data/${item.source}
      outs:
        - results/students/${key}
  evaluate:
    foreach: ${rows}
    do:
      cmd: python step.py evaluate ${key} 1 results/quality/${key}.json results/students/${key}/seed0
      deps:
        - results/students/${key}
      metrics:
        - results/quality/${key}.json:
            cache: false
  gather:
    cmd: python step.py gather all 1 results/results.json results/quality/*.json
    meta: {place: here}
    deps:
      - results/quality
    outs:
      - results/results.json:
          cache: false
"""

STEP = """\
import json, os, sys, time
from pathlib import Path

stage, row, factor, out, *sources = sys.argv[1:]
with open("runs.txt", "a") as runs:
    runs.write(f"{stage}@{row}\\n")
print(f"this is {stage} of {row}, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS')}")
if Path(f"slow-{row}").exists():
    Path(f"pid-{row}").write_text(str(os.getpid()))
    deadline = time.monotonic() + 60
    while Path(f"slow-{row}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
if Path(f"fail-{row}").exists():
    sys.exit(f"no luck with {row}")
numbers = [n for source in sources for n in json.loads(Path(source).read_text())] or list(range(int(factor)))
Path(out).parent.mkdir(parents=True, exist_ok=True)
Path(out).write_text(json.dumps([n * int(factor) for n in numbers]))
"""


def sh(*command_line: str) -> str:
    """Run a program that must succeed; its output."""
    return subprocess.run(command_line, check=True, capture_output=True, text=True).stdout


def dvc(*arguments: str) -> str:
    """Run DVC itself."""
    return sh(sys.executable, "-m", "dvc", *arguments)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose graph has nine items, none of which has run."""
    root = tmp_path_factory.mktemp("template")
    files = {"params.yaml": PARAMS, "dvc.yaml": GRAPH, "step.py": STEP, "acquire.txt": "1", "distill.txt": "1"}
    ignored = "/.retort/\n/runs.txt\n/slow-*\n/pid-*\n/fail-*\n"
    for name, text in {**files, ".gitignore": ignored}.items():
        (root / name).write_text(text, encoding="utf-8")
    git = ("git", "-C", str(root), "-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    sh(*git, "init", "-q")
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], cwd=root, check=True)
    (root / ".dvc" / "config").write_text("[core]\n    analytics = false\n    check_update = false\n", encoding="utf-8")
    sh(*git, "add", "-A")
    sh(*git, "commit", "-qm", "start")
    return root


@pytest.fixture(scope="session")
def finished(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it in which `dvc repro` has run everything."""
    root = tmp_path_factory.mktemp("finished") / "tree"
    shutil.copytree(template, root)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    env = {**os.environ, "PATH": path, "DVC_SITE_CACHE_DIR": str(root.parent / "site")}
    subprocess.run([sys.executable, "-m", "dvc", "repro", "-q"], cwd=root, env=env, check=True)
    return root


def enter(root: Path, original: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh copy of a repository, which becomes the current directory."""
    shutil.copytree(original, root)
    (root / "runs.txt").unlink(missing_ok=True)
    monkeypatch.chdir(root)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(root.parent / "site"))
    return root


@pytest.fixture
def tree(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in which nothing has run."""
    return enter(tmp_path / "tree", template, monkeypatch)


@pytest.fixture
def done(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in which everything has run."""
    return enter(tmp_path / "done", finished, monkeypatch)


def repro(*targets: str, jobs: int = 1) -> int:
    """The command, without the check of params."""
    return command.run(list(targets), jobs, lambda: None)


def runs() -> list[str]:
    """The items that have run since this was last asked."""
    file = Path("runs.txt")
    found = sorted(file.read_text(encoding="utf-8").split()) if file.exists() else []
    file.unlink(missing_ok=True)
    return found


def results(root: Path) -> dict[str, bytes]:
    """Every file the graph has made, and dvc.lock."""
    made = [path for top in ("data", "results") for path in (root / top).rglob("*") if path.is_file()]
    made = [path for path in made if path.name != ".gitignore"]
    return {str(path.relative_to(root)): path.read_bytes() for path in (*made, root / "dvc.lock")}


def replace(file: str, old: str, new: str) -> None:
    """Edit a text file, in which `old` must stand."""
    text = Path(file).read_text(encoding="utf-8")
    assert old in text
    Path(file).write_text(text.replace(old, new), encoding="utf-8")
