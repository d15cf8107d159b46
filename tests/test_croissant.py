"""Exports describe themselves: hashes are those of the files, and Croissant's reference reader finds every record."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from retort.commands.data import data
from retort.exchange import citation, croissant
from stages import acquire_data
from stages.settings import paths
from stages.storage import prepared
from tests import two_domains

ROOT = Path(__file__).resolve().parents[1]
LAYOUTS = {"celeba": "faces", "rafd": "faces", "cyclegan": "savanna", "aligned": "street"}
"""A data set for each layout; that of `cyclegan` has exact translations."""
LINKS = ("file_name", "split", "sha256", *croissant.EXACT)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(two_domains.PARAMS)
    return tmp_path


@pytest.fixture
def reader() -> ModuleType:
    return pytest.importorskip("mlcroissant", reason="no mlcroissant: pip install -e .[dev,export] -c constraints.txt")


def export(layout: str, other: str = "") -> Any:  # noqa: ANN401 - JSON
    """What an export says of itself, in the folder `out`."""
    name = other or LAYOUTS[layout]
    if name in two_domains.LABELS:
        two_domains.lay(name)
    counts = ("--count", "40", "40", "40") if name == "faces" and layout == "rafd" else ()
    result = CliRunner().invoke(data, ["export", name, "out", "--as", layout, *counts])
    assert result.exit_code == 0, result.output
    return json.loads(Path("out/croissant.json").read_text(encoding="utf-8"))


def table() -> list[dict[str, str]]:
    with Path("out/metadata.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_hashes_reach_every_file(layout: str) -> None:
    told = export(layout)
    objects = {each["contentUrl"]: each["sha256"] for each in told["distribution"] if "sha256" in each}
    images = {line["file_name"]: line["sha256"] for line in table()}
    exact = {line["exact"]: line["exact_sha256"] for line in table() if line.get("exact")}
    assert bool(exact) == (layout == "cyclegan")
    described = {**objects, **images, **exact}
    assert {name: digest(Path("out", name)) for name in described} == described
    there = {file.relative_to("out").as_posix() for file in Path("out").rglob("*") if file.is_file()}
    assert there == {*described, "croissant.json"}
    sets = [each for each in told["distribution"] if each["@type"] == "cr:FileSet"]
    found = [
        {file.relative_to("out").as_posix() for glob in pictures["includes"] for file in Path("out").glob(glob)}
        for pictures in sets
    ]
    assert found == [set(images), *([set(exact)] if exact else [])]


def test_the_table_is_the_data() -> None:
    acquire_data.main("faces")
    export("celeba")
    lines, original = table(), prepared.read(paths.dataset("faces"))
    for split in prepared.SPLITS:
        labels = [[int(line[name]) for name in original.header.labels] for line in lines if line["split"] == split]
        assert np.array_equal(labels, original.split(split).labels)


def test_it_is_the_same_every_time() -> None:
    export("celeba")
    first = Path("out/croissant.json").read_bytes()
    Path("out").rename("before")
    export("celeba")
    assert Path("out/croissant.json").read_bytes() == first


def test_drawn_data_have_our_licence_and_others_none(root: Path) -> None:
    drawn = export("celeba")
    assert drawn["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert "no real person" in drawn["description"]
    Path("out").rename("raw")
    real = "real: {dataset: celeba, resolution: 16, settings: {directory: raw, crop: 0, split: official}}"
    (root / "params.yaml").write_text(two_domains.PARAMS.replace("judges:\n", f"  {real}\njudges:\n", 1))
    read = export("celeba", "real")
    assert not {"license", "creator", "citeAs"} & read.keys()
    assert [line["sha256"] for line in table()]


def test_it_is_cited_as_the_project() -> None:
    cited = citation.read(ROOT / citation.CITATION)["preferred-citation"]
    assert f"{cited['authors'][0]['name']}. {cited['title']}. {cited['year']}." == croissant.CITE_AS


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_reference_reader_loads_every_record(layout: str, reader: ModuleType) -> None:
    export(layout)
    found = reader.Dataset("out/croissant.json")
    assert not found.metadata.ctx.issues.errors
    lines = table()
    for record, line in zip(found.records("labels"), lines, strict=True):
        assert record["labels/file_name"].decode() == line["file_name"]
        assert record["labels/split"].decode() == line["split"]
        names = [name for name in line if name not in LINKS]
        assert [record[f"labels/{name}"] for name in names] == [line[name] == "1" for name in names]
    pictures = {record["images/file_name"].decode(): record["images/image"] for record in found.records("images")}
    assert set(pictures) == {line["file_name"] for line in lines}
    assert {image.size for image in pictures.values()} == {(32 if layout == "aligned" else 16, 16)}
    assert [record["splits/name"] for record in found.records("splits")] == list(prepared.SPLITS)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_reference_reader_refuses_what_is_no_croissant(reader: ModuleType) -> None:
    told = export("celeba")
    told["recordSet"][1]["field"][0]["source"]["fileObject"]["@id"] = "nowhere.csv"
    Path("out/croissant.json").write_text(json.dumps(told))
    with pytest.raises(reader.ValidationError):
        reader.Dataset("out/croissant.json")
