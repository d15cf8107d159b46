"""CelebA's own layout: its split, StarGAN's split, its crop, and every way in which a copy of it can be damaged."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stages.blocks import torchvision_ready
from stages.datasets import celeba
from stages.preparing import writing
from stages.storage import prepared
from stages.storage.prepared import DataError

NAMES = ("Black_Hair", "Blond_Hair", "Male")
COUNT = 12
ATTRIBUTES, PARTITION = "list_attr_celeba.txt", "list_eval_partition.txt"
SEEDED = {"split": "seeded", "seed": 5, "test": 3, "validation": 2}


def file_name(number: int) -> str:
    return f"{number:06d}.{'png' if number % 2 else 'jpg'}"


def picture(number: int, width: int = 16, height: int = 16) -> Image.Image:
    return Image.fromarray(np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8))


def values(number: int) -> list[int]:
    return [number % 3 == 0, number % 3 == 1, number % 2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Twelve images: 0 to 7 train, 8 and 9 validation, 10 and 11 test."""
    root = tmp_path / "celeba"
    (root / "img_align_celeba").mkdir(parents=True)
    rows = []
    for number in range(COUNT):
        picture(number).save(root / "img_align_celeba" / file_name(number))
        rows.append(" ".join([file_name(number), *(" 1" if value else "-1" for value in values(number))]))
    (root / ATTRIBUTES).write_text("\n".join([str(COUNT), " ".join(NAMES), *rows]) + "\n")
    places = [(number >= 8) + (number >= 10) for number in range(COUNT)]
    (root / PARTITION).write_text("".join(f"{file_name(number)} {place}\n" for number, place in enumerate(places)))
    return root


def prepare(root: Path, **settings: Any) -> prepared.Prepared:  # noqa: ANN401 - keywords of the data set
    given: dict[str, Any] = {"resolution": 16, "directory": str(root), "crop": 0, "split": "official", **settings}
    target = root.parent / "prepared"
    writing.write(target, "celeba", given["resolution"], celeba.source(**given), {})
    return prepared.read(target)


def test_the_official_split(root: Path) -> None:
    data = prepare(root)
    assert data.header.labels == NAMES
    assert data.header.counts == {"train": 8, "validation": 2, "test": 2}
    for split, first in (("train", 0), ("validation", 8), ("test", 10)):
        found = data.split(split)
        expected = [values(number) for number in range(first, first + len(found))]
        assert found.labels.tolist() == [[int(value) for value in row] for row in expected]


def test_lossless_pictures_come_through_unchanged(root: Path) -> None:
    train = prepare(root).split("train")
    for number in (1, 3, 5, 7):
        assert np.array_equal(train.images[number], np.asarray(picture(number)))
    jpeg = train.images[2].astype(int) - np.asarray(picture(2)).astype(int)
    assert 0 < np.abs(jpeg).mean() < 60


def test_hair_colours_exclude_each_other(root: Path) -> None:
    data = prepare(root)
    assert data.header.exclusive == (("Black_Hair", "Blond_Hair"),)
    assert data.header.notes == {"several_hair_colours": 0}
    text = (root / ATTRIBUTES).read_text()
    (root / ATTRIBUTES).write_text(text.replace("000003.png  1 -1", "000003.png  1  1"))
    assert prepare(root).header.notes == {"several_hair_colours": 1}


def test_the_seeded_split_is_the_released_code(root: Path) -> None:
    data = prepare(root, **SEEDED)
    lines = (root / ATTRIBUTES).read_text().splitlines()[2:]
    random.seed(5)
    random.shuffle(lines)
    chosen: dict[str, list[int]] = {"test": [], "train": []}
    for index, line in enumerate(lines):
        # The released code compares (i + 1) < 2000, which takes 1999; here 3.
        chosen["test" if (index + 1) < 4 else "train"].append(int(line.split(".")[0]))
    assert data.split("test").labels.tolist() == [[int(v) for v in values(number)] for number in chosen["test"]]
    rest = np.concatenate([data.split("validation").labels, data.split("train").labels])
    assert rest.tolist() == [[int(v) for v in values(number)] for number in chosen["train"]]
    assert data.header.counts == {"train": 7, "validation": 2, "test": 3}


def test_crop_and_resize_are_torchvision_s(root: Path) -> None:
    for number in range(COUNT):
        picture(number, 178, 218).save(root / "img_align_celeba" / file_name(number))
    found = prepare(root, resolution=64, crop=178).split("train").images
    torchvision_ready.declare_missing()
    from torchvision import transforms  # type: ignore[import-untyped,unused-ignore]

    expected = transforms.Compose([transforms.CenterCrop(178), transforms.Resize(64)])
    for number in (1, 2, 3):
        with Image.open(root / "img_align_celeba" / file_name(number)) as image:
            assert np.array_equal(found[number], np.asarray(expected(image)))


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1"])
def test_other_modes_are_converted_and_counted(root: Path, mode: str) -> None:
    for number in (1, 9):
        picture(number).convert(mode).save(root / "img_align_celeba" / file_name(number))
    data = prepare(root)
    kind = {"L": "grey", "LA": "grey_alpha", "P": "palette", "RGBA": "alpha", "1": "bilevel"}[mode]
    assert data.header.notes[f"converted_from_{kind}"] == 2
    assert f"converted from {kind.replace('_', ' ')}: 2" in prepared.describe(data.header)
    grey = data.split("train").images[1]
    if mode in ("L", "LA"):
        assert np.array_equal(grey[..., 0], np.asarray(picture(1).convert("L")))
    if mode == "RGBA":
        assert np.array_equal(grey, np.asarray(picture(1)))


def test_a_transparent_palette_and_cmyk_are_converted(root: Path) -> None:
    palette = picture(1).convert("P")
    palette.save(root / "img_align_celeba" / file_name(1), transparency=bytes([0, 128, 255]))
    picture(2).convert("CMYK").save(root / "img_align_celeba" / file_name(2))
    data = prepare(root)
    assert data.header.notes["converted_from_palette"] == data.header.notes["converted_from_cmyk"] == 1
    assert np.array_equal(data.split("train").images[1], np.asarray(palette.convert("RGB")))


def rewrite(name: str, old: str, new: str) -> Callable[[Path], object]:
    def harm(root: Path) -> None:
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new, 1))

    return harm


def cut(number: int, size: int) -> Callable[[Path], object]:
    def harm(root: Path) -> None:
        path = root / "img_align_celeba" / file_name(number)
        path.write_bytes(path.read_bytes()[:size])

    return harm


def save(image: Image.Image, number: int = 3) -> Callable[[Path], object]:
    return lambda root: image.save(root / "img_align_celeba" / file_name(number))


MALFORMED: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated png": (cut(9, 300), r"000009.png \(300 bytes\): cannot be read as an image"),
    "truncated jpeg": (cut(10, -20), "000010.jpg .*: cannot be read as an image: image file is truncated"),
    "empty image": (cut(11, 0), r"000011.png \(0 bytes\): cannot be read as an image"),
    "no image": (
        lambda root: (root / "img_align_celeba" / file_name(5)).write_text("<html>quota exceeded</html>"),
        r"000005.png \(27 bytes\): cannot be read",
    ),
    "16 bits": (
        save(Image.fromarray(np.full((16, 16), 40_000, np.uint16))),
        "000003.png: pixel format I;16 is not supported; save it with 8 bits",
    ),
    "oblong": (save(picture(3, 16, 20)), r"000003.png: 16x20 is not square; set `crop`"),
    "row missing": (rewrite(ATTRIBUTES, "000004.jpg -1  1 -1\n", ""), "line 1: promises 12 images, 11 rows follow"),
    "row missing, count right": (
        lambda root: [
            rewrite(ATTRIBUTES, "000004.jpg -1  1 -1\n", "")(root),
            rewrite(ATTRIBUTES, "12\n", "11\n")(root),
        ],
        r"img_align_celeba/000004.jpg: no row in list_attr_celeba.txt \(1 such images\)",
    ),
    "value 0": (
        rewrite(ATTRIBUTES, "000004.jpg -1  1", "000004.jpg  0  1"),
        r"list_attr_celeba.txt, line 7: attribute values are 1 or -1, found 0",
    ),
    "value missing": (
        rewrite(ATTRIBUTES, "000004.jpg -1  1", "000004.jpg -1"),
        r"list_attr_celeba.txt, line 7: 2 values for 3 attributes",
    ),
    "value too many": (rewrite(ATTRIBUTES, "000004.jpg", "000004.jpg 1"), "line 7: 4 values for 3 attributes"),
    "blank line": (rewrite(ATTRIBUTES, "000004.jpg", "\n000004.jpg"), "line 7: 0 values for 3 attributes"),
    "row twice": (rewrite(ATTRIBUTES, "000004.jpg", "000003.png"), "line 7: 000003.png has a row already"),
    "no count": (rewrite(ATTRIBUTES, "12\n", ""), "line 1: expected the number of images"),
    "attribute twice": (rewrite(ATTRIBUTES, "Male", "Black_Hair"), "line 2: expected attribute names, each once"),
    "image absent": (
        lambda root: (root / "img_align_celeba" / file_name(4)).unlink(),
        r"list_attr_celeba.txt, line 7: 000004.jpg is listed but absent from .*img_align_celeba",
    ),
    "no images": (
        lambda root: (root / "img_align_celeba").rename(root / "images"),
        "img_align_celeba: cannot be listed .*should be a folder of images",
    ),
    "no attributes": (lambda root: (root / ATTRIBUTES).unlink(), "list_attr_celeba.txt: cannot be read"),
    "attributes not text": (lambda root: (root / ATTRIBUTES).write_bytes(b"\xff\xfe12"), "is not a text file"),
    "no partition": (lambda root: (root / PARTITION).unlink(), "list_eval_partition.txt: cannot be read"),
    "fourth partition": (
        rewrite(PARTITION, "000010.jpg 2", "000010.jpg 3"),
        r"list_eval_partition.txt, line 11: expected an image name and 0, 1 or 2, found '000010.jpg 3'",
    ),
    "partition of another": (rewrite(PARTITION, "000010.jpg", "000099.jpg"), "line 11: 000099.jpg has no row in"),
    "partition twice": (rewrite(PARTITION, "000010.jpg", "000009.png"), "line 11: 000009.png is assigned already"),
    "partition short": (rewrite(PARTITION, "000010.jpg 2\n", ""), "1 images of .* are not assigned, first 000010.jpg"),
    "empty split": (
        lambda root: [rewrite(PARTITION, " 2\n", " 1\n")(root), rewrite(PARTITION, " 2\n", " 1\n")(root)],
        "split test is empty",
    ),
}


@pytest.mark.parametrize(("harm", "message"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed(root: Path, harm: Callable[[Path], object], message: str) -> None:
    harm(root)
    with pytest.raises(DataError, match=message):
        prepare(root)
    assert [path.name for path in root.parent.iterdir()] == ["celeba"]


WRONG_SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "seed of the official": ({"seed": 1}, "takes no seed, test or validation"),
    "seeded without seed": ({**SEEDED, "seed": None}, "needs the settings seed, test and validation"),
    "more than all": ({**SEEDED, "test": 10}, "12 images cannot give 10 test and 2 validation images and a rest"),
    "larger than the image": ({"crop": 178}, r"16x16 is smaller than `crop: 178`"),
    "elsewhere": ({"directory": "/nowhere"}, "/nowhere/list_attr_celeba.txt: cannot be read"),
}


@pytest.mark.parametrize(("settings", "message"), WRONG_SETTINGS.values(), ids=WRONG_SETTINGS.keys())
def test_wrong_settings(root: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        prepare(root, **settings)
