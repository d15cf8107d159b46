"""Exports: what is written in another program's layout is what its reader reads back, bit for bit."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from retort.commands.data import data
from stages import acquire_data
from stages.datasets import aligned, celeba, images, rafd, unpaired
from stages.preparing import writing
from stages.settings import paths
from stages.storage import prepared
from tests import two_domains
from tests.smallest import TEXT

CELEBA: dict[str, Any] = {"dataset": celeba, "crop": 0, "split": "official"}
RAFD: dict[str, Any] = {"dataset": rafd, "split": "folders"}
CYCLEGAN: dict[str, Any] = {"dataset": unpaired}
ALIGNED: dict[str, Any] = {"dataset": aligned, "direction": "AtoB"}


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(TEXT)
    return tmp_path


def export(*arguments: str) -> Result:
    return CliRunner().invoke(data, ["export", *arguments])


def read_back(directory: str, resolution: int, settings: dict[str, Any]) -> prepared.Prepared:
    given = {key: value for key, value in settings.items() if key != "dataset"}
    source = settings["dataset"].source(resolution=resolution, directory=directory, **given)
    writing.write(Path("back"), "back", resolution, source, {})
    return prepared.read(Path("back"))


def assert_equal(back: prepared.Prepared, original: prepared.Prepared) -> None:
    assert back.header.labels == original.header.labels
    assert back.header.exclusive == original.header.exclusive
    for split in prepared.SPLITS:
        assert np.array_equal(back.split(split).images, original.split(split).images)
        assert np.array_equal(back.split(split).labels, original.split(split).labels)


def test_celeba_and_back() -> None:
    acquire_data.main("faces")
    assert export("faces", "out", "--as", "celeba").exit_code == 0
    assert_equal(read_back("out", 16, CELEBA), prepared.read(paths.dataset("faces")))


def test_rafd_and_back(root: Path) -> None:
    expressions = "labels: expressions, train: 40, validation: 40, test: 40"
    (root / "params.yaml").write_text(
        TEXT.replace("labels: attributes, train: 24, validation: 8, test: 16", expressions)
    )
    acquire_data.main("faces")
    assert export("faces", "out", "--as", "rafd").exit_code == 0
    assert_equal(read_back("out", 16, RAFD), prepared.read(paths.dataset("faces")))


CHURCHES = "{dataset: churches, resolution: 16, settings: {train: 1003, validation: 4, test: 5, seed: 0, fresh: 9}}"
EXPRESSIONS = (
    "{dataset: avatars, resolution: 16, settings: {labels: expressions, train: 9, validation: 4, test: 5, seed: 0}}"
)


@pytest.mark.parametrize("row", [CHURCHES, EXPRESSIONS])
def test_a_folder_of_images_and_back(root: Path, row: str) -> None:
    text = TEXT.replace("judges:", f"  drawn: {row}\njudges:", 1)
    (root / "params.yaml").write_text(text)
    acquire_data.main("drawn")
    exported = export("drawn", "out", "--as", "folder")
    assert exported.exit_code == 0, exported.output
    writing.write(Path("back"), "back", 16, images.source(resolution=16, path="out"), {})
    back, original = prepared.read(Path("back")), prepared.read(paths.dataset("drawn"))
    assert back.header.kind == "images"
    for split in prepared.SPLITS:
        assert np.array_equal(back.split(split).images, original.split(split).images)
    with Path("out/metadata.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [[int(line[label]) for label in original.header.labels] for line in lines] == [
        row.tolist() for split in prepared.SPLITS for row in original.split(split).labels
    ]
    assert "fresh" not in {line["split"] for line in lines}


@pytest.fixture
def two(root: Path) -> None:
    (root / "params.yaml").write_text(two_domains.PARAMS)


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("name", "layout", "settings"),
    [("savanna", "cyclegan", CYCLEGAN), ("street", "cyclegan", CYCLEGAN), ("street", "aligned", ALIGNED)],
)
def test_two_domains_and_back(name: str, layout: str, settings: dict[str, Any]) -> None:
    original = two_domains.lay(name)
    exported = export(name, "out", "--as", layout)
    assert exported.exit_code == 0, exported.output
    back = read_back("out", 16, {**settings, "labels": list(original.header.labels)})
    assert_equal(back, original)
    assert back.header.kind == ("pairs" if layout == "aligned" else "domains")


@pytest.mark.usefixtures("two")
def test_halves_can_be_read_in_the_other_order() -> None:
    original = two_domains.lay("street")
    export("street", "out", "--as", "aligned")
    back = read_back("out", 16, {**ALIGNED, "direction": "BtoA", "labels": ["labels", "photo"]})
    assert back.header.labels == ("photo", "labels")
    for split in prepared.SPLITS:
        labels, photos = np.split(original.split(split).images, 2)
        assert np.array_equal(back.split(split).images, np.concatenate([photos, labels]))


@pytest.mark.usefixtures("two")
def test_names_say_what_belongs_together() -> None:
    for name in ("savanna", "street"):
        two_domains.lay(name)
        export(name, name, "--as", "cyclegan")
    names = {path.name for path in Path("savanna").glob("*/*.png")}
    assert len(names) == sum(map(sum, two_domains.COUNTS["savanna"]))
    for split, count in (("train", 4), ("val", 2), ("test", 3)):
        first, second = (sorted(path.name for path in Path("street", split + side).iterdir()) for side in "AB")
        assert first == second
        assert len(first) == count


@pytest.mark.usefixtures("two")
def test_exact_translations_go_along_where_no_image_is_their_partner() -> None:
    original = two_domains.lay("savanna")
    export("savanna", "out", "--as", "cyclegan")
    with Path("out/metadata.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    for split in ("validation", "test"):
        held = original.split(split)
        found = [line for line in lines if line["split"] == split]
        assert held.counterfactuals is not None
        for line, label, exact in zip(found, held.labels, held.counterfactuals, strict=True):
            assert line["exact"] == f"exact/{line['file_name']}"
            with Image.open(Path("out", line["exact"])) as image:
                assert np.array_equal(np.asarray(image), exact[1 - label.argmax()])
    assert {line["exact"] for line in lines if line["split"] == "train"} == {""}
    two_domains.lay("street")
    export("street", "paired", "--as", "cyclegan")
    assert not Path("paired/exact").exists()


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("name", "layout", "message"),
    [
        ("savanna", "aligned", "holds domains; this layout holds pairs"),
        ("savanna", "rafd", "holds domains; this layout holds expressions"),
        ("faces", "cyclegan", "holds attributes; this layout holds domains or pairs"),
        ("faces", "aligned", "holds attributes; this layout holds pairs"),
        ("savanna", "folder", "holds domains; this layout holds attributes or expressions or classes or images"),
    ],
)
def test_a_layout_for_another_kind_is_refused(name: str, layout: str, message: str) -> None:
    two_domains.lay("savanna")
    result = export(name, "out", "--as", layout)
    assert result.exit_code == 1
    assert message in result.output
    assert not Path("out").exists()


@pytest.mark.usefixtures("two")
def test_files_are_read_where_nothing_is_prepared() -> None:
    two_domains.lay("savanna")
    export("savanna", "first", "--as", "cyclegan")
    for side in "AB":
        Path("raw", f"train{side}").mkdir(parents=True)
        for path in Path("first", f"train{side}").iterdir():
            path.rename(Path("raw", f"train{side}", path.name))
        Path("first", f"test{side}").rename(Path("raw", f"test{side}"))
    seeded = export("savanna", "out", "--as", "cyclegan", "--seed", "7")
    assert seeded.exit_code == 0, seeded.output
    assert "14 images in the layout of cyclegan" in seeded.output
    assert len(list(Path("out").glob("val?/*.png"))) == 4
    alone = export("savanna", "lone", "--as", "cyclegan", "--resolution", "24", "--seed", "7")
    assert alone.exit_code == 0, alone.output
    with Image.open(next(Path("lone/valA").iterdir())) as image:
        assert image.size == (24, 24)


def test_what_is_not_prepared_is_drawn() -> None:
    assert export("faces", "drawn", "--as", "celeba").exit_code == 0
    assert not paths.dataset("faces").exists()
    acquire_data.main("faces")
    assert_equal(read_back("drawn", 16, CELEBA), prepared.read(paths.dataset("faces")))


def test_what_is_prepared_from_another_row_is_not_used(root: Path) -> None:
    acquire_data.main("faces")
    (root / "params.yaml").write_text(TEXT.replace("train: 24", "train: 20"))
    assert "44 images" in export("faces", "out", "--as", "celeba").output


def test_options_change_what_is_drawn() -> None:
    options = ("--resolution", "24", "--count", "60", "40", "50", "--seed", "7")
    assert export("faces", "out", "--as", "rafd", *options).exit_code == 0
    back = read_back("out", 24, RAFD)
    assert back.header.counts == {"train": 60, "validation": 40, "test": 50}
    assert len(back.header.labels) == 8


def test_the_files_are_celeba_s() -> None:
    export("faces", "out", "--as", "celeba")
    lines = Path("out/list_attr_celeba.txt").read_text().splitlines()
    assert lines[0] == "48"
    assert lines[1].split()[:3] == ["Black_Hair", "Blond_Hair", "Brown_Hair"]
    assert lines[2].split()[0] == "000001.png"
    assert {value for line in lines[2:] for value in line.split()[1:]} == {"1", "-1"}
    partition = [line.split() for line in Path("out/list_eval_partition.txt").read_text().splitlines()]
    assert [place for _, place in partition] == ["0"] * 24 + ["1"] * 8 + ["2"] * 16
    with Image.open("out/img_align_celeba/000048.png") as image:
        assert (image.mode, image.size) == ("RGB", (16, 16))


def test_a_folder_with_content_is_refused_without_force() -> None:
    assert export("faces", "out", "--as", "celeba").exit_code == 0
    Path("out/mine.txt").write_text("kept")
    refused = export("faces", "out", "--as", "celeba")
    assert refused.exit_code == 1
    assert "is not empty" in refused.output
    assert "--force" in refused.output
    assert export("faces", "out", "--as", "celeba", "--count", "10", "2", "3", "--force").exit_code == 0
    assert len(list(Path("out/img_align_celeba").iterdir())) == 15
    assert Path("out/mine.txt").read_text() == "kept"
    assert {path.name for path in Path().iterdir()} == {"out", "params.yaml"}


REFUSED = {
    "unknown": (("nobody",), "params.yaml has no data set 'nobody'; there are: faces, real"),
    "count of files": (
        ("real", "--count", "1", "1", "1"),
        "is read from files: its row has no train, validation, test",
    ),
    "seed of files": (("real", "--seed", "3"), "its row has no seed to change"),
    "files absent": (("real",), "raw/list_attr_celeba.txt: cannot be read"),
    "no images": (("faces", "--count", "0", "1", "1"), "greater than or equal to 1"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(root: Path, arguments: tuple[str, ...], message: str) -> None:
    real = "real: {dataset: celeba, resolution: 16, settings: {directory: raw, split: official}}"
    text = TEXT.replace("judges:\n", f"  {real}\njudges:\n", 1)
    (root / "params.yaml").write_text(text)
    name, *options = arguments
    result = export(name, "out", "--as", "celeba", *options)
    assert result.exit_code == 1
    assert message in result.output
    assert not Path("out").exists()


def test_attributes_are_not_expressions(root: Path) -> None:
    export("faces", "raw", "--as", "celeba")
    real = "real: {dataset: celeba, resolution: 16, settings: {directory: raw, crop: 0, split: official}}"
    (root / "params.yaml").write_text(TEXT.replace("judges:\n", f"  {real}\njudges:\n", 1))
    result = export("real", "out", "--as", "rafd")
    assert result.exit_code == 1
    assert "holds attributes; this layout holds expressions" in result.output


def test_an_expression_without_a_face_is_said() -> None:
    result = export("faces", "out", "--as", "rafd", "--count", "40", "2", "40")
    assert result.exit_code == 1
    assert "the validation split has no angry face" in result.output
    assert not Path("out").exists()


def test_an_image_that_cannot_be_written_is_said() -> None:
    Path("out").write_text("a file")
    result = export("faces", "out", "--as", "celeba")
    assert result.exit_code == 1
    assert "out is a file" in result.output
