"""Folders and zips of images without labels: nested, of any shape and mode, split for good, and never in silence."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stages.datasets import images
from stages.preparing import writing
from stages.settings import members
from stages.storage import prepared
from stages.storage.prepared import SPLITS, Bytes, DataError

DRAWN = {"validation": 4, "test": 5, "seed": 1}
COUNT = 20


def picture(number: int, width: int = 16, height: int = 16) -> Bytes:
    return np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)


def packed(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:  # noqa: ANN401 - of PIL
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def files(first: int = 0, count: int = COUNT) -> dict[str, bytes]:
    """Two folders, as FFHQ has one for every thousand."""
    numbers = range(first, first + count)
    return {f"{number // 10:05d}/{number:05d}.png": packed(Image.fromarray(picture(number))) for number in numbers}


def lay(root: Path, content: dict[str, bytes], zipped: bool = False) -> Path:
    if zipped:
        place = root / "faces.zip"
        with zipfile.ZipFile(place, "w") as archive:
            for name, held in content.items():
                archive.writestr(name, held)
        return place
    for name, held in content.items():
        (root / "faces" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "faces" / name).write_bytes(held)
    return root / "faces"


def prepare(path: Path, **settings: Any) -> prepared.Prepared:  # noqa: ANN401 - settings of the data set
    given = {"resolution": 16, "path": str(path), **settings}
    source = images.source(**members.options(images.source, given))
    writing.write(path.parent / "prepared", "faces", given["resolution"], source, {})
    return prepared.read(path.parent / "prepared")


def numbers(data: prepared.Prepared, split: str) -> list[int]:
    """Which pictures a split holds, in its order."""
    known = {picture(number).tobytes(): number for number in range(60)}
    return [known[image.tobytes()] for image in data.split(split).images]


@pytest.mark.parametrize("zipped", [False, True])
def test_images_are_stored_as_they_are_and_split_by_the_seed(tmp_path: Path, zipped: bool) -> None:
    data = prepare(lay(tmp_path, files(), zipped), **DRAWN)
    assert (data.header.kind, data.header.labels, data.header.targets) == ("images", ("image",), ())
    assert data.header.notes == {}
    held = {split: numbers(data, split) for split in SPLITS}
    assert {split: len(found) for split, found in held.items()} == {"train": 11, "validation": 4, "test": 5}
    assert sorted(number for found in held.values() for number in found) == list(range(COUNT))
    assert all(found == sorted(found) for found in held.values())
    assert data.split("test").labels.tolist() == [[1]] * 5


def test_a_folder_and_a_zip_give_the_same(tmp_path: Path) -> None:
    one, other = (prepare(lay(tmp_path, files(), zipped), **DRAWN).header for zipped in (False, True))
    assert one == other


def test_another_seed_splits_otherwise(tmp_path: Path) -> None:
    root = lay(tmp_path, files())
    first, second = (numbers(prepare(root, **{**DRAWN, "seed": seed}), "train") for seed in (1, 2))
    assert first != second


@pytest.mark.parametrize("zipped", [False, True])
def test_folders_of_splits_are_used(tmp_path: Path, zipped: bool) -> None:
    content = {
        f"{split}/{name}": held for place, split in enumerate(SPLITS) for name, held in files(7 * place, 7).items()
    }
    root = lay(tmp_path, content, zipped)
    data = prepare(root)
    assert [numbers(data, split) for split in SPLITS] == [list(range(7 * place, 7 * place + 7)) for place in range(3)]
    with pytest.raises(DataError, match="has the folders train, validation, test: leave out the settings seed"):
        prepare(root, seed=1)


@pytest.mark.parametrize(("width", "height"), [(47, 32), (32, 47), (33, 33)])
def test_the_middle_is_cut_out_and_resized(tmp_path: Path, width: int, height: int) -> None:
    whole = Image.fromarray(picture(40, width, height))
    data = prepare(lay(tmp_path, files() | {"z.png": packed(whole)}), **{**DRAWN, "validation": 1, "test": 1})
    side, left, top = min(width, height), max(0, width - height) // 2, max(0, height - width) // 2
    square = whole.crop((left, top, left + side, top + side)).resize((16, 16), Image.Resampling.LANCZOS)
    held = np.concatenate([data.split(split).images for split in SPLITS])
    assert (held == np.asarray(square)).all(axis=(1, 2, 3)).sum() == 1


def test_what_a_camera_turned_is_turned_back(tmp_path: Path) -> None:
    upright = Image.fromarray(picture(41))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = packed(upright.transpose(Image.Transpose.ROTATE_90), exif=exif)
    data = prepare(lay(tmp_path, files() | {"z.png": turned}), **DRAWN)
    held = np.concatenate([data.split(split).images for split in SPLITS])
    assert (held == picture(41)).all(axis=(1, 2, 3)).sum() == 1


def test_other_modes_and_formats_are_converted_and_counted(tmp_path: Path) -> None:
    plain = Image.fromarray(picture(42))
    content = {
        "grey.png": packed(plain.convert("L")),
        "alpha.png": packed(plain.convert("RGBA")),
        "palette.png": packed(plain.convert("P")),
        "print.jpg": packed(plain.convert("CMYK"), "JPEG"),
        "web.webp": packed(plain, "WEBP", lossless=True),
        "LOUD.JPEG": packed(plain, "JPEG"),
        "dataset.json": b"{}",
        "__MACOSX/grey.png": b"no image",
        ".hidden.png": b"no image",
    }
    data = prepare(lay(tmp_path, files() | content), **DRAWN)
    converted = {f"converted_from_{mode}": 1 for mode in ("alpha", "cmyk", "grey", "palette")}
    assert data.header.notes == converted | {"files_that_are_no_images": 1}
    assert sum(data.header.counts.values()) == COUNT + 6
    held = np.concatenate([data.split(split).images for split in SPLITS])
    # Without its alpha, and as WebP, the picture is what it was.
    assert (held == picture(42)).all(axis=(1, 2, 3)).sum() == 2


def deep() -> bytes:
    return packed(Image.fromarray(np.zeros((16, 16), np.uint16)))


BAD: dict[str, tuple[dict[str, bytes], str]] = {
    "cut short": ({"00000/00003.png": files()["00000/00003.png"][:200]}, r"00003.png \(200 bytes\): cannot be read"),
    "empty": ({"00001/00011.png": b""}, r"00011.png \(0 bytes\): cannot be read as an image"),
    "no image": ({"00001/00011.png": b"<html>"}, r"00011.png \(6 bytes\): cannot be read as an image"),
    "small": ({"s.png": packed(Image.fromarray(picture(1, 40, 15)))}, "40x15 is smaller than `resolution: 16`"),
    "deep": ({"d.png": deep()}, "pixel format I;16 is not supported"),
}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_named(tmp_path: Path, content: dict[str, bytes], message: str, zipped: bool) -> None:
    with pytest.raises(DataError, match=message):
        prepare(lay(tmp_path, files() | content, zipped), **DRAWN)
    assert not (tmp_path / "prepared").exists()


def harmed(path: Path) -> None:
    """Changes a byte inside the first image of a zip, whose checksum then differs."""
    content = bytearray(path.read_bytes())
    content[120] ^= 1
    path.write_bytes(content)


BROKEN: dict[str, tuple[Callable[[Path], object], dict[str, int], str]] = {
    "absent": (Path.unlink, DRAWN, r"faces.zip: cannot be read \(No such file or directory\)"),
    "no zip": (lambda path: path.write_bytes(b"LMDB"), DRAWN, "is no folder and no whole zip"),
    "another checksum": (harmed, DRAWN, r"00000/00000.png: cannot be read \(Bad CRC-32"),
    "nothing left to train on": (Path.exists, {**DRAWN, "test": 16}, "20 images cannot give 4 validation and 16 test"),
    "no settings": (Path.exists, {"validation": 2}, "has no folders train, validation, test: the settings validation"),
}


@pytest.mark.parametrize(("harm", "settings", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_what_cannot_be_split_or_read_is_said(
    tmp_path: Path, harm: Callable[[Path], object], settings: dict[str, int], message: str
) -> None:
    place = lay(tmp_path, files(), zipped=True)
    harm(place)
    with pytest.raises(DataError, match=message):
        prepare(place, **settings)


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no .jpg, .jpeg, .png, .webp files in it"):
        prepare(lay(tmp_path, {"data.mdb": b"", "lock.mdb": b""}), **DRAWN)
