"""RaFD's folders: given or seeded splits, and damaged copies."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stages.datasets import rafd
from stages.preparing import writing
from stages.storage import prepared
from stages.storage.prepared import SPLITS, Bytes, DataError

EXPRESSIONS = ("angry", "happy", "sad")


def picture(number: int) -> Bytes:
    return np.random.default_rng(number).integers(0, 256, (16, 16, 3), dtype=np.uint8)


def fill(folder: Path, count: int, first: int) -> None:
    for number in range(first, first + count):
        expression = folder / EXPRESSIONS[number % 3]
        expression.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(number)).save(expression / f"{number:03d}.png")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    fill(tmp_path / "rafd" / "train", 24, 0)
    fill(tmp_path / "rafd" / "test", 6, 24)
    return tmp_path / "rafd"


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    fill(tmp_path / "rafd", 60, 0)
    return tmp_path / "rafd"


def prepare(root: Path, **settings: Any) -> prepared.Prepared:  # noqa: ANN401 - keywords of the data set
    target = root.parent / "prepared"
    writing.write(target, "rafd", 16, rafd.source(resolution=16, directory=str(root), **settings), {})
    return prepared.read(target)


def numbers(data: prepared.Prepared, split: str) -> list[int]:
    """Which pictures a split holds; each must carry the label of its folder."""
    known = {picture(number).tobytes(): number for number in range(60)}
    found = [known[image.tobytes()] for image in data.split(split).images]
    assert data.split(split).labels.argmax(axis=1).tolist() == [number % 3 for number in found]
    assert (data.split(split).labels.sum(axis=1) == 1).all()
    return found


def test_folders(root: Path) -> None:
    data = prepare(root, split="folders", seed=1, validation=6)
    assert data.header.labels == EXPRESSIONS
    assert data.header.kind == "expressions"
    assert numbers(data, "test") == list(range(24, 30))
    train, validation = numbers(data, "train"), numbers(data, "validation")
    assert sorted(train + validation) == list(range(24))
    assert len(validation) == 6


def test_a_validation_folder_is_used(root: Path) -> None:
    fill(root / "validation", 3, 40)
    data = prepare(root, split="folders")
    assert numbers(data, "validation") == [40, 41, 42]
    assert numbers(data, "train") == list(range(24))


def test_seeded(flat: Path) -> None:
    data = prepare(flat, split="seeded", seed=1, test=12, validation=12)
    found = {split: numbers(data, split) for split in SPLITS}
    assert sorted([*found["train"], *found["validation"], *found["test"]]) == list(range(60))
    assert data.header.counts == {"train": 36, "validation": 12, "test": 12}
    again = prepare(flat, split="seeded", seed=1, test=12, validation=12)
    assert again.header.sha256 == data.header.sha256
    other = prepare(flat, split="seeded", seed=2, test=12, validation=12)
    assert set(numbers(other, "test")) != set(found["test"])


def cut(root: Path) -> None:
    path = root / "train" / "happy" / "001.png"
    path.write_bytes(path.read_bytes()[:200])


MALFORMED: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (cut, r"train/happy/001.png \(200 bytes\): cannot be read as an image"),
    "empty image": (lambda root: (root / "test" / "sad" / "026.png").write_bytes(b""), r"026.png \(0 bytes\)"),
    "empty folder": (
        lambda root: [path.rename(root / path.name) for path in (root / "test" / "sad").iterdir()],
        "test/sad: no .jpg, .jpeg, .png files in this folder",
    ),
    "expression missing": (
        lambda root: shutil.rmtree(root / "test" / "sad"),
        "sad in only one of train and test; each needs all expressions",
    ),
    "expression misspelt": (
        lambda root: (root / "test" / "sad").rename(root / "test" / "Sad"),
        "Sad, sad in only one of train and test",
    ),
    "one expression": (
        lambda root: [(root / "train" / name).rename(root / name) for name in ("happy", "sad")],
        "train: expected a folder per expression, found 1 folders",
    ),
    "no test": (lambda root: shutil.rmtree(root / "test"), "test: cannot be listed .*a folder per expression"),
    "nothing": (shutil.rmtree, "train: cannot be listed"),
    "oblong": (
        lambda root: Image.new("RGB", (16, 20)).save(root / "train" / "sad" / "002.png"),
        "002.png: 16x20 is not square; set `crop`",
    ),
}


@pytest.mark.parametrize(("harm", "message"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed(root: Path, harm: Callable[[Path], object], message: str) -> None:
    harm(root)
    with pytest.raises(DataError, match=message):
        prepare(root, split="folders", seed=1, validation=12)
    assert not (root.parent / "prepared").exists()
    assert not (root.parent / "prepared.partial").exists()


WRONG_SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "size of a given test": ({"split": "folders", "test": 3}, "takes no setting test"),
    "no validation": ({"split": "folders"}, "has no validation/ folder: the settings validation and seed"),
    "too many": ({"split": "folders", "seed": 0, "validation": 24}, "24 images cannot give 24 held-out images"),
    "seeded without test": ({"split": "seeded", "seed": 0, "validation": 3}, "needs the settings seed, test"),
}


@pytest.mark.parametrize(("settings", "message"), WRONG_SETTINGS.values(), ids=WRONG_SETTINGS.keys())
def test_wrong_settings(root: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        prepare(root, **settings)


def test_two_sources_of_validation_are_refused(root: Path) -> None:
    fill(root / "validation", 3, 40)
    with pytest.raises(DataError, match="exists: leave out the settings validation and seed"):
        prepare(root, split="folders", seed=0, validation=3)
