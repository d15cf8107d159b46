"""The prepared format: what is written is what is read, whole or not at all, and batches follow from (seed, step)."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from stages.preparing import writing
from stages.preparing.writing import Chunk, Source
from stages.storage import factors, prepared
from stages.storage.factors import Factors
from stages.storage.prepared import SPLITS, DataError

COUNTS = {"train": 50, "validation": 7, "test": 11}
SIDE = 8
Splits = dict[str, Callable[[], Iterator[Chunk]]]


def images(split: str) -> prepared.Bytes:
    return np.random.default_rng(SPLITS.index(split)).integers(0, 256, (COUNTS[split], SIDE, SIDE, 3), dtype=np.uint8)


def labels(split: str) -> prepared.Bytes:
    return np.random.default_rng(9 + SPLITS.index(split)).integers(0, 2, (COUNTS[split], 4), dtype=np.uint8)


def pieces(split: str, size: int, exact: bool) -> Iterator[Chunk]:
    for start in range(0, COUNTS[split], size):
        piece = slice(start, start + size)
        pixels, rows = images(split)[piece], labels(split)[piece]
        if exact and split != "train":
            targets = np.stack([255 - pixels, pixels[:, ::-1]], axis=1)
            yield Chunk(pixels, rows, targets, np.stack([1 - rows, rows], axis=1))
        else:
            yield Chunk(pixels, rows)


def source(size: int = 5, exact: bool = False, replaced: Splits | None = None) -> Source:
    splits: Splits = {split: partial(pieces, split, size, exact) for split in SPLITS}
    return Source(
        labels=("a", "b", "c", "d"),
        kind="attributes",
        exclusive=(("a", "b"),),
        targets=("c", "d") if exact else (),
        splits={**splits, **(replaced or {})},
        notes=lambda: {"licence": "none", "converted": 3},
    )


def tree(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    header = writing.write(tmp_path / "toy", "toy", SIDE, source(exact=True), {"seed": 3})
    data = prepared.read(tmp_path / "toy")
    assert data.header == header == prepared.verify(tmp_path / "toy")
    assert data.header.counts == COUNTS
    assert data.header.exclusive == (("a", "b"),)
    assert data.header.notes == {"licence": "none", "converted": 3}
    for split in SPLITS:
        found = data.split(split)
        assert np.array_equal(found.images, images(split))
        assert np.array_equal(found.labels, labels(split))
        assert len(found) == COUNTS[split]
    assert data.split("train").counterfactuals is None
    test = data.split("test")
    assert test.counterfactuals is not None
    assert test.counterfactual_labels is not None
    assert np.array_equal(test.counterfactuals[:, 0], 255 - images("test"))
    assert np.array_equal(test.counterfactual_labels[:, 0], 1 - labels("test"))


def test_images_are_mapped_not_loaded(tmp_path: Path) -> None:
    writing.write(tmp_path / "toy", "toy", SIDE, source(), {})
    found = prepared.read(tmp_path / "toy").split("train").images
    assert isinstance(found.base, np.memmap)
    assert not found.flags.writeable


def test_the_bytes_depend_on_the_content_alone(tmp_path: Path) -> None:
    first = writing.write(tmp_path / "one" / "toy", "toy", SIDE, source(5, True), {"seed": 3})
    second = writing.write(tmp_path / "two" / "toy", "toy", SIDE, source(3, True), {"seed": 3})
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert first.sha256 == second.sha256


@pytest.mark.parametrize("part", ["images", "labels", "counterfactuals", "counterfactual_labels"])
def test_the_hash_covers_every_array(tmp_path: Path, part: str) -> None:
    def altered() -> Iterator[Chunk]:
        for chunk in pieces("test", 20, True):
            getattr(chunk, part).flat[-1] ^= 1
            yield chunk

    before = writing.write(tmp_path / "toy", "toy", SIDE, source(exact=True), {})
    after = writing.write(tmp_path / "toy", "toy", SIDE, source(exact=True, replaced={"test": altered}), {})
    assert before.sha256 != after.sha256


def test_memory_is_bounded_by_the_chunk(tmp_path: Path) -> None:
    def many() -> Iterator[Chunk]:
        for value in range(64):
            yield Chunk(np.full((64, 64, 64, 3), value, np.uint8), np.zeros((64, 4), np.uint8))

    large = source(replaced=dict.fromkeys(SPLITS, many))
    tracemalloc.start()
    header = writing.write(tmp_path / "toy", "toy", 64, large, {})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert header.counts["train"] == 64 * 64
    assert peak < 4 * 64 * 64 * 64 * 3


def test_writing_again_replaces(tmp_path: Path) -> None:
    writing.write(tmp_path / "toy", "toy", SIDE, source(), {"seed": 0})
    (tmp_path / "toy.partial").mkdir()
    (tmp_path / "toy.partial" / "left over").touch()
    writing.write(tmp_path / "toy", "toy", SIDE, source(exact=True), {"seed": 1})
    assert prepared.read(tmp_path / "toy").header.provenance == {"seed": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["toy"]


def test_what_is_no_data_set_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "photographs.zip").write_bytes(b"a week of downloading")
    before = tree(tmp_path)
    with pytest.raises(DataError, match="raw holds something that is no prepared data set"):
        writing.write(tmp_path / "raw", "raw", SIDE, source(), {})
    assert tree(tmp_path) == before


def broken() -> Iterator[Chunk]:
    yield from pieces("test", 5, False)
    raise DataError("page 7 is torn")


def test_a_failing_source_leaves_the_old_data_alone(tmp_path: Path) -> None:
    writing.write(tmp_path / "toy", "toy", SIDE, source(), {})
    before = tree(tmp_path)
    with pytest.raises(DataError, match="page 7 is torn"):
        writing.write(tmp_path / "toy", "toy", SIDE, source(replaced={"test": broken}), {})
    assert tree(tmp_path) == before


def test_a_kill_between_the_renames_loses_nothing(tmp_path: Path) -> None:
    writing.write(tmp_path / "toy", "toy", SIDE, source(), {})
    before = tree(tmp_path / "toy")
    (tmp_path / "toy").rename(tmp_path / "toy.replaced")
    with pytest.raises(DataError, match="page 7 is torn"):
        writing.write(tmp_path / "toy", "toy", SIDE, source(replaced={"test": broken}), {})
    assert tree(tmp_path / "toy") == before


PROGRAM = """
import os, resource, signal, sys
from pathlib import Path
from tests.test_prepared import SIDE, pieces, source
from stages.storage import prepared
from stages.preparing import writing

def killed():
    yield from pieces("test", 5, False)
    os.kill(os.getpid(), signal.SIGKILL)

target = Path(sys.argv[2])
if sys.argv[1] == "kill":
    writing.write(target, "toy", SIDE, source(replaced={"test": killed}), {})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    writing.write(target, "toy", SIDE, source(), {})
except prepared.DataError as error:
    sys.exit(str(error))
"""


def run(how: str, target: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", PROGRAM, how, str(target)]
    return subprocess.run(command, env=environment, text=True, capture_output=True, check=False)


def test_killed_while_writing(tmp_path: Path) -> None:
    assert run("kill", tmp_path / "toy").returncode == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir()] == ["toy.partial"]
    writing.write(tmp_path / "toy", "toy", SIDE, source(), {})
    assert [path.name for path in tmp_path.iterdir()] == ["toy"]
    before = tree(tmp_path / "toy")
    assert run("kill", tmp_path / "toy").returncode == -signal.SIGKILL
    assert tree(tmp_path / "toy") == before


def test_no_room_to_write(tmp_path: Path) -> None:
    finished = run("limit", tmp_path / "toy")
    assert finished.returncode == 1
    assert "could not write" in finished.stderr
    assert "nothing half-written was left behind" in finished.stderr
    assert list(tmp_path.iterdir()) == []


def one(**changed: Any) -> Callable[[], Iterator[Chunk]]:  # noqa: ANN401 - any wrong field
    fields: dict[str, Any] = {
        "images": np.zeros((2, SIDE, SIDE, 3), np.uint8),
        "labels": np.zeros((2, 4), np.uint8),
        **changed,
    }
    return lambda: iter([Chunk(**fields)])


WRONG: dict[str, tuple[Splits, str]] = {
    "resolution": (
        {"test": one(images=np.zeros((2, 9, 9, 3), np.uint8))},
        r"test/images: expected uint8 \(2, 8, 8, 3\)",
    ),
    "floats": ({"test": one(images=np.zeros((2, SIDE, SIDE, 3)))}, "produced float64"),
    "columns": ({"test": one(labels=np.zeros((2, 5), np.uint8))}, r"test/labels: expected uint8 \(2, 4\)"),
    "fewer labels": ({"test": one(labels=np.zeros((1, 4), np.uint8))}, "test/labels"),
    "label 2": ({"test": one(labels=np.full((2, 4), 2, np.uint8))}, "labels are 0 or 1, the data set produced 2"),
    "empty": ({"validation": lambda: iter([])}, "split validation is empty"),
    "truth in train": (
        {
            "train": one(
                counterfactuals=np.zeros((2, 0, SIDE, SIDE, 3), np.uint8),
                counterfactual_labels=np.zeros((2, 0, 4), np.uint8),
            )
        },
        "train split must not carry them",
    ),
    "half a truth": ({"test": one(counterfactuals=np.zeros((2, 0, SIDE, SIDE, 3), np.uint8))}, "produced NoneType"),
}


@pytest.mark.parametrize(("splits", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_chunks_are_refused(tmp_path: Path, splits: Splits, message: str) -> None:
    with pytest.raises(DataError, match=message):
        writing.write(tmp_path / "toy", "toy", SIDE, source(replaced=splits), {})
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="splits train, validation, test"):
        writing.write(tmp_path / "toy", "toy", SIDE, source(replaced={"extra": broken}), {})


def voted(least: int) -> Splits:
    """Votes of every image, of the first of a split as many as asked for."""

    def read(split: str) -> Iterator[Chunk]:
        votes = np.full((COUNTS[split], 4), 1, np.uint8)
        votes[0] = least
        yield Chunk(images(split), labels(split), votes=votes)

    return {split: partial(read, split) for split in SPLITS}


def test_votes_are_kept_and_verified(tmp_path: Path) -> None:
    writing.write(tmp_path / "toy", "toy", SIDE, source(replaced=voted(least=7)), {})
    found = prepared.read(tmp_path / "toy").split("test").votes
    assert found is not None
    assert found[0].tolist() == [7] * 4
    prepared.verify(tmp_path / "toy")
    file = tmp_path / "toy" / "test" / "votes.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"\x05")
    with pytest.raises(DataError, match="does not match the header"):
        prepared.verify(tmp_path / "toy")


def test_an_image_without_a_vote_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="train/votes: every image needs a vote"):
        writing.write(tmp_path / "toy", "toy", SIDE, source(replaced=voted(least=0)), {})


LAW = Factors({"kind": ("one", "two", "three")}, {"kind": (0.5, 0.25, 0.25)}, ("size", "place"), ("kind",), ("kind",))


def drawn(codes: prepared.Bytes | None, of: str = "fresh") -> Source:
    """A source with factors, those of one split as asked for, and a split of fresh draws."""

    def read(split: str) -> Iterator[Chunk]:
        known = np.zeros((COUNTS["test"], 3), np.uint8) if split != of else codes
        yield Chunk(images("test"), labels("test"), factors=known)

    return replace(source(), splits={split: partial(read, split) for split in (*SPLITS, "fresh")}, factors=LAW)


def test_factors_and_fresh_draws_are_kept_and_verified(tmp_path: Path) -> None:
    codes = np.stack([np.arange(11) % 3, np.arange(11) * 20, np.arange(11)], axis=1).astype(np.uint8)
    header = writing.write(tmp_path / "toy", "toy", SIDE, drawn(codes), {})
    data = prepared.read(tmp_path / "toy")
    assert tuple(data.splits) == prepared.splits_of(header) == (*SPLITS, "fresh")
    assert factors.of(data.header) == LAW
    assert np.array_equal(np.asarray(data.split("fresh").factors), codes)
    prepared.verify(tmp_path / "toy")
    file = tmp_path / "toy" / "fresh" / "factors.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"\x63")
    with pytest.raises(DataError, match=r"fresh/factors.npy does not match the header"):
        prepared.verify(tmp_path / "toy")


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.full((11, 3), 3, np.uint8), "fresh/factors: a category has a value that it does not name"),
        (
            np.zeros((11, 2), np.uint8),
            r"fresh/factors: expected uint8 \(11, 3\), the data set produced uint8 \(11, 2\)",
        ),
        (None, r"fresh/factors: expected uint8 \(11, 3\), the data set produced NoneType"),
    ],
)
def test_wrong_factors_are_refused(tmp_path: Path, codes: prepared.Bytes | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        writing.write(tmp_path / "toy", "toy", SIDE, drawn(codes), {})


def test_traits_are_scaled_to_bytes_and_back() -> None:
    traits = np.array([0.0, 0.5, 0.999999])
    assert factors.encoded(traits).tolist() == [0, 128, 255]
    assert np.abs(factors.decoded(factors.encoded(traits)) - traits).max() <= 0.5 / 256


@pytest.mark.parametrize("kind", ["expressions", "classes", "images"])
def test_an_expression_or_class_is_set_once(tmp_path: Path, kind: Any) -> None:  # noqa: ANN401 - a literal
    faces = source()
    expressions = Source(faces.labels, kind, (), (), faces.splits, faces.notes)
    with pytest.raises(DataError, match="exactly one expression"):
        writing.write(tmp_path / "toy", "toy", SIDE, expressions, {})


def edit(path: Path, **fields: object) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **fields}))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "absent": (shutil.rmtree, "does not exist: prepare the data set with `python -m stages.acquire_data toy`"),
    "no JSON": (lambda toy: (toy / "header.json").write_text("{"), "is not JSON"),
    "a list": (lambda toy: (toy / "header.json").write_text("[]"), "format version None"),
    "other version": (lambda toy: edit(toy / "header.json", version=2), "format version 2, this code reads version 1"),
    "edited": (lambda toy: edit(toy / "header.json", name="other"), "was edited"),
    "more fields": (lambda toy: edit(toy / "header.json", colour="red"), r"wrong fields \['colour'\]"),
    "no array": (lambda toy: (toy / "test" / "images.npy").unlink(), "test/images.npy is missing"),
    "empty array": (lambda toy: (toy / "test" / "images.npy").write_bytes(b""), "test/images.npy is damaged"),
    "short array": (lambda toy: os.truncate(toy / "test" / "images.npy", 500), "test/images.npy is damaged"),
    "other shape": (
        lambda toy: np.save(toy / "test" / "labels.npy", np.zeros((11, 5), np.uint8)),
        r"holds uint8 \(11, 5\), the header promises uint8 \(11, 4\)",
    ),
    "other type": (lambda toy: np.save(toy / "test" / "labels.npy", np.zeros((11, 4))), "holds float64"),
}


@pytest.mark.parametrize(("harm", "message"), DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_noticed_when_reading(tmp_path: Path, harm: Callable[[Path], object], message: str) -> None:
    writing.write(tmp_path / "toy", "toy", SIDE, source(), {})
    harm(tmp_path / "toy")
    with pytest.raises(DataError, match=message):
        prepared.read(tmp_path / "toy")


def test_a_flipped_bit_is_noticed_when_verifying(tmp_path: Path) -> None:
    writing.write(tmp_path / "toy", "toy", SIDE, source(), {})
    path = tmp_path / "toy" / "test" / "images.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    prepared.read(tmp_path / "toy")
    with pytest.raises(DataError, match=r"test/images.npy does not match the header's SHA-256"):
        prepared.verify(tmp_path / "toy")


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> prepared.Split:
    directory = tmp_path_factory.mktemp("data") / "toy"
    writing.write(directory, "toy", SIDE, source(), {})
    return prepared.read(directory).split("train")


def test_a_batch_follows_from_seed_and_step(train: prepared.Split) -> None:
    first = prepared.batch(train, 16, 4, 7, True)
    prepared.batch(train, 16, 4, 8, True)
    torch.manual_seed(1)
    again = prepared.batch(train, 16, 4, 7, True)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    for seed, step in ((4, 8), (5, 7), (7, 4)):
        assert not torch.equal(first[0], prepared.batch(train, 16, seed, step, True)[0])


def test_a_batch_holds_pairs_of_image_and_label(train: prepared.Split) -> None:
    originals = {image.tobytes(): number for number, image in enumerate(train.images)}
    mirrors = {image[:, ::-1].tobytes(): number for number, image in enumerate(train.images)}
    mirrored = 0
    for step in range(8):
        pixels, rows = prepared.batch(train, 16, 0, step, True)
        assert pixels.dtype == rows.dtype == torch.float32
        assert pixels.shape == (16, 3, SIDE, SIDE)
        assert pixels.is_contiguous()
        for image, label in zip(prepared.to_uint8(pixels), rows.numpy(), strict=True):
            key = image.tobytes()
            mirrored += key in mirrors
            number = mirrors[key] if key in mirrors else originals[key]
            assert np.array_equal(label, train.labels[number])
    assert 32 < mirrored < 96


def test_without_flip_no_image_is_mirrored(train: prepared.Split) -> None:
    originals = {image.tobytes() for image in train.images}
    pixels, _ = prepared.batch(train, 50, 0, 0, False)
    assert {image.tobytes() for image in prepared.to_uint8(pixels)} == originals


def test_a_batch_may_exceed_the_split(train: prepared.Split) -> None:
    assert prepared.batch(train, 120, 0, 0, True)[0].shape[0] == 120


def test_drawing_does_not_touch_the_file(train: prepared.Split) -> None:
    for step in range(20):
        prepared.batch(train, 50, 0, step, True)[0].zero_()
    assert np.array_equal(train.images, images("train"))


def test_tensors_and_bytes_convert_exactly() -> None:
    pixels = np.arange(256 * 3, dtype=np.int64).astype(np.uint8).reshape(1, 16, 16, 3)
    tensor = prepared.to_tensor(pixels)
    assert (tensor.min().item(), tensor.max().item()) == (-1, 1)
    assert tensor[0, 2, 0, 1].item() == pytest.approx(pixels[0, 0, 1, 2] / 127.5 - 1)
    assert np.array_equal(prepared.to_uint8(tensor), pixels)
    assert prepared.to_uint8(tensor * 3).max() == 255


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(ValueError, match="expected uint8 images NHWC, found float64"):
        prepared.to_tensor(np.zeros((1, 4, 4, 3)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected float images NCHW"):
        prepared.to_uint8(torch.zeros(3, 4, 4))
    with pytest.raises(ValueError, match="not finite"):
        prepared.to_uint8(torch.full((1, 3, 4, 4), float("nan")))
