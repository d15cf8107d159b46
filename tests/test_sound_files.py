"""Files that were changed since they were made are refused by name; tables and reports that cannot be read are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retort.trying import networks
from retort.trying.refusals import Refused
from retort.verification import recorded, soundness, unchanged
from stages.settings import paths
from tests.test_verify import published, verify

__all__ = ["published"]

ROOT = Path(__file__).resolve().parents[1]


def test_what_is_in_git_is_what_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    files = [*paths.exported_networks("").glob("*/*.onnx"), *paths.readers().glob("*.onnx"), paths.results()]
    assert len(files) > 10
    for file in files:
        assert unchanged.made(file) or unchanged.made(file.parent)
        unchanged.hold(file)


@pytest.mark.usefixtures("published")
def test_the_text_of_the_record_gives_what_its_tree_gives() -> None:
    lock = recorded.parsed(paths.LOCK.read_bytes())
    assert {path: unchanged.made(Path(path)) for path in recorded.outs(lock)} == recorded.outs(lock)
    assert unchanged.made(Path("code.py")) is None


@pytest.mark.usefixtures("published")
def test_a_file_that_changed_since_is_refused_and_one_that_no_item_made_is_not() -> None:
    unchanged.hold(paths.costs())
    unchanged.hold(Path("data/faces/header.json"))
    for file in (paths.costs(), Path("data/faces/header.json")):
        file.write_bytes(file.read_bytes() + b" ")
        with pytest.raises(unchanged.ChangedError, match=f"{file} is damaged, or was changed after"):
            unchanged.hold(file)
    Path("code.py").write_text("x = 2\n", encoding="utf-8")
    unchanged.hold(Path("code.py"))


def test_an_exported_network_with_one_other_bit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept = sorted((ROOT / paths.exported_networks("digits-none")).glob("*.onnx"))[0]
    file = paths.exported_networks("digits-none") / kept.name
    file.parent.mkdir(parents=True)
    paths.LOCK.write_bytes((ROOT / paths.LOCK).read_bytes())
    content = bytearray(kept.read_bytes())
    file.write_bytes(bytes(content))
    assert networks.of_file(file).inputs
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(Refused, match=r"export_networks@digits-none made it"):
        networks.of_file(file)


def test_a_network_of_somebody_else_is_told_and_gives_no_traceback() -> None:
    network = networks.Network("theirs.onnx", None, {"labels": "[", "row": "x"}, 3)  # type: ignore[arg-type] # not run
    with pytest.raises(Refused, match=r"theirs\.onnx says nothing of its framing"):
        network["framing"]
    with pytest.raises(Refused, match=r"theirs\.onnx says of its labels what is not JSON"):
        _ = network.labels


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (b"", "does not name its columns"),
        (b"a,a\n1,2\n", "does not name its columns"),
        (b"a,b\n1\n", "line 2: 1 cells, the first line has 2"),
        (b"a,b\n1,nan\n", "line 2: b holds nan"),
        (b"a,b\n1,1e999\n", "line 2: b holds 1e999"),
        (b"a,b\n1,2\n1,2\n", "holds a line 2 times"),
        (b"\xff\xfe", "is no table"),
        (b'a,b\n"1,2\n', "is no table"),
    ],
)
def test_a_table_that_cannot_be_read_is_told(table: bytes, sentence: str) -> None:
    assert sentence in soundness.table(table, paths.results())
    assert soundness.table(b"a,b\n1,2\n1,\n", paths.results()) == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 100_000, "is not JSON"),
        ('{"a": NaN}', "holds NaN"),
        ('{"a": 1, "a": 2}', "holds the key 'a' twice"),
        ("{", "is not JSON"),
    ],
)
def test_a_text_that_is_not_json_is_told(text: str, sentence: str) -> None:
    found = soundness.parsed(text.encode())
    assert isinstance(found, str)
    assert sentence in found


def test_verify_names_a_damaged_report_here_and_in_published_results(published: Path, tmp_path: Path) -> None:
    good = tmp_path / "published"
    for path in (paths.results(), paths.quality("plain")):
        (good / path).parent.mkdir(parents=True, exist_ok=True)
        (good / path).write_bytes((published / path).read_bytes())
    report = json.loads(paths.quality("plain").read_text(encoding="utf-8"))
    report["seeds"]["0"]["intervals"]["l1"] = [0.1]
    text = json.dumps(report)
    (good / paths.quality("plain")).write_text(text, encoding="utf-8")
    status, shown = verify("--against", str(good))
    assert status == 2
    assert f"{paths.quality('plain')} in {good} cannot be used: is not what was written" in shown
    assert "seeds.0.intervals.l1" in shown
    paths.quality("plain").write_text(text, encoding="utf-8")
    status, shown = verify()
    assert status == 1
    assert f"{paths.quality('plain')}: is not what was written" in shown
    assert "1 files cannot be read" in shown


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("text", ["stages: [1]", "stages: {a: {outs: [{path: 3}]}}", "{", "[" * 50_000])
def test_verify_names_a_damaged_record(text: str) -> None:
    paths.LOCK.write_text(text, encoding="utf-8")
    status, shown = verify()
    assert status == 2
    assert shown.startswith("dvc.lock")
