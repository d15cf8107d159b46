"""`retort bundle`: a commit gives the same bytes anywhere, so does the archive unpacked; what is amiss is said."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from retort.commands.bundle import bundle
from retort.exchange import archives, bundling, commits
from retort.verification import published, recorded

IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid")
GRAPH = """\
stages:
  acquire_data: {foreach: "${datasets}", do: {cmd: make, deps: [code.py], outs: ["data/${key}"]}}
  count_costs: {cmd: make, deps: [code.py], outs: [results/costs.json: {cache: false}, drawn: {cache: false}]}
"""
TEXTS = {
    ".dvc/config": "[core]\n    analytics = false\n",
    ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
    ".gitignore": "/data/*/\n/dist/\n",
    "params.yaml": "datasets: {faces: {count_of: 3}}\n",
    "dvc.yaml": GRAPH,
    "code.py": "print()\n",
    "run.sh": "#!/bin/sh\n",
    "results/costs.json": "{}\n",
    "results/results.csv": "variant,seed\n",
    "drawn/a.txt": "a\n",
    "drawn/ü b.txt": "b\n",
    "data/faces/header.json": '{"faces": 3}\n',
}
app = typer.Typer()
app.command()(bundle)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def made(name: str, *options: str) -> bytes:
    """The bytes of an archive."""
    result = run(name, *options)
    assert result.exit_code == 0, result.output
    return Path(name).read_bytes()


def git(*arguments: str) -> None:
    subprocess.run(["git", *IDENTITY, *arguments], check=True, capture_output=True)


def commit() -> None:
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", "state")


def keep(content: bytes, ending: str = "") -> tuple[str, Path]:
    """A file of DVC's cache, its hash and place."""
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    file = Path(f".dvc/cache/files/md5/{digest[:2]}/{digest[2:]}{ending}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return digest + ending, file


def record() -> None:
    """Let dvc.lock speak of what is there, and the cache hold what DVC keeps."""
    digest, _ = keep(Path("data/faces/header.json").read_bytes())
    listed = json.dumps([{"md5": digest, "relpath": "header.json"}], sort_keys=True)
    folder, _ = keep(listed.encode(), ".dir")
    assert folder == recorded.digest(Path("data/faces"))

    def seen(path: str) -> dict[str, Any]:
        return {"path": path, "hash": "md5", "md5": recorded.digest(Path(path)), "size": 1}

    items = {
        "acquire_data@faces": {
            "cmd": "make",
            "deps": [seen("code.py")],
            "params": {"params.yaml": {"datasets.faces": {"count_of": 3}}},
            "outs": [seen("data/faces")],
        },
        "count_costs": {"cmd": "make", "deps": [seen("code.py")], "outs": [seen("results/costs.json"), seen("drawn")]},
    }
    Path("dvc.lock").write_text(json.dumps({"schema": "2.0", "stages": items}), encoding="utf-8")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project under git, with results of a pipeline of two stages."""
    folder = tmp_path / "project"
    for name, text in TEXTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "run.sh").chmod(0o755)
    monkeypatch.chdir(folder)
    git("init", "-q")
    record()
    commit()
    return folder


def unpack(file: Path, target: Path) -> Path:
    """The folder that an archive unpacks to."""
    with tarfile.open(file) as archive:
        archive.extractall(target, filter="data")
    (root,) = target.iterdir()
    return root


@pytest.mark.parametrize("options", [(), ("--weights",)], ids=["sources", "weights"])
@pytest.mark.parametrize("kind", archives.KINDS)
def test_a_commit_gives_the_same_bytes_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, options: tuple[str, ...]
) -> None:
    first = made(f"dist/one{kind}", *options)
    copy = tmp_path / "elsewhere"
    shutil.copytree(Path(), copy)
    for file in sorted(copy.rglob("*"), reverse=True):
        os.utime(file, (1e9, 1e9))
    (copy / "code.py").chmod(0o600)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert made(f"dist/other{kind}", *options) == first


def test_it_holds_the_commit_and_says_so() -> None:
    Path("notes.txt").write_text("not ours")
    made("dist/a.tar.gz")
    with tarfile.open("dist/a.tar.gz") as archive:
        members = archive.getmembers()
        (root,) = {member.name.split("/")[0] for member in members}
        names = [member.name.removeprefix(f"{root}/") for member in members]
        read = {name: archive.extractfile(f"{root}/{name}") for name in names}
        content = {name: stream.read() for name, stream in read.items() if stream}
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True).stdout.split("\0")
    assert set(names) == {*filter(None, listed), "BUNDLE.json", ".dvc/config.local"}
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {member.name.removeprefix(f"{root}/") for member in members if member.mode & 0o111} == {"run.sh"}
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members} == {(0, 0, "", "")}
    told = json.loads(content["BUNDLE.json"])
    head = subprocess.run(["git", "log", "-1", "--format=%H %ct"], capture_output=True, text=True).stdout.split()
    assert [told["commit"], str(told["seconds"])] == head
    assert {member.mtime for member in members} == {told["seconds"]}
    assert root == f"retort-{told['commit'][:12]}"
    assert told["files"] == {name: hashlib.sha256(content[name]).hexdigest() for name in told["files"]}
    assert not told["stale"]
    assert b"no_scm = true" in content[".dvc/config.local"]
    assert b"remote" not in content[".dvc/config.local"]


def test_zip_and_tar_hold_the_same() -> None:
    made("dist/a.tar.gz", "--weights")
    made("dist/a.zip", "--weights")
    with tarfile.open("dist/a.tar.gz") as tar, zipfile.ZipFile("dist/a.zip") as archive:
        streams = {member.name: tar.extractfile(member) for member in tar}
        packed = {name: stream.read() for name, stream in streams.items() if stream}
        modes = {member.name: member.mode for member in tar}
        assert packed == {name: archive.read(name) for name in archive.namelist()}
        assert modes == {each.filename: each.external_attr >> 16 & 0o777 for each in archive.infolist()}


@pytest.mark.parametrize("options", [(), ("--weights",)], ids=["sources", "weights"])
def test_an_unpacked_archive_gives_itself_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    first = made("dist/a.tar.gz", *options)
    root = unpack(Path("dist/a.tar.gz"), tmp_path / "there")
    monkeypatch.chdir(root)
    if options:
        bundling.REMOTE.rename(".dvc/cache")
    assert made("dist/again.tar.gz", *options) == first
    Path("code.py").write_text("print(1)\n")
    assert "files differ from those that were unpacked" in run("dist/changed.tar.gz").output


def test_an_archive_is_a_source_for_verify() -> None:
    made("dist/a.zip")
    source = published.given(Path("dist/a.zip"))
    assert source.read(Path("dvc.lock")) == Path("dvc.lock").read_bytes()
    assert source.read(Path("results/costs.json")) == b"{}\n"


def test_objects_are_those_of_the_lock() -> None:
    _, other = keep(b"of an earlier run")
    made("dist/a.zip", "--weights")
    with zipfile.ZipFile("dist/a.zip") as archive:
        names = [name.partition("/dvc_remote/")[2] for name in archive.namelist() if "/dvc_remote/" in name]
        config = next(archive.read(name) for name in archive.namelist() if name.endswith("config.local"))
    cached = {file.relative_to(".dvc/cache").as_posix() for file in Path(".dvc/cache").rglob("*") if file.is_file()}
    assert set(names) == cached - {other.relative_to(".dvc/cache").as_posix()}
    assert b"remote = bundle" in config
    assert b"url = ../dvc_remote" in config


def test_stale_results_are_refused_or_listed() -> None:
    Path("code.py").write_text("print(1)\n")
    commit()
    refused = run("dist/a.zip")
    assert refused.exit_code == 1
    assert "code.py changed since it ran" in refused.output
    assert not Path("dist").exists()
    made("dist/a.zip", "--stale")
    with zipfile.ZipFile("dist/a.zip") as archive:
        told = json.loads(next(archive.read(name) for name in archive.namelist() if name.endswith("BUNDLE.json")))
    assert any("code.py changed" in each for each in told["stale"])


def without_git() -> None:
    shutil.rmtree(".git")


def below_another() -> None:
    without_git()
    subprocess.run(["git", "init", "-q", ".."], check=True)


def damaged_manifest() -> None:
    without_git()
    commits.MANIFEST.write_text('{"files": []}')


def lost_lock() -> None:
    Path("dvc.lock").unlink()
    commit()


def uncommitted_result() -> None:
    git("rm", "-q", "--cached", "drawn/a.txt")
    git("commit", "-q", "-m", "less")


def lost_result() -> None:
    Path("results/costs.json").unlink()
    commit()


def link() -> None:
    Path("linked").symlink_to("code.py")
    commit()


def taken() -> None:
    Path("dist").mkdir()
    Path("dist/a.zip").write_text("mine")


def no_folder() -> None:
    Path("dist").write_text("a file")


def object_of(path: str) -> Path:
    digest = recorded.digest(Path(path))
    return Path(f".dvc/cache/files/md5/{digest[:2]}/{digest[2:]}")


def damaged_object() -> None:
    object_of("data/faces/header.json").write_text("else")


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "no git": (without_git, "neither the root of a git repository nor an unpacked archive with its BUNDLE.json"),
    "below another repository": (below_another, "neither the root of a git repository"),
    "damaged manifest": (damaged_manifest, "BUNDLE.json is damaged"),
    "changed": (lambda: Path("code.py").write_text("else"), "files differ from the last commit"),
    "deleted": (lambda: Path("run.sh").unlink(), "run.sh"),
    "no lock": (lost_lock, "there are no results here: dvc.lock is missing"),
    "not committed": (uncommitted_result, "drawn/a.txt was not committed"),
    "missing": (lost_result, "results/costs.json is missing"),
    "link": (link, "linked is a link"),
    "object lost": (lambda: object_of("data/faces/header.json").unlink(), "header.json of acquire_data@faces"),
    "list lost": (lambda: object_of("data/faces").unlink(), "data/faces of acquire_data@faces"),
    "object damaged": (damaged_object, "is damaged"),
    "target exists": (taken, "dist/a.zip exists already"),
    "not writable": (no_folder, "dist/a.zip cannot be written"),
}  # fmt: skip


@pytest.mark.parametrize(("harm", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(harm: Callable[[], object], says: str) -> None:
    harm()
    before = {file: file.read_bytes() for file in Path().glob("dist/*")}
    result = run("dist/a.zip", "--weights")
    assert result.exit_code == 1
    assert says in " ".join(result.output.split())
    assert {file: file.read_bytes() for file in Path().glob("dist/*")} == before


def test_an_unknown_kind_is_refused() -> None:
    assert "a.rar: an archive's name ends in .tar.gz, .tgz, .zip" in run("a.rar").output
    assert not Path("a.rar").exists()


def test_missing_objects_are_needed_with_weights_only() -> None:
    shutil.rmtree(".dvc/cache")
    shutil.rmtree("data")
    assert run("dist/b.zip", "--weights").exit_code == 1
    assert made("dist/a.zip")


def test_what_fails_midway_leaves_nothing() -> None:
    def broken() -> bytes:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        archives.write(Path("dist/a.zip"), [archives.Entry("a", broken)], 0)
    assert not list(Path("dist").iterdir())


# --- what was exported

EXPORTED = {
    "results/networks/small/generator.onnx": "a network",
    "results/networks/README.md": "what is here",
    "results/readers/faces.onnx": "a reader",
    "results/exports/small.json": "{}\n",
    "paper_figures/cards/set1.md": "a card\n",
    "LICENSE": "the terms\n",
}


def export() -> None:
    """Commit what an export leaves."""
    for name, text in EXPORTED.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    commit()


def test_exports_are_packed_without_the_code() -> None:
    export()
    first = made("dist/a.zip", "--exports")
    with zipfile.ZipFile("dist/a.zip") as archive:
        content = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
        (root,) = {name.partition("/")[0] for name in archive.namelist()}
    told = json.loads(content.pop("BUNDLE.json"))
    assert {name: text.decode() for name, text in content.items()} == EXPORTED
    assert told["files"] == {name: hashlib.sha256(text).hexdigest() for name, text in content.items()}
    assert root == f"retort-{told['commit'][:12]}-exports"
    Path("dist/a.zip").unlink()
    assert made("dist/a.zip", "--exports") == first


def test_the_whole_commit_holds_them_too() -> None:
    export()
    made("dist/a.zip")
    with zipfile.ZipFile("dist/a.zip") as archive:
        assert set(EXPORTED) <= {name.partition("/")[2] for name in archive.namelist()}


def test_an_archive_of_exports_has_a_name_of_its_own() -> None:
    export()
    assert run("--exports").exit_code == 0
    (file,) = Path("dist").iterdir()
    assert file.name.endswith("-exports.tar.gz")


def test_without_an_exported_network_there_is_nothing_to_pack() -> None:
    export()
    git("rm", "-q", "results/networks/small/generator.onnx", "results/readers/faces.onnx")
    commit()
    result = run("dist/a.zip", "--exports")
    assert result.exit_code == 1
    assert "the commit holds no exported network" in " ".join(result.output.split())
    assert not Path("dist").exists()


def test_stale_exports_are_refused() -> None:
    export()
    Path("code.py").write_text("print(1)\n")
    commit()
    assert run("dist/a.zip", "--exports").exit_code == 1
    assert made("dist/a.zip", "--exports", "--stale")


def test_exports_take_no_weights() -> None:
    export()
    result = run("dist/a.zip", "--exports", "--weights")
    assert result.exit_code == 2
    assert "leave out --weights" in result.output
