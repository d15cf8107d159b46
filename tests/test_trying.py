"""`retort try`: any file of a person's disk gives a sheet or a sentence, and a sheet shows what the networks made."""

from __future__ import annotations

import io
import os
import random
import resource
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner, Result

from retort.checking import accepting
from retort.commands import app
from retort.trying import finding, labels, networks, pictures, questions, trying
from retort.trying.pictures import Framing
from retort.trying.questions import Said
from retort.trying.refusals import Refused
from stages.families.stylegan2 import playing
from stages.families.stylegan2.spec import LONGEST
from stages.measuring.decisions import decisions
from stages.preparing.pictures import read_picture
from stages.settings import params, paths
from stages.storage import labels as benchmark
from tests import foreign

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 10
SAID = Said()


@pytest.fixture(scope="module", autouse=True)
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A repository with exported networks, in which everything here runs."""
    folder, before = tmp_path_factory.mktemp("clone"), Path.cwd()
    os.chdir(folder)
    paths.RESULTS.mkdir()
    foreign.repository()
    photograph().save("photo.png")
    Image.new("RGB", (50, 50), (255, 255, 255)).save("white.png")
    yield folder
    os.chdir(before)


def photograph(width: int = 60, height: int = 40) -> Image.Image:
    """Smooth colours with a little noise, of a middling brightness."""
    down, right = np.mgrid[0:height, 0:width]
    planes = [100 + 50 * down / height, 120 + 40 * right / width, 130 + 20 * np.sin(right / 7)]
    noise = np.random.default_rng(0).normal(0, 8, (height, width, 3))
    return Image.fromarray(np.clip(np.stack(planes, axis=2) + noise, 0, 255).astype(np.uint8))


def attempt(*arguments: object) -> Result:
    """The command in this process; a traceback is a failure of whatever test this is."""
    began = time.monotonic()
    found = CliRunner().invoke(app, ["try", *map(str, arguments)])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    assert found.exit_code in (0, 2), found.output
    assert time.monotonic() - began < SECONDS
    return found


def refused(*arguments: object) -> str:
    """The one sentence with which something is refused."""
    found = attempt(*arguments)
    assert found.exit_code == 2, found.output
    (line,) = found.stderr.strip().splitlines()
    return line.removeprefix("retort try: ")


def asked_by_hand(row: str, network: str, **given: Any) -> Any:  # noqa: ANN401 - arrays
    """What an exported file answers, asked without this project's code."""
    session = onnxruntime.InferenceSession(paths.exported_networks(row) / f"{network}.onnx")
    return session.run(None, given)[0]


def test_a_sheet_shows_the_input_and_what_teacher_and_student_make_of_it() -> None:
    found = attempt("people-small", "photo.png", "--to", "male", "--from", "black hair", "--out", "one.png")
    assert found.exit_code == 0, found.output
    image = pictures.read(Path("photo.png"), Framing(), foreign.SIDE).image
    source, target = np.array([[1, 0, 0]], np.float32), np.array([[1, 0, 1]], np.float32)
    made = [
        asked_by_hand(row, "generator", image=image[None], source=source, target=target)[0]
        for row in ("people-teacher", "people-small")
    ]
    assert (made[0] != made[1]).any()
    sheet = np.asarray(Image.open("one.png"))
    times = 192 // foreign.SIDE
    places = [corner(sheet, tile, times) for tile in (image, *made)]
    assert places == sorted(places, key=lambda place: place[1])
    assert len({down for down, _ in places}) == 1
    assert "people-teacher" in found.stdout
    assert "46.3 M" in found.stdout


def test_of_several_labels_each_row_has_a_line_and_each_label_a_column() -> None:
    assert (
        attempt("people-small", "photo.png", "white.png", "--grid", "--from", "Male", "--out", "grid.png").exit_code
        == 0
    )
    given = [Path("photo.png"), Path("white.png")]
    tried = trying.run("people-small", given, Said(known=("Male",), grid=True), [], 1.0)
    sheet = np.asarray(Image.open("grid.png"))
    made = [answers[: len(foreign.LABELS)] for answers in tried.answers]
    places = [[corner(sheet, tile, 192 // foreign.SIDE) for tile in answers] for answers in made]
    for downs in ([down for down, _ in line] for line in places):
        assert len(set(downs)) == 1
    for rights in zip(*places, strict=True):
        assert len({right for _, right in rights}) == 1
    assert places[0][0][0] < places[1][0][0]
    assert "not Male" in [each.caption for each in tried.questions]


def corner(sheet: Any, tile: Any, times: int) -> tuple[int, int]:  # noqa: ANN401 - arrays
    """Where a picture stands in a sheet, enlarged by a whole number; it must be there, pixel for pixel."""
    large = tile.repeat(times, axis=0).repeat(times, axis=1)
    side = len(large)
    for down, right in zip(*np.nonzero((sheet == large[0, 0]).all(axis=2)), strict=True):
        part = sheet[down : down + side, right : right + side]
        if part.shape == large.shape and (part == large).all():
            return int(down), int(right)
    raise AssertionError("the picture is not in the sheet")


def test_all_labels_are_asked_for_unless_some_are_named() -> None:
    whole = trying.run("people-small", [Path("photo.png")], SAID, [], 1.0)
    grid = trying.run("people-small", [Path("photo.png")], Said(grid=True), [], 1.0)
    assert len(whole.questions) == len(grid.questions) == len(foreign.LABELS)
    assert [row.name for row in whole.rows] == ["people-teacher", "people-small"]
    two = trying.run("people-small", [Path("photo.png")], Said(to=("Male", "blond hair")), [], 1.0)
    assert len(two.questions) == 2


def test_a_teacher_stands_before_its_students() -> None:
    rows = trying.run("people-teacher", [Path("photo.png")], SAID, [], 1.0).rows
    assert [(row.name, row.teacher) for row in rows] == [("people-teacher", True), ("people-small", False)]


def test_the_labels_that_a_picture_has_are_read_and_told() -> None:
    (seen,) = trying.run("people-small", [Path("photo.png")], SAID, [], 1.0).seen
    assert not seen.said
    told = " ".join(attempt("people-small", "photo.png").stdout.split())
    assert f"the reader sees: {', '.join(seen.had).replace('_', ' ') or 'none of the labels'}" in told
    said = attempt("people-small", "photo.png", "--from", "Male", "--from", "Blond_Hair").stdout
    assert "you say: Male, Blond Hair" in said


def test_asking_for_labels_is_what_it_is_in_the_benchmark() -> None:
    draw = np.random.default_rng(3)
    exclusive = [["Black_Hair", "Blond_Hair"]]
    for _ in range(50):
        source = draw.integers(0, 2, 3).astype(np.float32)
        logits = draw.normal(size=3)
        shares = dict(zip(foreign.LABELS, 1 / (1 + np.exp(-logits)), strict=True))
        wanted = decisions(torch.tensor(logits[None]).float(), foreign.LABELS, exclusive)[0].tolist()
        assert [label in labels.decided(shares, "attributes", exclusive) for label in foreign.LABELS] == wanted
        for column, label in enumerate(foreign.LABELS):
            rivals = benchmark.rivals(label, foreign.LABELS, "attributes", exclusive)
            right = source.copy()
            benchmark.ask(right, column, [foreign.LABELS.index(each) for each in rivals])
            assert (labels.asked(source, label, foreign.LABELS, foreign.RIVALS) == right).all()


def test_a_network_of_two_data_sets_is_told_which_one_is_meant() -> None:
    names = ["Male", "happy", "sad", "people", "moods"]
    rivals = {"Male": [], "happy": ["sad"], "sad": ["happy"]}
    rows: foreign.Rows = {}
    about = {**foreign.common(rows, "both", "translation", "both", "none"), "labels": names, "rivals": rivals}
    foreign.save("both", "generator", foreign.translator(foreign.colours(len(names), 7)), about)
    foreign.reader("moods", ["happy", "sad"], "expressions", [])
    network = trying.named(networks.row(paths.exported_networks("both"), True), "generator")
    readers = finding.readers(network.datasets)
    assert list(readers) == ["people", "moods"]
    picture = pictures.read(Path("photo.png"), Framing(), foreign.SIDE)
    seen = questions.Seen(picture, ("Male", "happy"), True, None)
    male, happy, sad = questions.translation(seen, network, readers, SAID)
    assert male.given["source"].tolist() == [[1, 0, 0, 1, 0]]
    assert male.given["target"].tolist() == [[0, 0, 0, 1, 0]]
    assert sad.given["source"].tolist() == [[0, 1, 0, 0, 1]]
    assert sad.given["target"].tolist() == [[0, 0, 1, 0, 1]]
    assert happy.caption == "happy (as it is)"


def test_directions_begin_at_what_the_picture_shows() -> None:
    picture, run = Path("photo.png"), trying.run
    (read,) = run("horses-small", [picture], SAID, [], 1.0).questions
    (seen,) = run("horses-small", [picture], SAID, [], 1.0).seen
    assert read.caption.startswith(seen.had[0])
    (named,) = run("horses-small", [picture], Said(to=("zebra",)), [], 1.0).questions
    assert (named.caption, named.network) == ("horse to zebra", "forth")
    (started,) = run("horses-small", [picture], Said(known=("zebra",)), [], 1.0).questions
    assert started.network == "back"
    assert len(run("horses-small", [picture], Said(grid=True), [], 1.0).questions) == 2
    assert "--to 'lion' is no label" in refused("horses-small", picture, "--to", "lion")


def test_a_latent_is_the_draw_that_the_examination_begins_with() -> None:
    tried = trying.run("noise-small", [], SAID, [3, 11], 0.5)
    for question, number in zip(tried.questions, (3, 11), strict=True):
        draws = playing.normal(np.random.default_rng(number), 5, LONGEST)[:1, :4].numpy()
        assert (question.given["latent"] == draws).all()
    by_hand = asked_by_hand("noise-small", "generator", latent=draws, truncation=np.array(0.5, np.float32))
    assert (tried.answers[1][1] == by_hand[0]).all()
    assert attempt("noise-small", "--latent", 3, "--latent", 11).exit_code == 0
    assert Path("try-noise-small.png").exists()
    assert "name one with --latent" in refused("noise-small", "photo.png")
    assert "say which with --latent" in refused("noise-small")


def test_classes_are_told_as_a_table() -> None:
    found = attempt("digits-small", "photo.png")
    assert found.exit_code == 0, found.output
    image = pictures.read(Path("photo.png"), Framing(), foreign.SIDE).image
    for row in ("digits-teacher", "digits-small"):
        for share in asked_by_hand(row, "classifier", image=image[None])[0]:
            assert f"{share:.1%}" in found.stdout
    assert not Path("try-digits-small.png").exists()
    assert "makes none" in refused("digits-small", "photo.png", "--out", "x.png")


def test_a_picture_unlike_all_others_is_told_so_with_the_number() -> None:
    (seen,) = trying.run("people-small", [Path("white.png")], SAID, [], 1.0).seen
    assert seen.strangeness == pytest.approx(127 / 60)
    told = " ".join(attempt("people-small", "white.png").stdout.split())
    assert "Unlike anything these networks saw: its strangeness is 2.1" in told
    assert "Unlike" not in attempt("people-small", "photo.png").stdout


def test_without_a_reader_a_person_says_what_the_picture_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths.RESULTS.mkdir()
    foreign.repository()
    paths.reader("people").unlink()
    photograph().save("photo.png")
    assert "say which labels the picture has with --from LABEL" in refused("people-small", "photo.png")
    assert attempt("people-small", "photo.png", "--from", "Male").exit_code == 0


def test_each_problem_that_leaves_the_benchmark_has_one_teacher_and_the_row_of_the_readme() -> None:
    settings = params.read(ROOT / paths.PARAMS)
    content = accepting.used(settings)
    for problem in {row.problem for row in settings.exports.values()}:
        rows = [row for row in content["exports"].values() if row["problem"] == problem]
        assert sum(finding.of_teacher(content, row) for row in rows) == 1, problem
    assert "retort try set1-w8b3-fr5out PICTURE" in (ROOT / paths.README).read_text(encoding="utf-8")
    assert "set1-w8b3-fr5out" in settings.exports


def test_what_cannot_be_is_refused_in_a_sentence() -> None:
    assert "did you mean 'people-small'" in refused("people-smal", "photo.png")
    assert "is no label of this row" in refused("people-small", "photo.png", "--to", "Bald")
    assert "not both Black_Hair and Blond_Hair" in refused(
        "people-small", "photo.png", "--from", "Black_Hair", "--from", "Blond_Hair"
    )
    assert "name a picture" in refused("people-small")
    assert "--latent is for" in refused("people-small", "photo.png", "--latent", "1")
    assert "give one of them" in refused("people-small", "photo.png", "--grid", "--to", "Male")
    assert "too many at once" in refused("people-small", *["photo.png"] * 33)
    assert "--to, --from and --grid are for" in refused("digits-small", "photo.png", "--to", "one")
    before = Path("photo.png").read_bytes()
    assert "would be replaced" in refused("people-small", "photo.png", "--out", "./photo.png")
    assert Path("photo.png").read_bytes() == before
    assert "ends in .png" in refused("people-small", "photo.png", "--out", "sheet.jpg")
    assert "cannot be written" in refused("people-small", "photo.png", "--out", "nowhere/sheet.png")
    paths.exported_networks("people-small").joinpath("generator.onnx").rename("kept")
    paths.exported_networks("people-small").joinpath("generator.onnx").write_bytes(b"no network")
    assert "cannot be opened as a network" in refused("people-small", "photo.png")
    Path("kept").rename(paths.exported_networks("people-small") / "generator.onnx")


def test_what_is_no_picture_is_refused_in_a_sentence() -> None:
    Path("text.png").write_text("no picture")
    Path("empty.jpg").touch()
    Path("folder").mkdir()
    os.mkfifo("pipe")
    photograph().save("whole.jpg")
    Path("cut.jpg").write_bytes(Path("whole.jpg").read_bytes()[:700])
    Image.new("RGB", (9, 9)).save("old.tiff")
    words = {
        "text.png": "is no JPEG, PNG, WebP or GIF picture",
        "old.tiff": "is no JPEG, PNG, WebP or GIF picture",
        "empty.jpg": "is empty",
        "folder": "is a directory",
        "pipe": "is no plain file",
        "cut.jpg": "is damaged and cannot be read",
        "absent.png": "does not exist",
    }
    for name, sentence in words.items():
        assert sentence in refused("people-small", name), name


def header(width: int, height: int) -> bytes:
    """A PNG that promises so many pixels in few bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    zeros = zlib.compress(bytes(1000))
    start = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + start + chunk(b"IDAT", zeros) + chunk(b"IEND", b"")


def webp(width: int, height: int) -> bytes:
    """A WebP that promises so many pixels in few bytes."""
    file = io.BytesIO()
    Image.new("RGBA", (8, 8), (1, 2, 3, 4)).save(file, "WEBP")
    found = bytearray(file.getvalue())
    assert found[12:16] == b"VP8X"
    found[24:27], found[27:30] = (width - 1).to_bytes(3, "little"), (height - 1).to_bytes(3, "little")
    return bytes(found)


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    Path("bomb.png").write_bytes(header(20_000, 20_000))
    Path("bomb.webp").write_bytes(webp(16_000, 16_000))
    Path("bomb.gif").write_bytes(b"GIF89a" + struct.pack("<HH", 20_000, 20_000) + bytes([0x80, 0, 0]) + bytes(6))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "has 20,000 x 20,000 pixels" in refused("people-small", "bomb.png")
    refused("people-small", "bomb.webp")
    refused("people-small", "bomb.gif")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * (1 if sys.platform == "darwin" else 1024) < 100_000_000


def test_a_file_is_not_read_whole_whatever_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "LARGEST_FILE", 1_000_000)
    with Path("large.png").open("wb") as file:
        file.truncate(2_000_000_000)
    assert "is larger than 1 MB" in refused("people-small", "large.png")
    Path("large.png").unlink()


def test_a_jpeg_of_endless_passes_is_refused() -> None:
    photograph().save("passes.jpg")
    whole = Path("passes.jpg").read_bytes()
    Path("passes.jpg").write_bytes(whole[:-2] + pictures.SCAN * 300 + whole[-2:])
    assert "passes; save it again" in refused("people-small", "passes.jpg")


def seen(name: str, framing: Framing | None = None) -> Any:  # noqa: ANN401 - an array
    """A file as networks are given it."""
    return pictures.read(Path(name), framing or Framing(), foreign.SIDE).image.astype(int)


def test_pictures_are_turned_as_their_camera_says() -> None:
    upright = photograph(61, 40)
    upright.save("upright.png")
    for orientation, turn in pictures.TURNS.items():
        exif = Image.Exif()
        exif[pictures.ORIENTATION] = orientation
        undone = {
            Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
            Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
        }
        upright.transpose(undone.get(turn, turn)).save("turned.png", exif=exif)
        assert (seen("turned.png") == seen("upright.png")).all(), orientation
    read = pictures.read(Path("turned.png"), Framing(), foreign.SIDE)
    assert (read.width, read.height) == (61, 40)


def test_the_middle_is_taken_or_the_whole_as_the_data_were() -> None:
    striped = np.zeros((20, 60, 3), np.uint8)
    striped[:, 20:40], striped[:, :20] = 255, 100
    Image.fromarray(striped).save("striped.png")
    assert (seen("striped.png") == 255).all()
    whole = seen("striped.png", Framing("whole", "nearest"))
    assert (whole[0, :, 0] == [*[100] * 5, *[255] * 6, *[0] * 5]).all()
    celeba = photograph(178, 218)
    celeba.save("celeba.png")
    assert (seen("celeba.png") == read_picture(Path("celeba.png"), 178, foreign.SIDE)[0]).all()


def test_every_common_kind_of_picture_is_read_and_what_was_done_is_told() -> None:
    plain = photograph()
    near = seen("photo.png")
    frames = [photograph(), Image.new("RGB", plain.size)]
    kinds: dict[str, tuple[Image.Image, dict[str, Any], float, str]] = {
        "a.jpg": (plain, {"quality": 95}, 12, ""),
        "a.webp": (plain, {"lossless": True}, 0, ""),
        "grey.png": (plain.convert("L"), {}, 60, "grey"),
        "bits.png": (plain.convert("1"), {}, 140, "black and white"),
        "palette.png": (plain.quantize(256), {}, 20, ""),
        "ink.jpg": (plain.convert("CMYK"), {"quality": 95}, 20, "CMYK"),
        "alpha.png": (plain.convert("RGBA"), {}, 0, ""),
        "clear.png": (see_through(plain), {}, 160, "laid on white"),
        "deep.png": (deep(plain), {}, 60, "16 bits"),
        "still.gif": (plain, {}, 40, ""),
        "moving.gif": (frames[0], {"save_all": True, "append_images": frames[1:]}, 40, "first frame"),
        "moving.webp": (frames[0], {"save_all": True, "append_images": frames[1:], "lossless": True}, 0, "first frame"),
        "moving.png": (frames[0], {"save_all": True, "append_images": frames[1:]}, 0, "first frame"),
        "tiny.png": (plain.crop((0, 0, 3, 2)), {}, 160, "enlarged"),
    }
    for name, (image, settings, far, note) in kinds.items():
        image.save(name, **settings)
        read = pictures.read(Path(name), Framing(), foreign.SIDE)
        assert np.abs(read.image.astype(int) - near).max() <= far, name
        assert (note in "; ".join(read.notes)) if note else not read.notes, (name, read.notes)
    assert (seen("clear.png")[:, 0] > 240).all()
    assert np.abs(seen("deep.png") - seen("grey.png")).max() <= 1
    assert "animated: the first frame is taken" in attempt("people-small", "moving.gif").stdout


def see_through(image: Image.Image) -> Image.Image:
    """A picture whose left side cannot be seen, though there is black behind."""
    found = np.asarray(image.convert("RGBA")).copy()
    found[:, :20] = 0
    return Image.fromarray(found)


def deep(image: Image.Image) -> Image.Image:
    """The greys of a picture in 16 bits."""
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)


def mutated() -> Iterator[tuple[str, bytes]]:
    """100 files made from good ones: bytes flipped, ends cut off, headers edited."""
    good: list[tuple[str, bytes]] = []
    exif = Image.Exif()
    exif[pictures.ORIENTATION] = 6
    moving = {"save_all": True, "append_images": [Image.new("RGB", (60, 40), (9, 200, 30))]}
    for ending, settings in (
        ("jpg", {"exif": exif}), ("jpg", {"progressive": True}), ("png", {"exif": exif}), ("webp", {"exif": exif}),
        ("webp", moving), ("gif", moving), ("png", moving),
    ):  # fmt: skip
        file = io.BytesIO()
        photograph().save(file, {"jpg": "JPEG"}.get(ending, ending.upper()), **settings)  # type: ignore[arg-type]
        good.append((ending, file.getvalue()))
    chance = random.Random(16)
    for index in range(100):
        ending, content = good[index % len(good)]
        changed = bytearray(content)
        kind = index // len(good) % 4
        if kind == 0:
            for _ in range(chance.choice((1, 4, 32))):
                changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del changed[chance.randrange(1, len(changed)) :]
        elif kind == 2:
            for _ in range(3):
                changed[chance.randrange(4, min(64, len(changed)))] = chance.choice((0, 1, 127, 128, 255))
        else:
            start = chance.randrange(8, len(changed))
            changed[start:start] = changed[chance.randrange(len(changed)) :][: chance.randrange(1, 400)]
        yield ending, bytes(changed)


def test_100_mutated_pictures_give_a_sheet_or_a_sentence_soon() -> None:
    statuses = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for index, (ending, content) in enumerate(mutated()):
        name = f"mutated{index}.{ending}"
        Path(name).write_bytes(content)
        found = attempt("people-small", name, "--to", "Male", "--out", "mutated.png")
        statuses.append(found.exit_code)
        assert (found.exit_code == 2) == bool(found.stderr), name
        assert len(found.stderr.splitlines()) <= 1
    assert {0, 2} == set(statuses)
    assert len(statuses) == 100
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * (1 if sys.platform == "darwin" else 1024) < 600_000_000


def test_it_starts_without_torch() -> None:
    code = "import sys; from retort.trying import sheets, trying; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=here())
    assert done.stdout.strip() == "False"


def here() -> dict[str, str]:
    """An environment in which the project is found from any directory."""
    return {**os.environ, "PYTHONPATH": str(Path(trying.__file__).parents[2])}


def test_a_refusal_is_no_error_of_the_program() -> None:
    with pytest.raises(Refused, match="does not exist"):
        pictures.read(Path("absent.png"), Framing(), foreign.SIDE)
