"""`retort prune` takes away what gone rows left behind, all of it and nothing else."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dvc.utils.serialize import load_yaml

from retort.commands.prune import foreach_outs, matches, prune
from retort.engine import graph as graphs
from tests.small_graph import PROJECT, done, finished, replace, repro, runs, template, tree

pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")
__all__ = ["done", "finished", "template", "tree"]

ROW = "  two: {source: a, factor: 3, rate: 0.0001, about: &empty []}\n"


def write(*files: str) -> None:
    """Files with something in them."""
    for file in files:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text("{}", encoding="utf-8")


def everything(root: Path) -> dict[str, bytes]:
    """Every file below a folder that DVC or git do not keep for themselves."""
    files = {path.relative_to(root): path for path in root.rglob("*") if path.is_file()}
    private = {".dvc", ".git", ".retort"}
    return {name.as_posix(): path.read_bytes() for name, path in files.items() if not private & set(name.parts)}


@pytest.fixture
def shorter(done: Path) -> Path:
    """All has run, and then the row `two` was taken out."""
    write(*(f"results/provenance/{item}.json" for item in ("distill@one", "distill@two", "gather")))
    replace("params.yaml", ROW, "")
    replace("params.yaml", "*empty", "[]")
    return done


def test_exactly_the_gone_row_goes_and_comes_back_from_the_cache(shorter: Path) -> None:
    write("data/README.md", "data/weights/inception.pth", "data/raw/celeba/1.jpg", "data/mine/photo.png")
    write("results/quality/README.md", "results/quality/two.txt", "results/quality/two.json.bak", "results/notes.md")
    before = everything(shorter)
    prune(yes=True)
    after = everything(shorter)
    gone = {"results/students/two/seed0", "results/quality/two.json", "results/provenance/distill@two.json"}
    assert before.keys() - after.keys() == gone
    assert {file for file in after if after[file] != before[file]} == {"dvc.lock", "results/students/.gitignore"}
    assert (shorter / "results/students/.gitignore").read_text(encoding="utf-8").split() == ["/one", "/three"]
    locked = load_yaml("dvc.lock")["stages"]
    assert locked.keys() == set(graphs.items())
    replace("params.yaml", "rows:\n", f"rows:\n{ROW}")
    runs()
    assert repro("distill@two") == 0
    assert runs() == []


def test_without_a_yes_it_only_lists(shorter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = everything(shorter)
    prune(yes=False)
    assert everything(shorter) == before
    out = capsys.readouterr().out
    assert "results/students/two/\n" in out
    assert "dvc.lock: evaluate@two\n" in out
    assert "Nothing was removed" in out


@pytest.mark.usefixtures("shorter")
@pytest.mark.parametrize(("answer", "remains"), [(b"n\n", True), (b"y\n", False)])
def test_on_a_terminal_it_asks(answer: bytes, remains: bool) -> None:
    program = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); from retort.commands.prune import prune; prune()"
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", program], stdin=theirs, stdout=subprocess.PIPE) as process:
        os.write(ours, answer)
        out, _ = process.communicate()
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0
    assert b"Remove all this?" in out
    assert Path("results/quality/two.json").exists() == remains


@pytest.mark.usefixtures("shorter")
def test_links_are_not_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outside = tmp_path / "outside"
    shutil.move("results/quality", outside)
    Path("results/quality").symlink_to(outside)
    (tmp_path / "photos").mkdir()
    write(str(tmp_path / "photos" / "1.png"))
    Path("results/students/old").symlink_to(tmp_path / "photos")
    before = everything(tmp_path)
    prune(yes=True)
    assert before.keys() - everything(tmp_path).keys() == {
        "done/results/students/two/seed0",
        "done/results/provenance/distill@two.json",
    }
    out = capsys.readouterr().out
    assert "Left behind by 1 rows" in out
    assert "Left alone: results/quality/two.json lies behind a link" in out
    assert "Left alone: results/students/old is a link to" in out
    assert Path("results/students/old").is_symlink()


@pytest.mark.usefixtures("tree")
def test_data_goes_only_if_it_is_known_to_be_ours(capsys: pytest.CaptureFixture[str]) -> None:
    write("data/raw/header.json", "data/mine/photo.png", "data/exported/header.json", "data/exported/images.npy")
    prune(yes=True)
    assert not Path("data/exported").exists()
    assert Path("data/raw/header.json").exists()
    assert Path("data/mine/photo.png").exists()
    assert "Left alone: data/mine is not recorded in dvc.lock" in capsys.readouterr().out


@pytest.mark.usefixtures("done")
def test_nothing_to_prune(capsys: pytest.CaptureFixture[str]) -> None:
    prune(yes=True)
    assert capsys.readouterr().out.startswith("Nothing to prune")


def test_only_outs_that_the_row_alone_decides_are_looked_for() -> None:
    do = {"outs": ["a/${key}/w", {"b/${item}.json": {"cache": False}}, "c/${key}-${item.x}"], "plots": ["d.tsv"]}
    assert foreach_outs({"s": {"foreach": "${rows}", "do": do}, "t": {"outs": ["e"]}}) == {
        "s": ["a/${key}/w", "b/${item}.json"]
    }


def test_names_of_rows_are_told_from_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("q/a-1_b.json", "q/a.b.json", "q/B.json", "q/.json", "q/a/x.json", "q/a/b.json")
    assert dict(matches("q/${key}.json")) == {"a-1_b": Path("q/a-1_b.json")}
    assert dict(matches("q/${key}")) == {"a": Path("q/a")}
    write("r/a/a.json", "r/a/b.json")
    assert dict(matches("r/${key}/${key}.json")) == {"a": Path("r/a/a.json")}
