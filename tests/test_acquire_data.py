"""The stage: a row of params.yaml becomes data/<name>, byte for byte the same each time."""

import runpy
import sys
from pathlib import Path

import pytest

from retort.checking import params
from stages import acquire_data
from stages.settings import paths
from stages.storage import prepared
from tests.smallest import TEXT


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(TEXT)
    return tmp_path


def test_a_row_becomes_a_data_set(capsys: pytest.CaptureFixture[str]) -> None:
    acquire_data.main("faces")
    data = prepared.read(paths.dataset("faces"))
    row = params.checked().datasets["faces"]
    assert data.header.provenance == row.model_dump()
    assert data.header.counts == {split: row.settings[split] for split in prepared.SPLITS}
    assert data.header.resolution == data.split("train").images.shape[1] == row.resolution
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" images")[0] for line in lines[:3]] == ["train: 24", "validation: 8", "test: 16"]
    assert data.header.sha256[:16] in lines[3]
    assert paths.provenance("acquire_data", "faces").exists()


def test_the_same_row_gives_the_same_bytes(root: Path) -> None:
    def written() -> dict[str, bytes]:
        acquire_data.main("faces")
        files = (path for path in (root / "data").rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files}

    first = written()
    assert first == written()
    (root / "params.yaml").write_text(TEXT.replace("test: 16, seed: 0", "test: 16, seed: 1"))
    assert first != written()


def test_damaged_data_ends_with_a_sentence(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    celeba = "other: {dataset: celeba, resolution: 16, settings: {directory: raw, split: official}}"
    (root / "params.yaml").write_text(TEXT.replace("datasets:\n", f"datasets:\n  {celeba}\n"))
    monkeypatch.setattr(sys, "argv", ["acquire_data", "other"])
    monkeypatch.delitem(sys.modules, "stages.acquire_data")
    with pytest.raises(SystemExit, match=r"^acquire_data: raw/list_attr_celeba.txt: cannot be read"):
        runpy.run_module("stages.acquire_data", run_name="__main__")
    assert not (root / "data" / "other").exists()


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(prepared.DataError, match=r"params.yaml has no data set 'face'; there are: faces"):
        acquire_data.main("face")
